/**
 * Shares that go on by themselves: the command returns once receivers may come, and leaves a
 * process without a terminal behind, which ends by itself or by `stop`.
 *
 * @module
 */

import * as v from "valibot";
import {
  EXIT_CODES,
  SpreadError,
  type SpreadErrorCode,
} from "../../lib/errors.ts";
import { childInputLine } from "./child_input.ts";
import { resolvePassphrase } from "../cli/flags.ts";
import type { ServeOptions } from "./options.ts";
import { LEGACY_SHARE_WARNING, type Readiness, sayReady } from "./ready.ts";
import type { Terminal } from "../cli/terminal.ts";
import { readTextInput } from "../cli/surroundings.ts";

/**
 * What starts the share: a compiled program itself; otherwise not Deno but the launcher, which
 * passes on no more permissions than a share needs.
 */
const LAUNCHER = Deno.build.standalone ? Deno.execPath() : decodeURIComponent(
  new URL("../../bin/claude-spread", import.meta.url).pathname,
);

const FailedSchema = v.object({
  event: v.literal("failed"),
  error: v.string(),
  message: v.string(),
  hint: v.string(),
});

/**
 * Starts the share in a process of its own and waits until receivers may come.
 *
 * @throws {SpreadError} Whatever kept the share from opening; the signal's reason.
 */
export async function detach(
  options: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const passphrase = await resolvePassphrase(
    options.passphrase,
    (path) => readTextInput(path, signal),
  );
  const child = new Deno.Command(LAUNCHER, {
    args: ["serve", ...childArgs(options)],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    detached: true,
  }).spawn();
  const onAbort = () => end(child);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const feeding = feed(child.stdin, passphrase, readsInput(options));
    feeding.catch(() => {});
    const ready = await waitForReady(child.stdout);
    if (options.legacy) terminal.warn(LEGACY_SHARE_WARNING);
    sayReady(terminal, ready);
    await feeding;
    child.unref();
  } catch (error) {
    // Nobody has been told of it: it shall not go on.
    end(child);
    await child.status;
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended by itself.
  }
}

/** Whether what is shared comes from standard input. */
function readsInput({ file, kind }: ServeOptions): boolean {
  return file === "-" && kind !== "session";
}

/** What the child is told; the passphrase goes another way. */
function childArgs(options: ServeOptions): string[] {
  const flags: [string, boolean][] = [
    ["--once", options.once],
    ["--legacy", options.legacy],
    ["--anonymous", options.anonymous],
    ["--remove-file", options.removeFile],
    ["--insecure-relay", options.relay !== undefined],
    ["--all", options.everyProject],
  ];
  const values: [string, string | undefined][] = [
    ["--kind", options.kind],
    ["--session", options.sessions?.toString()],
    // The default of --once: both at once are refused.
    ["--keep-open", options.once ? undefined : String(options.keepOpenMin)],
    ["--port", options.port === 0 ? undefined : String(options.port)],
    ["--interface", options.interface],
    ["--project", options.project],
    ["--relay", options.relay],
  ];
  return [
    "--json",
    "--child",
    ...flags.filter(([, isSet]) => isSet).map(([flag]) => flag),
    ...values.flatMap(([flag, value]) =>
      value === undefined ? [] : [`${flag}=${value}`]
    ),
    ...options.kind === "session" ? [] : ["--", options.file],
  ];
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  passphrase: string | null,
  hasPayload: boolean,
): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(childInputLine(passphrase));
  writer.releaseLock();
  if (hasPayload) await Deno.stdin.readable.pipeTo(stdin);
  else await stdin.close();
}

/** Reads the child's events until it is ready, or says why it cannot be. */
async function waitForReady(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Readiness> {
  let text = "";
  for await (const piece of stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === "ready") return event;
      const failed = v.safeParse(FailedSchema, event);
      if (failed.success) throw failureOf(failed.output);
    }
  }
  throw new Error("The share ended without a word");
}

function failureOf(
  { error, message, hint }: v.InferOutput<typeof FailedSchema>,
): Error {
  return Object.hasOwn(EXIT_CODES, error)
    ? new SpreadError(error as SpreadErrorCode, message, hint)
    : new Error(message);
}
