/**
 * Detached shares: the command returns once receivers may come. The share continues in a process
 * without a terminal, which ends by itself or through `stop`.
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
import { resolvePassphrase } from "../cli/passphrase.ts";
import type { Left } from "./leave/say_left.ts";
import type { ServeOptions } from "./options.ts";
import { LEGACY_SHARE_WARNING, type Readiness, sayReady } from "./ready.ts";
import type { Terminal } from "../cli/terminal.ts";
import { readTextInput } from "../cli/surroundings.ts";

/** Path of the launcher for sh; on Windows it follows a slash, and cmd has its own beside it. */
const BIN = decodeURIComponent(
  new URL("../../bin/claude-spread", import.meta.url).pathname,
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

const FailedSchema = v.looseObject({
  event: v.literal("failed"),
  error: v.string(),
  message: v.string(),
  hint: v.string(),
});

/**
 * Starts the share in its own process and waits until receivers may come.
 *
 * @param flags Arguments of this command that the share needs.
 * @throws {SpreadError} Any error that kept the share from opening; the signal's reason.
 */
export async function detach(
  options: ServeOptions,
  flags: string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const passphrase = await resolvePassphrase(options.passphrase, {
    readFile: (path) => readTextInput(path, signal),
    signal,
    say: (text) => terminal.say(text),
    isNew: true,
  });
  const child = new Deno.Command(LAUNCHER, {
    args: ["serve", ...childArgs(options, flags)],
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
    const ready = await waitForReady(child.stdout, async (left) => {
      const { sayLeft } = await import("./leave/say_left.ts");
      await sayLeft(terminal, left, options);
    });
    if (options.legacy) terminal.warn(LEGACY_SHARE_WARNING);
    await sayReady(terminal, ready, options);
    await feeding;
    child.unref();
  } catch (error) {
    // Nobody has been told of the share, so it must not continue.
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

/** Whether the payload comes from standard input. */
function readsInput({ file, sessions }: ServeOptions): boolean {
  return file === "-" && sessions === undefined;
}

/**
 * Arguments of the child; the passphrase goes through standard input.
 *
 * @param flags Arguments of this command that the share needs.
 */
function childArgs(options: ServeOptions, flags: string[]): string[] {
  const file = options.sessions === undefined ? ["--", options.file] : [];
  return ["--json", "--child", ...flags, ...file];
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

/**
 * Reads the child's events until it is ready, and throws if it reports a failure.
 *
 * @param onLeft Called when it has left a drop.
 */
async function waitForReady(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLeft: (left: Left) => Promise<void>,
): Promise<Readiness> {
  let text = "";
  for await (const piece of stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === "ready") return event;
      if (event.event === "left") await onLeft(event);
      const failed = v.safeParse(FailedSchema, event);
      if (failed.success) throw failureOf(failed.output);
    }
  }
  throw new Error("The share ended without a word");
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
