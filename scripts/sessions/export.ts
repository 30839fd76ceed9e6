/**
 * Packs a session of this machine into a file, which `serve` shares and `sessions install`
 * installs. Secrets and our own passphrases are taken out, as in a share.
 *
 * @module
 */

import { Writable } from "node:stream";
import { SpreadError, usage } from "../../lib/errors.ts";
import {
  checkPlace,
  placeFile,
  temporaryBeside,
} from "../../lib/files/payload/place_file.ts";
import type { SecretPlace } from "../../lib/secrets/places.ts";
import { findSessions } from "../../lib/session/local/find.ts";
import type { LocalSession } from "../../lib/session/local/list.ts";
import {
  canCompress,
  type PackOptions,
  packSession,
  previewSession,
  streamSession,
} from "../../lib/session/pack/pack.ts";
import type { SessionTally } from "../../lib/session/tally.ts";
import { claudeSurroundings } from "../cli/claude.ts";
import { sayReport, showPlaces, tellingPart } from "../cli/secrets/report.ts";
import { SessionSecrets } from "../cli/secrets/sessions.ts";
import { parseSessionChoice } from "../cli/sessions/options.ts";
import { sayTally } from "../cli/sessions/report.ts";
import { formatBytes, formatCount, formatPath } from "../cli/screen/format.ts";
import { cannotPrint, type Terminal } from "../cli/terminal.ts";
import type { ExportAction } from "./options.ts";

/**
 * Exports one session; writes the file whole or not at all, and never over another one. With
 * `--preview` it shows the secrets, and writes nothing.
 *
 * @throws {SpreadError} `USAGE`, `PAYLOAD_EMPTY`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`,
 * `PAYLOAD_CHANGED`, `CANNOT_STORE`; the signal's reason.
 */
export async function exportSession(
  asked: ExportAction,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { id, file, project, preview } = asked;
  const isPrinted = file === "-" && !preview;
  if (isPrinted && Deno.stdout.isTerminal()) throw notForTerminal();
  if (file !== "-" && !preview) checkPlace(file);
  const secrets = new SessionSecrets(asked);
  const { redaction } = secrets;
  const [session] = await findSessions(
    claudeSurroundings(project),
    [theId(id)],
    { ...redaction, ...preview && { secrets: null }, signal },
  );
  secrets.warnOfUnseen(terminal);
  if (preview) {
    return await show(session!, asked, { secrets, terminal, signal });
  }
  const how = { ...redaction, encoding: encoding(), signal };
  const tally = isPrinted
    ? await print(session!, how, terminal)
    : await write(session!, how, file);
  const { allowed } = secrets;
  await report(session!, { file, tally, allowed }, terminal);
}

/** Shows every secret in a session. */
async function show(
  session: LocalSession,
  asked: ExportAction,
  { secrets, terminal, signal }: {
    secrets: SessionSecrets;
    terminal: Terminal;
    signal: AbortSignal;
  },
): Promise<void> {
  const places: SecretPlace[] = [];
  const onSecret = (found: SecretPlace) => places.push(found);
  await previewSession(session, { ...secrets.redaction, onSecret, signal });
  showPlaces(places, asked, terminal);
  sayReport({ allowed: secrets.allowed }, terminal);
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
  how: Packed,
  file: string,
): Promise<SessionTally> {
  const output = temporaryBeside(file);
  const tally = await packSession(session, { ...how, output });
  try {
    await placeFile(output, file);
  } catch (error) {
    await Deno.remove(output);
    throw error;
  }
  return tally;
}

/** The way in which a session is packed. */
type Packed = Omit<PackOptions, "output">;

async function print(
  session: LocalSession,
  how: Packed,
  terminal: Terminal,
): Promise<SessionTally> {
  try {
    const sink = Writable.fromWeb(terminal.output);
    return await streamSession(session, sink, how);
  } catch (cause) {
    if (cause instanceof SpreadError || how.signal?.aborted) throw cause;
    throw cannotPrint(cause);
  }
}

async function report(
  { id, title }: LocalSession,
  { file, tally, allowed }: {
    file: string;
    tally: SessionTally;
    allowed: number;
  },
  terminal: Terminal,
): Promise<void> {
  const secrets = { taken_out: tally.secrets, allowed };
  const messages = formatCount(tally.messages, "message");
  if (file === "-") {
    terminal.say(`exported "${title}": ${messages}`);
    sayEarlier(tally, terminal);
    sayReport(secrets, terminal);
    return sayTally(tally, terminal);
  }
  const { size } = await Deno.stat(file);
  terminal.say(
    `exported "${title}": ${messages}, ${formatBytes(size)} in "${file}"`,
  );
  sayEarlier(tally, terminal);
  sayReport(secrets, terminal);
  sayTally(tally, terminal);
  terminal.say("to hand it over, or to install it here, type:");
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
    secrets: tellingPart(secrets),
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
