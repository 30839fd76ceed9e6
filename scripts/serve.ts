/**
 * Shares a distillation with other machines.
 *
 * @module
 */

import { type Bytes, utf8 } from "../lib/bytes.ts";
import { generatePassphrase } from "../lib/crypto/passphrase.ts";
import {
  announce,
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
import { formatInvite } from "../lib/room_code.ts";
import type { Room } from "../lib/transports/room_sender.ts";
import { formatAddress, listenTcp } from "../lib/transports/tcp.ts";
import { Desk, type Door } from "./_desk.ts";
import {
  parseServeArgs,
  resolvePassphrase,
  type ServeOptions,
  wantsJson,
} from "./_options.ts";
import { DEFAULT_RELAY_URL } from "./_relay_url.ts";
import { formatBytes, formatCount, Terminal } from "./_terminal.ts";
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

const LEGACY_WARNING =
  "protocol 1 is on: whoever watches the network can try passphrases offline afterwards";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

async function serve(
  options: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const given = await resolvePassphrase(
    options.passphrase,
    (path) => readTextInput(path, signal),
  );
  const passphrase = given ?? generatePassphrase(fillRandom);
  const facts = options.project === undefined
    ? null
    : await readProjectFacts(await realFolder(options.project), runGit);
  const created = new Date();
  const payload = await openPayload(options, facts, created, stack, signal);
  const offer = makeOffer(options, payload, facts, created);
  const { legacy } = options;
  const share = new Share({
    passphrase,
    offer,
    source: payload,
    legacy,
    fillRandom,
  });
  if (legacy) terminal.warn(LEGACY_WARNING);

  const room = options.relay === undefined
    ? null
    : stack.use(await openRoom(options.relay, terminal, signal));
  const interfaces = usableInterfaces(
    Deno.networkInterfaces(),
    options.interface,
  );
  const listener = stack.use(listenTcp({
    port: options.port,
    hostname: options.interface,
  }));
  stack.use(
    await announce({
      instance: nameInstance(fillRandom),
      port: listener.port,
      kind: offer.kind,
      from: offer.sender,
      room: room?.roomCode,
    }, { interfaces, fillRandom, signal }),
  );
  const addresses = interfaces.map(({ address }) =>
    formatAddress(address, listener.port)
  );
  sayReady({
    options,
    terminal,
    offer,
    addresses,
    room,
    generated: given === null ? passphrase : null,
  });
  const desk = new Desk(share, options, terminal);
  stack.defer(() => desk.close());
  const doors: Door[] = [{ channels: listener, roomCode: () => "" }];
  if (room !== null) {
    doors.push({ channels: room, roomCode: () => room.roomCode });
  }
  await desk.open(doors, signal);
}

async function openRoom(
  url: string,
  terminal: Terminal,
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
  options: ServeOptions,
  facts: ProjectFacts | null,
  created: Date,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Payload> {
  const payload = options.file === "-"
    ? stack.use(
      await spool(Deno.stdin.readable, `${stateFolder()}/spool`, signal),
    ).payload
    : await FilePayload.open(options.file, { signal });
  const isDocument = facts !== null || options.removeFile;
  if (!isDocument) return payload;
  const text = await readDocument(payload);
  if (options.removeFile && options.file !== "-") {
    await Deno.remove(options.file);
  }
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

/** What is said and told once receivers may come. */
interface Readiness {
  options: ServeOptions;
  terminal: Terminal;
  offer: Offer;
  addresses: string[];
  room: Room | null;
  /** The passphrase if it was made here; one that was typed is never shown. */
  generated: string | null;
}

function sayReady(ready: Readiness): void {
  const { options, terminal, offer, addresses, room, generated } = ready;
  terminal.say(
    `sharing ${offer.name} (${formatBytes(offer.size)}) for ${
      formatCount(options.keepOpenMin, "minute")
    }` +
      (options.once ? " or one delivery" : ""),
  );
  terminal.say(
    room === null
      ? "on the other machine, on the same network, type:"
      : "on the other machine, on any network, type:",
  );
  const commands = receiveCommands(ready).map((command) => `    ${command}\n`);
  terminal.show(`\n${commands.join("or\n")}`);
  terminal.say(
    `if it is not found ${
      room === null ? "there" : "on one network"
    }, add the address: ${addresses.join(" or ")}`,
  );
  if (room?.ttlS !== undefined && room.ttlS < options.keepOpenMin * 60) {
    const minutes = formatCount(Math.floor(room.ttlS / 60), "minute");
    terminal.say(`the relay keeps the room for ${minutes}`);
  }
  terminal.event("ready", {
    invite: inviteOf(ready),
    addresses,
    room: room?.roomCode,
    relay: options.relay,
    commands: receiveCommands(ready),
    keep_open_min: options.keepOpenMin,
    ...offer,
  });
}

function inviteOf({ room, generated }: Readiness): string | null {
  return generated === null || room === null
    ? generated
    : formatInvite(room.roomCode, generated);
}

/** What may be typed on the other side; each is enough. */
function receiveCommands(ready: Readiness): string[] {
  const { options: { relay }, room, generated } = ready;
  const receive = "/claude-spread:distill-receive";
  const words = generated ?? "<the same passphrase>";
  if (room === null) return [`${receive} ${words}`];
  const address = relay === DEFAULT_RELAY_URL ? "" : ` ${relay}`;
  const invite = inviteOf(ready);
  const withRoom =
    `${receive} --relay${address} --room ${room.roomCode} ${words}`;
  if (invite === null) return [withRoom];
  const flag = address === "" ? "" : `--relay${address} `;
  return [`${receive} ${flag}${invite}`, withRoom];
}

async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  try {
    const options = parseServeArgs(args, (name) => Deno.env.get(name));
    if (options.help) terminal.print(USAGE);
    else await serve(options, terminal, interruption.signal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
