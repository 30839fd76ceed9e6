/**
 * Shares a payload with other machines: a distillation unless told otherwise.
 *
 * @module
 */

import type { Bytes } from "../lib/bytes.ts";
import { SpreadError } from "../lib/errors.ts";
import {
  type Announcement,
  nameInstance,
  usableInterfaces,
} from "../lib/discovery/mdns.ts";
import { removeLeftovers } from "../lib/files/spool.ts";
import type { Offer } from "../lib/protocol/transfer/offer.ts";
import { Share } from "../lib/protocol/share.ts";
import type { Room } from "../lib/transports/relay/sender_room.ts";
import { formatAddress, listenTcp } from "../lib/transports/tcp.ts";
import { Announcing } from "./serve/announcing.ts";
import { Desk, type Door } from "./serve/accept.ts";
import { removeDocument, sweepDocuments } from "./serve/documents.ts";
import { KINDS } from "./cli/kinds.ts";
import { readOptions, wantsJson } from "./cli/flags.ts";
import { parseServeArgs, type ServeOptions } from "./serve/options.ts";
import {
  type Holding,
  prepare,
  type Prepared,
  spoolFolder,
} from "./serve/prepare.ts";
import {
  LEGACY_SHARE_WARNING,
  readinessOf,
  receiveCommands,
  sayReady,
  showCommands,
} from "./serve/ready.ts";
import { Registration } from "./serve/share_entry.ts";
import { Interruption, sharesFolder, stateFolder } from "./cli/surroundings.ts";
import { DEFAULT_RELAY_URL } from "./cli/relay_url.ts";
import { openRoom } from "./serve/relay_room.ts";
import { Terminal } from "./cli/terminal.ts";
import { Taking } from "./cli/typed_input.ts";

const USAGE =
  `Shares a distillation, or another kind of payload, with other machines, on the local network and through a relay.

Usage: serve.ts [options] [passphrase] [FILE | -]

Without a passphrase one is made. Without FILE the text is read from standard input.

  --generate              make a passphrase; the argument, if any, is FILE
  --passphrase-file FILE  read the passphrase from FILE; - is standard input
  --typed DIR             take options and passphrase from the line that was typed in
                          Claude Code and kept in DIR
  --kind KIND             what it is: distillation (the default), memory or session
  --session ID[,ID…]      with --kind session: offer these sessions; this: the one that it
                          is typed in; all: every session of the project in DIR (with
                          --all: of every project). Each is packed when it is chosen
  --once                  end after the first delivery; for sessions the default
  --detach                return once receivers may come; the share goes on by itself
                          (claude-spread status, claude-spread stop)
  --keep-open MIN         end after MIN minutes (default 30)
  --project DIR           put facts of the project in DIR (branch, commit, changed
                          files) into the document and the offer
  --remove-file           remove FILE once it has been read
  --anonymous             do not tell user and host name
  --port N                listen on TCP port N instead of a free one
  --interface ADDR        keep to this address of this machine
  --relay [URL]           share through a relay as well, for other networks; without
                          URL through CLAUDE_SPREAD_RELAY or ${DEFAULT_RELAY_URL}
  --insecure-relay        allow a relay at ws:// that is not on this machine
  --legacy                also serve the Python version (protocol 1)
  --json                  print events as JSON lines
  --help                  print this

With --passphrase-file, --typed or CLAUDE_SPREAD_PASSPHRASE the argument is FILE. A
passphrase in an argument can be seen by other users while the command runs.
`;

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

/** Where receivers come in. */
interface Entrance {
  doors: Door[];
  addresses: string[];
  room: Room | null;
  /** `null` when only the relay leads here. */
  announcing: Announcing | null;
}

async function serve(
  options: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const holding = { terminal, stack, signal };
  const prepared = await prepare(options, holding);
  const { passphrase, payload, choices, offer, generated } = prepared;
  const { legacy } = options;
  const share = new Share({
    passphrase,
    offer,
    source: payload,
    choices,
    legacy,
    fillRandom,
  });
  if (legacy) terminal.warn(LEGACY_SHARE_WARNING);

  let registration: Registration | null = null;
  let entrance: Entrance | null = null;
  const onMoved = (code: string) => {
    registration?.moved(code);
    if (entrance === null) return;
    const { room, announcing } = entrance;
    announcing?.moved(code);
    showCommands(terminal, receiveCommands({ options, generated, room }));
  };
  entrance = await openEntrance(options, offer, onMoved, holding);
  const stopping = new AbortController();
  const onStop = () => stopping.abort(stoppedByOwner());
  registration = await register(options, prepared, entrance, onStop, terminal);
  if (registration !== null) stack.use(registration);
  // Only now: whatever failed before would have cost the document.
  if (options.removeFile && options.file !== "-") {
    await removeDocument(options.file);
  }
  const { id } = registration ?? {};
  sayReady(
    terminal,
    readinessOf({ options, offer, ...entrance, id, generated }),
  );
  if (options.child) {
    registration!.keep();
    terminal.leave(registration!.log);
  }
  void sweepDocuments(Deno.env.get("HOME") ?? "", new Date());
  // Housekeeping, once nobody waits for us.
  const cleaning = removeLeftovers(spoolFolder());
  stack.defer(() => cleaning);
  const desk = new Desk(
    share,
    options,
    terminal,
    (peer, taken) => registration?.delivered(peer, taken),
  );
  stack.defer(() => desk.close());
  const ending = AbortSignal.any([signal, stopping.signal]);
  try {
    await desk.open(entrance.doors, ending);
    registration?.ends("done");
  } catch (error) {
    registration?.ends(error instanceof SpreadError ? error.code : "failed");
    throw error;
  }
}

/** Opens the room, if one is wanted, and the port, and makes both known. */
async function openEntrance(
  options: ServeOptions,
  offer: Offer,
  onMoved: (roomCode: string) => void,
  { terminal, stack, signal }: Holding,
): Promise<Entrance> {
  const room = options.relay === undefined
    ? null
    : stack.use(await openRoom(options.relay, terminal, onMoved, signal));
  const interfaces = usableInterfaces(
    Deno.networkInterfaces(),
    options.interface,
  );
  const listener = stack.use(listenTcp({
    port: options.port,
    hostname: options.interface,
  }));
  const announcement: Announcement = {
    instance: nameInstance(fillRandom),
    port: listener.port,
    kind: offer.kind,
    from: offer.sender,
    room: room?.roomCode,
  };
  let announcing: Announcing | null = null;
  try {
    announcing = stack.use(
      await Announcing.open(announcement, { interfaces, fillRandom, signal }),
    );
  } catch (error) {
    // With a relay there is another way to be found.
    if (room === null || !SpreadError.is(error, "CANNOT_LISTEN")) throw error;
    terminal.warn(`${error.message}: only the relay leads here`);
  }
  const doors: Door[] = [{ channels: listener, roomCode: () => "" }];
  if (room !== null) {
    doors.push({ channels: room, roomCode: () => room.roomCode });
  }
  const addresses = interfaces.map(({ address }) =>
    formatAddress(address, listener.port)
  );
  return { doors, addresses, room, announcing };
}

/** Lets `status` and `stop` know of the share; without a place for that it goes on unknown. */
async function register(
  options: ServeOptions,
  { offer, created }: Prepared,
  { addresses, room }: Entrance,
  onStop: () => void,
  terminal: Terminal,
): Promise<Registration | null> {
  const { kind, name, size } = offer;
  const ends = new Date(created.getTime() + options.keepOpenMin * 60_000);
  const facts = {
    kind,
    name,
    size,
    addresses,
    room: room?.roomCode,
    relay: options.relay,
    ends: ends.toISOString(),
  };
  try {
    const folder = sharesFolder(stateFolder());
    return await Registration.open(folder, facts, fillRandom, {
      onStop,
    });
  } catch (error) {
    if (!(error instanceof SpreadError) || options.child) throw error;
    terminal.warn(`${error.message}: status and stop will not know this share`);
    return null;
  }
}

function stoppedByOwner(): SpreadError {
  return new SpreadError("INTERRUPTED", "Stopped by claude-spread stop", "");
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  const { signal } = interruption;
  const taking = new Taking();
  try {
    const options = await readOptions(
      (words) => parseServeArgs(args, (name) => Deno.env.get(name), words),
      (place, { kind }) =>
        taking.take(place, `${KINDS[kind].skill}-share`, "serve"),
    );
    if (options.help) terminal.print(USAGE);
    else if (options.detach) {
      const { detach } = await import("./serve/detach.ts");
      await detach(options, terminal, signal);
    } else await serve(options, terminal, signal);
    return 0;
  } catch (error) {
    await taking.failed(error);
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
