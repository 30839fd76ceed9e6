/**
 * Commands that continue in a process of their own, without a terminal, once they are ready.
 *
 * @module
 */

import * as v from "valibot";
import {
  EXIT_CODES,
  SpreadError,
  type SpreadErrorCode,
} from "../../../lib/errors.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** Path of the launcher for sh; on Windows it follows a slash, and cmd has its own beside it. */
const BIN = decodeURIComponent(
  new URL("../../../bin/claude-spread", import.meta.url).pathname,
);

/**
 * Program that starts the share: the compiled program itself, or else the launcher rather than
 * Deno, because it grants only the permissions that a share needs.
 */
const LAUNCHER = Deno.build.standalone
  ? Deno.execPath()
  : Deno.build.os === "windows"
  ? `${BIN.slice(1)}.cmd`
  : BIN;

/** An event of the started command: one line of JSON. */
export type ChildEvent = Record<string, unknown>;

const FailedSchema = v.looseObject({
  event: v.literal("failed"),
  error: v.string(),
  message: v.string(),
  hint: v.string(),
});

/** Callbacks that feed the started command and hear it. */
export interface Detaching {
  /** Writes its standard input, and closes that. */
  feed: (stdin: WritableStream<Uint8Array>) => Promise<void>;
  /** Shows the command's warnings before it is ready. */
  terminal: Pick<Terminal, "warn">;
  /** Called with the command's other events before the one that tells that it is ready. */
  hear?: (event: ChildEvent) => Promise<void>;
  /** Called with the event `ready`; then the command continues alone. */
  isReady: (event: ChildEvent) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Starts a command of ours in its own process and waits until it is ready. If anything fails before
 * that, the process is ended: nobody has been told of it.
 *
 * @param args Arguments of `claude-spread`; other users of the machine can see them.
 * @throws {SpreadError} Any error that kept it from being ready; the signal's reason.
 */
export async function startDetached(
  args: string[],
  { feed, terminal, hear, isReady, signal }: Detaching,
): Promise<void> {
  signal.throwIfAborted();
  const child = new Deno.Command(LAUNCHER, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    detached: true,
  }).spawn();
  const onAbort = () => end(child);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const feeding = feed(child.stdin);
    feeding.catch(() => {});
    await isReady(await waitForReady(child.stdout, terminal, hear));
    await feeding;
    child.unref();
  } catch (error) {
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
    // The process has already ended.
  }
}

/** Reads the child's events until it is ready, and throws if it reports a failure. */
async function waitForReady(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
  terminal: Detaching["terminal"],
  hear: Detaching["hear"],
): Promise<ChildEvent> {
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
      if (event.event === "warning") terminal.warn(event.message);
      else await hear?.(event);
    }
  }
  throw new Error("The command ended without a word");
}

function failureOf(
  { event: _, error, message, hint, ...fields }: v.InferOutput<
    typeof FailedSchema
  >,
): Error {
  return Object.hasOwn(EXIT_CODES, error)
    ? new SpreadError(error as SpreadErrorCode, message, hint, { fields })
    : new Error(message);
}
