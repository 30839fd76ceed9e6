/**
 * Packs a session of this machine into a file, which `serve` shares and `sessions install`
 * installs. Our own passphrases are taken out, as in a share.
 *
 * @module
 */

import { Writable } from "node:stream";
import { SpreadError, usage } from "../../lib/errors.ts";
import {
  checkPlace,
  placeFile,
  temporaryBeside,
} from "../../lib/files/place_file.ts";
import { findSessions } from "../../lib/session/local/find.ts";
import type { LocalSession } from "../../lib/session/local/list.ts";
import {
  canCompress,
  packSession,
  streamSession,
} from "../../lib/session/pack/pack.ts";
import type { SessionTally } from "../../lib/session/tally.ts";
import { claudeSurroundings } from "../cli/claude.ts";
import { openOptions, parseSessionChoice } from "../cli/session_options.ts";
import { sayTally } from "../cli/session_report.ts";
import { formatBytes, formatCount, formatPath } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { SessionsAction } from "./options.ts";

/**
 * Exports one session; writes the file whole or not at all, and never over another one.
 *
 * @throws {SpreadError} `USAGE`, `PAYLOAD_EMPTY`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`,
 * `CANNOT_STORE`; the signal's reason.
 */
export async function exportSession(
  { id, file, project }: Extract<SessionsAction, { action: "export" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (file === "-" && Deno.stdout.isTerminal()) throw notForTerminal();
  if (file !== "-") checkPlace(file);
  const surroundings = claudeSurroundings(project);
  const [session] = await findSessions(surroundings, [theId(id)], {
    openOptions: openOptions(),
    signal,
  });
  const tally = file === "-"
    ? await print(session!, terminal, signal)
    : await write(session!, file, signal);
  await report(session!, file, tally, terminal);
}

/** Reads an id, or `this` for the session that the command runs in. */
function theId(text: string): string {
  const running = Deno.env.get("CLAUDE_CODE_SESSION_ID");
  const ids = parseSessionChoice(text, running);
  if (ids !== "all" && ids.length === 1) return ids[0]!;
  throw usage(
    "One file holds one session",
    "Export each session to its own file, or offer several at once with serve --session",
  );
}

function encoding(): "zstd" | "identity" {
  return canCompress() ? "zstd" : "identity";
}

async function write(
  session: LocalSession,
  file: string,
  signal: AbortSignal,
): Promise<SessionTally> {
  const output = temporaryBeside(file);
  const tally = await packSession(session, {
    openOptions: openOptions(),
    output,
    encoding: encoding(),
    signal,
  });
  try {
    await placeFile(output, file);
  } catch (error) {
    await Deno.remove(output);
    throw error;
  }
  return tally;
}

async function print(
  session: LocalSession,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<SessionTally> {
  try {
    const sink = Writable.fromWeb(terminal.output);
    const options = {
      openOptions: openOptions(),
      encoding: encoding(),
      signal,
    };
    return await streamSession(session, sink, options);
  } catch (cause) {
    if (cause instanceof SpreadError || signal.aborted) throw cause;
    throw new SpreadError(
      "CANNOT_STORE",
      "Cannot write to standard output",
      "Try again; the program that reads the output has ended",
      { cause },
    );
  }
}

async function report(
  { id, title }: LocalSession,
  file: string,
  tally: SessionTally,
  terminal: Terminal,
): Promise<void> {
  const messages = formatCount(tally.messages, "message");
  if (file === "-") {
    terminal.say(`exported "${title}": ${messages}`);
    sayEarlier(tally, terminal);
    return sayTally(tally, terminal);
  }
  const { size } = await Deno.stat(file);
  terminal.say(
    `exported "${title}": ${messages}, ${formatBytes(size)} in "${file}"`,
  );
  sayEarlier(tally, terminal);
  sayTally(tally, terminal);
  terminal.say("to hand it over, or to install it here, type");
  const path = formatPath(file);
  terminal.show(
    `\n    claude-spread serve ${path}\nor\n    claude-spread sessions install ${path}\n`,
  );
  terminal.event("exported", {
    id,
    title,
    path: file,
    bytes: size,
    messages: tally.messages,
    ...tally.earlier > 0 && { earlier_messages: tally.earlier },
    changed: tally.changed,
    left_out: tally.leftOut,
  });
}

function sayEarlier({ earlier }: SessionTally, terminal: Terminal): void {
  if (earlier === 0) return;
  const messages = formatCount(earlier, "message");
  terminal.say(`${messages} before the compaction: in a file of their own`);
}

function notForTerminal(): SpreadError {
  return usage(
    "A packed session is not text for a terminal",
    "Name a file instead of -, or send standard output to one",
  );
}
