/**
 * Receives a payload from another machine, by default a distillation.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import { checkPlace } from "../lib/files/place_file.ts";
import { splitInvite } from "../lib/room_code.ts";
import {
  type BrowseOptions,
  dialAddress,
  dialLan,
  type DialOptions,
  type Sender,
} from "./receive/find_sender.ts";
import type { RoomAddress } from "./receive/find_through_relay.ts";
import { readOptions, resolvePassphrase, wantsJson } from "./cli/flags.ts";
import { parseReceiveArgs, type ReceiveOptions } from "./receive/options.ts";
import { KINDS } from "./cli/kinds.ts";
import type { DocumentReceiving, Receiving } from "./receive/document.ts";
import { DEFAULT_RELAY_URL, parseRelayUrl } from "./cli/relay_url.ts";
import { formatCount, Terminal } from "./cli/terminal.ts";
import type { TypedInput } from "./cli/typed_input.ts";
import {
  fillRandom,
  Interruption,
  readTextInput,
  stateFolder,
} from "./cli/surroundings.ts";

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

/** Shortest time to wait for the first message of a relay, in milliseconds. */
const FIRST_WORD_MS = 10_000;

// Modules for receiving and reconnecting; loaded while the passphrase is stretched.
const loadReceiving = () => import("./receive/document.ts");
const loadRedial = () => import("./receive/reconnect.ts");

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
  const folder = `${stateFolder()}/partial`;
  // Checked before asking the sender for anything.
  if (options.output !== undefined) checkPlace(options.output);
  const dial: DialOptions = {
    passphrase,
    legacy: options.legacy,
    fillRandom,
    // An import that fails here fails again, with an error, when its module is needed.
    onIdle: () => {
      loadReceiving().then(({ preload }) => preload(folder)).catch(() => {});
      loadRedial().catch(() => {});
    },
    signal,
  };
  const sessions = options.kind === "session"
    ? await openSessions(options, terminal, folder, signal)
    : null;
  const startMs = performance.now();
  let sender = await findSender(options, dial, terminal, room);
  const receiving = sessions ??
    await openDocument(options, terminal, folder, startMs);
  const { redial } = await loadRedial();
  for (let attempt = 0;; attempt++) {
    try {
      return await receiving.take(sender, passphrase);
    } catch (error) {
      sender.channel.abort(error as Error);
      if (receiving.hasMoved) attempt = 0;
      const { keptBytes } = receiving;
      sender = await redial(
        sender,
        dial,
        attempt,
        error,
        terminal,
        keptBytes,
      );
    }
  }
}

async function openDocument(
  ...how: ConstructorParameters<typeof DocumentReceiving>
): Promise<Receiving> {
  const { DocumentReceiving } = await loadReceiving();
  return new DocumentReceiving(...how);
}

async function openSessions(
  options: ReceiveOptions,
  terminal: Terminal,
  folder: string,
  signal: AbortSignal,
): Promise<Receiving> {
  const { SessionReceiving } = await import("./receive/sessions.ts");
  return await SessionReceiving.open(options, terminal, folder, signal);
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
  const { dialAnywhere } = await import("./receive/find_through_relay.ts");
  return await dialAnywhere(dial, room, where);
}

/** Returns the passphrase, and the room if an option or an invite names one. */
function readInvite(
  typed: string,
  options: ReceiveOptions,
  terminal: Terminal,
): { passphrase: string; room: RoomAddress | null } {
  const at = (roomCode: string): RoomAddress => ({
    url: parseRelayUrl(options.relay, options.insecureRelay),
    roomCode,
    timeoutMs: Math.max(FIRST_WORD_MS, options.timeoutS * 1000),
    onSilent: () =>
      terminal.say(
        "the relay has not answered yet; it may be serving other receivers first",
      ),
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
  // Checks a relay that was asked for, even if it is not used.
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

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  const { signal } = interruption;
  let typedLine: TypedInput | undefined;
  try {
    const options = await readOptions(
      (words) => parseReceiveArgs(args, (name) => Deno.env.get(name), words),
      async (place, { kind }) => {
        typedLine = new (await import("./cli/typed_input.ts")).TypedInput();
        const skill = `${KINDS[kind].skill}-receive` as const;
        return await typedLine.take(place, skill, "receive");
      },
    );
    if (options.help) terminal.print(USAGE);
    else await receive(options, terminal, signal);
    // A list was shown; the next command picks from it with the same line.
    if (options.kind === "session" && !options.picks) await typedLine?.keep();
    return 0;
  } catch (error) {
    await typedLine?.failed(error);
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
