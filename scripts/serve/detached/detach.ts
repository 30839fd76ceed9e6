/**
 * Detached shares: the command returns once receivers may come. The share continues in a process
 * without a terminal, which ends by itself or through `stop`.
 *
 * @module
 */

import { childInputLine } from "./child_input.ts";
import { resolvePassphrase } from "../../cli/passphrase.ts";
import type { Left } from "../leave/say_left.ts";
import type { ServeOptions } from "../options.ts";
import { sayHowToType } from "../prepare.ts";
import { type Readiness, sayReady } from "../ready.ts";
import { startDetached } from "./start_detached.ts";
import type { Terminal } from "../../cli/terminal.ts";
import { readTextInput } from "../../cli/surroundings.ts";

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
    readFile: (path, maxBytes) => readTextInput(path, maxBytes, signal),
    signal,
    say: (text) => terminal.say(text),
    isNew: true,
  });
  const hasPayload = readsInput(options);
  if (hasPayload) sayHowToType(terminal);
  await startDetached(["serve", ...childArgs(options, flags)], {
    feed: (stdin) => feed(stdin, passphrase, hasPayload),
    terminal,
    hear: async (event) => {
      if (event.event !== "left") return;
      const { sayLeft } = await import("../leave/say_left.ts");
      await sayLeft(terminal, event as unknown as Left, options);
    },
    isReady: (event) =>
      sayReady(terminal, event as unknown as Readiness, options),
    signal,
  });
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
