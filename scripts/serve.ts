/**
 * Shares a distillation with other machines.
 *
 * @module
 */

import { type Bytes, utf8 } from "../lib/bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../lib/errors.ts";
import { generatePassphrase } from "../lib/crypto/passphrase.ts";
import {
  announce,
  type Announcement,
  nameInstance,
  usableInterfaces,
} from "../lib/discovery/mdns.ts";
import { cleanLine } from "../lib/payload/clean_text.ts";
import {
  addFacts,
  type ProjectFacts,
  readDocument,
  readProjectFacts,
} from "../lib/payload/project_facts.ts";
import {
  BytesPayload,
  FilePayload,
  type Payload,
} from "../lib/payload/source.ts";
import { spool } from "../lib/payload/spool.ts";
import type { Offer } from "../lib/protocol/offer.ts";
import { Share } from "../lib/protocol/share.ts";
import type { Room } from "../lib/transports/room_sender.ts";
import { formatAddress, listenTcp } from "../lib/transports/tcp.ts";
import { Desk, type Door } from "./_desk.ts";
import { takeOver } from "./_handover.ts";
import {
  parseServeArgs,
  resolvePassphrase,
  type ServeOptions,
  wantsJson,
} from "./_options.ts";
import { LEGACY_SHARE_WARNING, readinessOf, sayReady } from "./_ready.ts";
import { Registration, sharesFolder } from "./_registration.ts";
import { splitInvite } from "../lib/room_code.ts";
import { DEFAULT_RELAY_URL } from "./_relay_url.ts";
import { Terminal } from "./_terminal.ts";
import {
  Interruption,
  readTextInput,
  realFolder,
  runGit,
  stateFolder,
  whoAmI,
} from "./_world.ts";

const USAGE =
  `Shares a distillation with other machines, on the local network and through a relay.

Usage: serve.ts [options] [passphrase] [FILE | -]

Without a passphrase one is made. Without FILE the text is read from standard input.

  --generate              make a passphrase; the argument, if any, is FILE
  --passphrase-file FILE  read the passphrase from FILE; - is standard input
  --once                  end after the first delivery
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

With --passphrase-file or CLAUDE_SPREAD_PASSPHRASE the argument is FILE. A
passphrase in an argument can be seen by other users while the command runs.
`;

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

async function serve(
  options: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  let input: ReadableStream<Bytes> = Deno.stdin.readable;
  let given: string | null;
  if (options.child) ({ passphrase: given, input } = await takeOver(input));
  else {
    given = await resolvePassphrase(
      options.passphrase,
      (path) => readTextInput(path, signal),
    );
  }
  if (given !== null && splitInvite(given) !== null) throw invitelike();
  const passphrase = given ?? generatePassphrase(fillRandom);
  const facts = options.project === undefined
    ? null
    : await readProjectFacts(await realFolder(options.project), runGit);
  const created = new Date();
  const payload = await openPayload(
    { options, facts, created, input },
    stack,
    signal,
  );
  const offer = makeOffer(options, payload, facts, created);
  const { legacy } = options;
  const share = new Share({
    passphrase,
    offer,
    source: payload,
    legacy,
    fillRandom,
  });
  if (legacy) terminal.warn(LEGACY_SHARE_WARNING);

  let registration: Registration | null = null;
  const room = options.relay === undefined ? null : stack.use(
    await openRoom(
      options.relay,
      terminal,
      (code) => registration?.moved(code),
      signal,
    ),
  );
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
  try {
    stack.use(await announce(announcement, { interfaces, fillRandom, signal }));
  } catch (error) {
    // With a relay there is another way to be found.
    if (room === null || !isCode(error, "CANNOT_LISTEN")) throw error;
    terminal.warn(`${error.message}: only the relay leads here`);
  }
  const addresses = interfaces.map(({ address }) =>
    formatAddress(address, listener.port)
  );
  const stopping = new AbortController();
  registration = await register(
    { options, offer, addresses, room, created },
    terminal,
    () => stopping.abort(stoppedByOwner()),
  );
  if (registration !== null) stack.use(registration);
  // Only now: whatever failed before would have cost the document.
  if (options.removeFile && options.file !== "-") {
    await Deno.remove(options.file);
  }
  sayReady(
    terminal,
    readinessOf({
      options,
      offer,
      addresses,
      room,
      id: registration?.id,
      generated: given === null ? passphrase : null,
    }),
  );
  if (options.child) terminal.leave(registration!.log);
  const desk = new Desk(
    share,
    options,
    terminal,
    (peer) => registration?.delivered(peer),
  );
  stack.defer(() => desk.close());
  const doors: Door[] = [{ channels: listener, roomCode: () => "" }];
  if (room !== null) {
    doors.push({ channels: room, roomCode: () => room.roomCode });
  }
  try {
    await desk.open(doors, AbortSignal.any([signal, stopping.signal]));
    registration?.ends("done");
  } catch (error) {
    registration?.ends(error instanceof SpreadError ? error.code : "failed");
    throw error;
  }
}

/** Lets `status` and `stop` know of the share; without a place for that it goes on unknown. */
async function register(
  { options, offer, addresses, room, created }: {
    options: ServeOptions;
    offer: Offer;
    addresses: string[];
    room: Room | null;
    created: Date;
  },
  terminal: Terminal,
  onStop: () => void,
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
      isKept: options.child,
    });
  } catch (error) {
    if (!(error instanceof SpreadError) || options.child) throw error;
    terminal.warn(`${error.message}: status and stop will not know this share`);
    return null;
  }
}

function isCode(error: unknown, code: SpreadErrorCode): error is SpreadError {
  return error instanceof SpreadError && error.code === code;
}

function invitelike(): SpreadError {
  return new SpreadError(
    "USAGE",
    "The passphrase has the form of an invite, whose first word names a room",
    "Use another one, or leave it out to get one made",
  );
}

function stoppedByOwner(): SpreadError {
  return new SpreadError("INTERRUPTED", "Stopped by claude-spread stop", "");
}

async function openRoom(
  url: string,
  terminal: Terminal,
  onMoved: (roomCode: string) => void,
  signal: AbortSignal,
): Promise<Room> {
  const { Room } = await import("../lib/transports/room_sender.ts");
  return await Room.open({
    url,
    fillRandom,
    signal,
    events: {
      lost: () => {
        terminal.say(
          "the connection to the relay was lost; trying to get it back",
        );
        terminal.event("relay", { state: "lost" });
      },
      found: ({ roomCode, isNew }) => {
        terminal.say(
          isNew
            ? `the relay has forgotten the room; the new room code is ${roomCode}`
            : "the relay is there again",
        );
        if (isNew) onMoved(roomCode);
        terminal.event("relay", { state: "found", room: roomCode, new: isNew });
      },
      ended: (reason) => {
        terminal.warn(`${reason.message}; the local network still works`);
        terminal.event("relay", { state: "ended", error: reason.code });
      },
    },
  });
}

async function openPayload(
  { options, facts, created, input }: {
    options: ServeOptions;
    facts: ProjectFacts | null;
    created: Date;
    /** Standard input, as far as it is left. */
    input: ReadableStream<Bytes>;
  },
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Payload> {
  const payload = options.file === "-"
    ? stack.use(
      await spool(input, `${stateFolder()}/spool`, signal),
    ).payload
    : await FilePayload.open(options.file, { signal });
  const isDocument = facts !== null || options.removeFile;
  if (!isDocument) return payload;
  const text = await readDocument(payload);
  return new BytesPayload(
    utf8(facts === null ? text : addFacts(text, facts, created)),
  );
}

function makeOffer(
  options: ServeOptions,
  payload: Payload,
  facts: ProjectFacts | null,
  created: Date,
): Offer {
  const name = cleanLine(options.file.split(/[\\/]/).at(-1)!, 255);
  return {
    kind: "distillation",
    // Standard input has no name, and some names have nothing that can be shown.
    name: options.file === "-" || name === "" ? "distillation.md" : name,
    size: payload.size,
    sha256: payload.sha256,
    created: created.toISOString(),
    sender: options.anonymous ? undefined : cleanLine(whoAmI(), 128),
    project: facts?.project,
    git: facts?.git,
  };
}

async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  try {
    const options = parseServeArgs(args, (name) => Deno.env.get(name));
    if (options.help) terminal.print(USAGE);
    else if (options.detach) {
      const { detach } = await import("./_detach.ts");
      await detach(options, terminal, interruption.signal);
    } else await serve(options, terminal, interruption.signal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
