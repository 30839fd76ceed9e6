/**
 * Asks a relay what it has under topics. See RELAY_SERVER_SPEC.md, section 18.
 *
 * @module
 */

import * as v from "valibot";
import { SpreadError } from "../../errors.ts";
import {
  decodeFound,
  encodeTopics,
  MAX_ANSWER_BYTES,
  type TopicMatch,
  TOPICS_PATH,
} from "../../relay_topics.ts";
import { relayAnswered } from "./answer.ts";
import { nameRelay, relayRefused, relaySilent } from "./errors.ts";
import { relayFailure } from "./failure.ts";
import {
  HttpClient,
  type HttpReply,
  SilentError,
  UNKNOWN_STATUSES,
} from "./http/client.ts";
import type { RelayPlace } from "./socket.ts";

/** Longest that a relay may take for its answer, in milliseconds. */
const ANSWER_MS = 10_000;

/** A refusal of a relay that knows topics. */
const RefusalSchema = v.object({
  error: v.pipe(v.string(), v.regex(/^[a-z_]{1,64}$/)),
});

/**
 * Asks for rooms and drops.
 *
 * @param topics 1 to 1024, each 32 hex digits.
 * @param answerMs Longest that the relay may take; tests shorten it.
 * @returns Only what was asked for; `null` when the relay does not know topics.
 * @throws {SpreadError} `RELAY_UNREACHABLE`, `RELAY_BUSY`, `PEER_GONE` when the relay is ending; the
 *   signal's reason.
 */
export async function askTopics(
  { url, proxy }: RelayPlace,
  topics: readonly string[],
  signal: AbortSignal,
  answerMs = ANSWER_MS,
): Promise<TopicMatch[] | null> {
  const times = { silentMs: answerMs, requestMs: answerMs };
  using client = new HttpClient(url, {
    proxy: proxy ?? null,
    signal,
    ...times,
  });
  let reply: HttpReply;
  try {
    reply = await client.ask({
      method: "POST",
      path: TOPICS_PATH,
      headers: { "Content-Type": "application/octet-stream" },
      body: encodeTopics(topics),
      maxBytes: MAX_ANSWER_BYTES,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof SilentError
      ? relaySilent(url)
      : relayFailure(url, error);
  }
  const text = new TextDecoder().decode(reply.body);
  const { status, headers } = reply;
  if (status !== 200) {
    const refusal = readRefusal(text);
    if (refusal !== null) throw refused(url, refusal);
    if (UNKNOWN_STATUSES.includes(status)) return null;
    const location = headers.get("location") ?? null;
    throw relayAnswered(url, { status, location, body: text });
  }
  const asked = new Set(topics);
  return decodeFound(text)?.filter(({ topic }) => asked.has(topic)) ?? null;
}

/** The code of a refusal; `null` for an answer without one. */
function readRefusal(text: string): string | null {
  try {
    const result = v.safeParse(RefusalSchema, JSON.parse(text));
    return result.success ? result.output.error : null;
  } catch {
    return null;
  }
}

function refused(url: string, code: string): SpreadError {
  if (code === "shutting_down") return relayRefused(code);
  return new SpreadError(
    "RELAY_BUSY",
    `The relay ${nameRelay(url)} does not say what waits there (${code})`,
    "Wait a minute and try again",
  );
}
