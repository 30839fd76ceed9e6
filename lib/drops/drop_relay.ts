/**
 * Requests for drops to a relay, and its answers, of which nothing is used that is too long or of
 * another form. See RELAY_SERVER_SPEC.md, section 17.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import {
  type ClientRequest,
  HttpClient,
  type HttpClientOptions,
  type HttpReply,
  SilentError,
  UNKNOWN_STATUSES,
} from "../transports/relay/http/client.ts";
import { OpeningError } from "../transports/relay/websocket/steps.ts";
import { pause } from "../waiting.ts";
import {
  type DropAnswer,
  type DropLimits,
  readLimits,
  readRefusal,
  readState,
} from "./answers.ts";
import { PART_BYTES } from "./layout.ts";
import { DropRefused, dropRefused } from "./refusals.ts";

/** Longest answer in JSON, in bytes. */
const MAX_JSON_BYTES = 4 * 1024;

/** Pauses before a request is repeated, in milliseconds: after a cut, and after too many requests. */
const CUT_PAUSES_MS = [250, 500, 1_000, 2_000, 4_000];
const BUSY_PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000];

/** Tokens of a receiver, in hex: that of the drop, and the number of this taking. */
export interface Taker {
  take: string;
  taking: string;
}

/** Tokens and size of a drop that is to be made; all but `bytes` and `ttlS` in hex. */
export interface NewDrop {
  delete: string;
  take: string;
  bytes: number;
  ttlS: number;
}

/** Options of {@linkcode DropRelay}. */
export interface DropRelayOptions extends HttpClientOptions {
  /** Called before a request is repeated. */
  onRetry?: () => void;
  /** Pauses before a request is repeated, in milliseconds; none for a single attempt. */
  pausesMs?: number[];
}

/** Asks a relay for drops; refuses answers of another form. */
export class DropRelay implements Disposable {
  readonly #client: HttpClient;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;

  constructor(
    /** `wss://…`, or `ws://…`. */
    readonly url: string,
    private readonly options: DropRelayOptions,
  ) {
    this.#signal = AbortSignal.any([options.signal, this.#ending.signal]);
    this.#client = new HttpClient(url, { ...options, signal: this.#signal });
  }

  /** @throws {SpreadError} `DROPS_OFF` when it keeps none; as {@linkcode look}. */
  async limits(): Promise<DropLimits> {
    const reply = await this.#ask({
      method: "GET",
      path: "/drops",
      maxBytes: MAX_JSON_BYTES,
    });
    return readLimits(reply.body, this.url);
  }

  /**
   * Leaves a part.
   *
   * @param sender All of a new drop with part 0, which makes it; the token alone with others.
   * @throws As {@linkcode look}.
   */
  async put(
    id: string,
    part: number,
    body: Bytes,
    sender: { delete: string } | NewDrop,
  ): Promise<DropAnswer> {
    const headers: Record<string, string> = { "Drop-Delete": sender.delete };
    if ("take" in sender) {
      headers["Drop-Take"] = sender.take;
      headers["Drop-Bytes"] = `${sender.bytes}`;
      headers["Drop-Ttl"] = `${sender.ttlS}`;
    }
    return await this.#askState({
      method: "PUT",
      path: `/drops/${id}/${part}`,
      headers,
      body,
    });
  }

  /**
   * The state of a drop, for its sender or its receiver.
   *
   * @throws {DropRefused} A refusal; put into words by {@linkcode inWords}.
   * @throws {SpreadError} `RELAY_UNREACHABLE`, `BAD_MESSAGE`; the signal's reason.
   */
  async look(
    id: string,
    token: { delete: string } | { take: string },
  ): Promise<DropAnswer> {
    const headers: Record<string, string> = "delete" in token
      ? { "Drop-Delete": token.delete }
      : { "Drop-Take": token.take };
    return await this.#askState({
      method: "GET",
      path: `/drops/${id}`,
      headers,
    });
  }

  /** A part, sealed. @throws As {@linkcode look}. */
  async get(id: string, part: number, taker: Taker): Promise<Bytes> {
    const { body } = await this.#ask({
      method: "GET",
      path: `/drops/${id}/${part}`,
      headers: headersOf(taker),
      maxBytes: PART_BYTES,
    });
    return body;
  }

  /** Sends the receipt, after which the relay deletes the drop. @throws As {@linkcode look}. */
  async acknowledge(id: string, taker: Taker): Promise<void> {
    await this.#askState({
      method: "DELETE",
      path: `/drops/${id}`,
      headers: headersOf(taker),
    });
  }

  /**
   * Takes a drop back; `taken`: its receiver was faster. @throws As {@linkcode look}.
   */
  async takeBack(id: string, token: string): Promise<DropAnswer> {
    return await this.#askState({
      method: "DELETE",
      path: `/drops/${id}`,
      headers: { "Drop-Delete": token },
    });
  }

  /** A refusal in words for people; anything else as it is. */
  inWords(error: unknown): unknown {
    return error instanceof DropRefused ? dropRefused(this.url, error) : error;
  }

  /** Ends a request that is under way, too. */
  [Symbol.dispose](): void {
    this.#ending.abort(new SpreadError("INTERRUPTED", "Not needed any more"));
    this.#client[Symbol.dispose]();
  }

  async #askState(
    request: Omit<ClientRequest, "maxBytes">,
  ): Promise<DropAnswer> {
    const reply = await this.#ask({ ...request, maxBytes: MAX_JSON_BYTES });
    return readState(reply.body, this.url);
  }

  /** Sends a request, again if that may help. */
  async #ask(request: ClientRequest): Promise<HttpReply> {
    const { onRetry, pausesMs } = this.options;
    for (let attempt = 0;; attempt++) {
      try {
        return await this.#askOnce(request);
      } catch (error) {
        const pauseMs = (pausesMs ?? pausesAfter(error))[attempt];
        if (pauseMs === undefined || !mayPass(error)) {
          throw await this.#explain(error);
        }
        onRetry?.();
        await pause(pauseMs, this.#signal);
        this.#signal.throwIfAborted();
      }
    }
  }

  async #askOnce(request: ClientRequest): Promise<HttpReply> {
    const reply = await this.#client.ask(request);
    if (reply.status >= 200 && reply.status < 300) return reply;
    const refusal = readRefusal(reply.body);
    if (refusal !== null) throw refusal;
    if (UNKNOWN_STATUSES.includes(reply.status)) {
      throw new DropRefused("drops_off");
    }
    throw new OpeningError({
      step: "answer",
      answer: {
        status: reply.status,
        location: reply.headers.get("location") ?? null,
        body: new TextDecoder().decode(reply.body.subarray(0, 256)),
      },
    });
  }

  async #explain(error: unknown): Promise<unknown> {
    // The caller's time is over.
    const isLate = error instanceof DOMException &&
      error.name === "TimeoutError";
    if (isLate || error instanceof SilentError) {
      const { relaySilent } = await import("../transports/relay/errors.ts");
      return relaySilent(this.url);
    }
    if (!(error instanceof OpeningError)) return error;
    const { relayFailure } = await import("../transports/relay/failure.ts");
    return relayFailure(this.url, error);
  }
}

function headersOf({ take, taking }: Taker): Record<string, string> {
  return { "Drop-Take": take, "Drop-Taking": taking };
}

/** Statuses of servers in front of a relay that is starting, or busy. */
const PASSING = [408, 500, 502, 503, 504];

/** Whether the same request may succeed a little later. */
function mayPass(error: unknown): boolean {
  if (error instanceof SilentError) return true;
  if (error instanceof OpeningError) {
    const { failed } = error;
    return failed.step === "answer"
      ? PASSING.includes(failed.answer.status)
      : failed.step === "connection" || failed.step === "end";
  }
  return DropRefused.is(
    error,
    "changed",
    "body_late",
    "store_failed",
    "shutting_down",
    "too_many_requests",
  );
}

function pausesAfter(error: unknown): number[] {
  return DropRefused.is(error, "too_many_requests")
    ? BUSY_PAUSES_MS
    : CUT_PAUSES_MS;
}
