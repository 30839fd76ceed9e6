/**
 * Shares a payload with other machines: a distillation unless told otherwise.
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
  openFile,
  type Payload,
} from "../lib/payload/source.ts";
import { removeLeftovers, spool } from "../lib/payload/spool.ts";
import type { Offer } from "../lib/protocol/offer.ts";
import type { Choices } from "../lib/protocol/send_choices.ts";
import { Share } from "../lib/protocol/share.ts";
import type { Room } from "../lib/transports/room_sender.ts";
import { formatAddress, listenTcp } from "../lib/transports/tcp.ts";
import { Desk, type Door } from "./_desk.ts";
import { removeDocument, sweepDocuments } from "./_documents.ts";
import { KINDS } from "./_kinds.ts";
import { takeOver } from "./_handover.ts";
import {
  parseServeArgs,
  readOptions,
  resolvePassphrase,
  type ServeOptions,
  wantsJson,
} from "./_options.ts";
import { LEGACY_SHARE_WARNING, readinessOf, sayReady } from "./_ready.ts";
import { Registration, sharesFolder } from "./_registration.ts";
import { splitInvite } from "../lib/room_code.ts";
import { DEFAULT_RELAY_URL } from "./_relay_url.ts";
import { openRoom } from "./_room.ts";
import { type CommonOffer, shareSessions } from "./_session_share.ts";
import { Terminal } from "./_terminal.ts";
import { Taking } from "./_typed.ts";
import {
  Interruption,
  readTextInput,
  realFolder,
  runGit,
  stateFolder,
  whoAmI,
} from "./_world.ts";

const USAGE =
  `Shares a distillation, or another kind of payload, with other machines, on the local network and through a relay.

Usage: serve.ts [options] [passphrase] [FILE | -]

Without a passphrase one is made. Without FILE the text is read from standard input.

  --generate              make a passphrase; the argument, if any, is FILE
  --passphrase-file FILE  read the passphrase from FILE; - is standard input
  --typed DIR             take options and passphrase from the line that was typed in
                          Claude Code and kept in DIR
  --kind KIND             what it is: distillation (the default), memory or session
  --session ID[,ID…]      with --kind session: offer these sessions; all: every session of
                          the project in DIR (with --all: of every project). Each is
                          packed when a receiver chooses it
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

/** What a share is made of, before anybody can come. */
interface Prepared {
  passphrase: string;
  /** The passphrase if it was made here. */
  generated: string | null;
  payload: Payload;
  /** What can be chosen, if the payload lists that. */
  choices?: Choices;
  offer: Offer;
  created: Date;
}

/** Where receivers come in. */
interface Entrance {
  doors: Door[];
  addresses: string[];
  room: Room | null;
}

/** What a share holds open, and what ends it. */
interface Holding {
  terminal: Terminal;
  stack: AsyncDisposableStack;
  signal: AbortSignal;
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
  const onMoved = (code: string) => registration?.moved(code);
  const entrance = await openEntrance(options, offer, onMoved, holding);
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

/** Passphrase and payload, from wherever they come. */
async function prepare(
  options: ServeOptions,
  holding: Holding,
): Promise<Prepared> {
  const { stack, signal } = holding;
  const { passphrase: given, input } = options.child
    ? await takeOver(Deno.stdin.readable)
    : {
      passphrase: await resolvePassphrase(
        options.passphrase,
        (path) => readTextInput(path, signal),
      ),
      input: Deno.stdin.readable,
    };
  if (given !== null && splitInvite(given) !== null) throw invitelike();
  const generated = given === null ? generatePassphrase(fillRandom) : null;
  const facts = options.project === undefined
    ? null
    : await readProjectFacts(await realFolder(options.project), runGit);
  const created = new Date();
  const passphrase = given ?? generated!;
  if (options.kind === "session") {
    const common = commonOffer(options, created);
    const place = { ...holding, folder: spoolFolder() };
    const shared = await shareSessions(options, common, place);
    const { payload, choices, name } = shared;
    const about = makeOffer(options, payload, facts, created);
    const offer: Offer = { ...about, name, catalogue: true };
    return { passphrase, generated, payload, choices, offer, created };
  }
  const source = { options, facts, created, input };
  const payload = await openPayload(source, stack, signal);
  const offer = makeOffer(options, payload, facts, created);
  return { passphrase, generated, payload, offer, created };
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
  try {
    stack.use(await announce(announcement, { interfaces, fillRandom, signal }));
  } catch (error) {
    // With a relay there is another way to be found.
    if (room === null || !isCode(error, "CANNOT_LISTEN")) throw error;
    terminal.warn(`${error.message}: only the relay leads here`);
  }
  const doors: Door[] = [{ channels: listener, roomCode: () => "" }];
  if (room !== null) {
    doors.push({ channels: room, roomCode: () => room.roomCode });
  }
  const addresses = interfaces.map(({ address }) =>
    formatAddress(address, listener.port)
  );
  return { doors, addresses, room };
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
    ? stack.use(await spool(input, spoolFolder(), { signal })).payload
    : await openFilePayload(options, stack, signal);
  const isDocument = options.kind === "distillation" &&
    (facts !== null || options.removeFile);
  if (!isDocument) return payload;
  const text = await readDocument(payload);
  return new BytesPayload(
    utf8(facts === null ? text : addFacts(text, facts, created)),
  );
}

/** A file that stays where it is is read there; one that goes is copied, however large it is. */
async function openFilePayload(
  { file: path, kind, removeFile }: ServeOptions,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Payload> {
  if (!removeFile || kind === "distillation") {
    return await FilePayload.open(path, { signal });
  }
  const file = await openFile(path);
  const options = { signal, name: `"${path}"` };
  return stack.use(await spool(file.readable, spoolFolder(), options)).payload;
}

function spoolFolder(): string {
  return `${stateFolder()}/spool`;
}

function commonOffer(options: ServeOptions, created: Date): CommonOffer {
  return {
    kind: options.kind,
    created: created.toISOString(),
    sender: options.anonymous ? undefined : cleanLine(whoAmI(), 128),
  };
}

function makeOffer(
  options: ServeOptions,
  payload: Payload,
  facts: ProjectFacts | null,
  created: Date,
): Offer {
  const name = cleanLine(options.file.split(/[\\/]/).at(-1)!, 255);
  return {
    ...commonOffer(options, created),
    // Standard input has no name, and some names have nothing that can be shown.
    name: options.file === "-" || name === ""
      ? KINDS[options.kind].fileName
      : name,
    size: payload.size,
    sha256: payload.sha256,
    project: facts?.project,
    git: facts?.git,
  };
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
      const { detach } = await import("./_detach.ts");
      await detach(options, terminal, signal);
    } else await serve(options, terminal, signal);
    return 0;
  } catch (error) {
    await taking.failed(error);
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
