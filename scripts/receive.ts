/**
 * Receives a payload from another machine: a distillation unless told otherwise.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../lib/errors.ts";
import { pause } from "../lib/pause.ts";
import { splitInvite } from "../lib/room_code.ts";
import { checkPlace } from "../lib/payload/place_file.ts";
import {
  type BrowseOptions,
  dialAddress,
  dialLan,
  type DialOptions,
  type Sender,
} from "./_dial.ts";
import type { RoomAddress } from "./_dial_relay.ts";
import { readOptions, resolvePassphrase, wantsJson } from "./_options.ts";
import { parseReceiveArgs, type ReceiveOptions } from "./_receive_options.ts";
import { KINDS } from "./_kinds.ts";
import { DocumentReception, prepare, type Reception } from "./_reception.ts";
import { DEFAULT_RELAY_URL, parseRelayUrl } from "./_relay_url.ts";
import { formatCount, Terminal } from "./_terminal.ts";
import type { Taking } from "./_typed.ts";
import { Interruption, readTextInput, stateFolder } from "./_world.ts";

const USAGE =
  `Receives a distillation, or another kind of payload, that another machine shares.

Usage: receive.ts [options] [passphrase | invite] [host:port]

The text goes to standard output, cleaned of what could steer a terminal or a model.
Of sessions the list does; those that are picked are installed for Claude Code.

  --kind KIND             what to receive: distillation (the default), memory or session
  --pick N|ID[,…]         with --kind session: take these from the list, and install them
                          into the project in DIR (default: the current folder)
  --output FILE           write the exact bytes to FILE instead; never overwrites
  --timeout S             look for a sender for S seconds (default 30)
  --passphrase-file FILE  read the passphrase from FILE; - is standard input
  --typed DIR             take options, passphrase and address from the line that was
                          typed in Claude Code and kept in DIR
  --project DIR           compare the sender's commit with the checkout in DIR
  --interface ADDR        keep to this address of this machine
  --relay [URL]           look in a room on a relay as well, for other networks; without
                          URL on CLAUDE_SPREAD_RELAY or ${DEFAULT_RELAY_URL}
  --room CODE             the room, unless the invite names it (k7m2xq-four-words)
  --insecure-relay        allow a relay at ws:// that is not on this machine
  --legacy                also receive from the Python version (protocol 1)
  --json                  print events as JSON lines; needs --output, except for sessions
  --help                  print this

The passphrase is taken from --typed, --passphrase-file, CLAUDE_SPREAD_PASSPHRASE, or
the first argument, which other users of this machine can see while the command runs.
`;

/** Pauses, in milliseconds, before each attempt to go on after the connection was cut. */
const RETRY_PAUSES_MS = [250, 500, 1_000, 2_000, 4_000];

async function receive(
  options: ReceiveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const typed = await resolvePassphrase(
    options.passphrase,
    (path) => readTextInput(path, signal),
  );
  const { passphrase, room } = readInvite(typed!, options, terminal);
  // Told before anything is asked of the sender, if there is no home for it.
  const folder = `${stateFolder()}/partial`;
  const dial: DialOptions = {
    passphrase,
    legacy: options.legacy,
    fillRandom: (bytes) => crypto.getRandomValues(bytes),
    // What fails here fails again, and is told, where it is needed.
    onIdle: () => void prepare(folder).catch(() => {}),
    signal,
  };
  const reception = await receptionOf(options, terminal, folder, signal);
  let [sender] = await Promise.all([
    findSender(options, dial, terminal, room),
    options.output && checkPlace(options.output),
  ]);
  for (let attempt = 0;; attempt++) {
    try {
      return await reception.take(sender, passphrase);
    } catch (error) {
      sender.channel.abort(error as Error);
      if (reception.hasMoved) attempt = 0;
      sender = await redial(sender, dial, attempt, error, terminal);
    }
  }
}

async function receptionOf(
  options: ReceiveOptions,
  terminal: Terminal,
  folder: string,
  signal: AbortSignal,
): Promise<Reception> {
  if (options.kind !== "session") {
    return new DocumentReception(options, terminal, folder);
  }
  const { SessionReception } = await import("./_session_reception.ts");
  return await SessionReception.open(options, terminal, folder, signal);
}

async function findSender(
  options: ReceiveOptions,
  dial: DialOptions,
  terminal: Terminal,
  room: RoomAddress | null,
): Promise<Sender> {
  if (options.address !== undefined) {
    return await dialAddress([options.address], dial);
  }
  const where: BrowseOptions = {
    interface: options.interface,
    timeoutMs: options.timeoutS * 1000,
    kind: options.kind,
    onCandidate: (instance, from) => {
      terminal.say(`found ${from ?? instance}`);
      terminal.event("peer", { instance, from });
    },
  };
  if (room === null) {
    terminal.say("looking for the sender on the local network");
    return await dialLan(dial, where);
  }
  terminal.say("looking for the sender on the local network and on the relay");
  const { dialAnywhere } = await import("./_dial_relay.ts");
  return await dialAnywhere(dial, room, where);
}

/** The passphrase, and the room when there is one: named apart, or by an invite. */
function readInvite(
  typed: string,
  options: ReceiveOptions,
  terminal: Terminal,
): { passphrase: string; room: RoomAddress | null } {
  const at = (roomCode: string): RoomAddress => ({
    url: parseRelayUrl(options.relay, options.insecureRelay),
    roomCode,
    onQueued: (ahead) =>
      terminal.say(
        ahead === 0
          ? "in the room; waiting for the sender"
          : `in the room; ${formatCount(ahead, "receiver")} served first`,
      ),
  });
  const invite = splitInvite(typed);
  if (options.room !== undefined && invite?.roomCode !== options.room) {
    return { passphrase: typed, room: at(options.room) };
  }
  // What was asked for is checked, also when it leads nowhere.
  if (options.wantsRelay) at("");
  if (invite !== null) {
    return { passphrase: invite.passphrase, room: at(invite.roomCode) };
  }
  if (!options.wantsRelay) return { passphrase: typed, room: null };
  throw new SpreadError(
    "USAGE",
    "The room code is missing",
    "Add --room CODE, or type the whole invite, such as k7m2xq-four-more-words-here",
  );
}

/** Connects again after a cut, a few times; any other failure is final. */
async function redial(
  sender: Sender,
  dial: DialOptions,
  attempt: number,
  error: unknown,
  terminal: Terminal,
): Promise<Sender> {
  if (!isCut(error)) throw error;
  let isRoomGone = false;
  for (const pauseMs of RETRY_PAUSES_MS.slice(attempt)) {
    terminal.say("the connection was cut; trying to go on");
    await pause(pauseMs, dial.signal);
    dial.signal.throwIfAborted();
    try {
      return await sender.again();
    } catch (again) {
      // A relay that was started anew knows the room once its sender is back.
      isRoomGone = isCode(again, "NO_ROOM");
      if (!isCut(again) && !isRoomGone) throw again;
    }
  }
  const { code, message } = error;
  throw new SpreadError(
    code,
    message,
    isRoomGone
      ? "What has arrived is kept; the room is gone: ask the sender for the new room code, or to share the same again"
      : "What has arrived is kept; run the same command again to go on from there",
    { cause: error },
  );
}

function isCut(error: unknown): error is SpreadError {
  return isCode(
    error,
    "PEER_GONE",
    "PEER_SILENT",
    "UNREACHABLE",
    "RELAY_UNREACHABLE",
  );
}

function isCode(
  error: unknown,
  ...codes: SpreadErrorCode[]
): error is SpreadError {
  return error instanceof SpreadError && codes.includes(error.code);
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  const { signal } = interruption;
  let taking: Taking | undefined;
  try {
    const options = await readOptions(
      (words) => parseReceiveArgs(args, (name) => Deno.env.get(name), words),
      async (place, { kind }) => {
        taking = new (await import("./_typed.ts")).Taking();
        const skill = `${KINDS[kind].skill}-receive` as const;
        return await taking.take(place, skill, "receive");
      },
    );
    if (options.help) terminal.print(USAGE);
    else await receive(options, terminal, signal);
    // What was only listed is picked next, by the same words.
    if (options.kind === "session" && !options.picks) await taking?.keep();
    return 0;
  } catch (error) {
    await taking?.failed(error);
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
