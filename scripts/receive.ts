/**
 * Receives a payload from another machine: a distillation unless told otherwise.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../lib/errors.ts";
import { pause } from "../lib/pause.ts";
import { splitInvite } from "../lib/room_code.ts";
import { checkPlace } from "../lib/payload/place_file.ts";
import type { CheckoutRelation } from "../lib/payload/project_facts.ts";
import type { Offer } from "../lib/protocol/offer.ts";
import type { PartialFile } from "../lib/payload/store.ts";
import type {
  AcceptOffer,
  PayloadSink,
} from "../lib/protocol/receive_payload.ts";
import type { SecureChannel } from "../lib/protocol/secure_channel.ts";
import type { Channel } from "../lib/transports/channel.ts";
import {
  type BrowseOptions,
  dialAddress,
  dialLan,
  type DialOptions,
  type Sender,
} from "./_dial.ts";
import type { RoomAddress } from "./_dial_relay.ts";
import {
  parseReceiveArgs,
  readOptions,
  type ReceiveOptions,
  resolvePassphrase,
  wantsJson,
} from "./_options.ts";
import { type Kind, KINDS } from "./_kinds.ts";
import { DEFAULT_RELAY_URL, parseRelayUrl } from "./_relay_url.ts";
import { formatBytes, formatCount, Terminal } from "./_terminal.ts";
import type { Taking } from "./_typed.ts";
import { Interruption, readTextInput, runGit, stateFolder } from "./_world.ts";

const USAGE =
  `Receives a distillation, or another kind of payload, that another machine shares.

Usage: receive.ts [options] [passphrase | invite] [host:port]

The text goes to standard output, cleaned of what could steer a terminal or a model.

  --kind KIND             what to receive: distillation (the default), memory or session
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
  --json                  print events as JSON lines; needs --output
  --help                  print this

The passphrase is taken from --typed, --passphrase-file, CLAUDE_SPREAD_PASSPHRASE, or
the first argument, which other users of this machine can see while the command runs.
`;

/** Largest payload, in bytes, that is printed: it is cleaned in memory. */
const MAX_PRINTED_BYTES = 16 * 1024 * 1024;

/** Pauses, in milliseconds, before each attempt to go on after the connection was cut. */
const RETRY_PAUSES_MS = [250, 500, 1_000, 2_000, 4_000];

// Loaded while the passphrase is stretched, which leaves the processor idle.
const loadTransfer = () => import("../lib/protocol/receive_payload.ts");
const loadStore = () => import("../lib/payload/store.ts");
const loadCleaner = () => import("../lib/payload/clean_text.ts");

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
  const start = performance.now();
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
  const reception = new Reception(options, terminal, folder);
  let [sender] = await Promise.all([
    findSender(options, dial, terminal, room),
    options.output && checkPlace(options.output),
  ]);
  for (let attempt = 0;; attempt++) {
    try {
      const offer = await reception.take(sender, passphrase);
      await report(offer, options, terminal, performance.now() - start);
      return;
    } catch (error) {
      sender.channel.abort(error as Error);
      if (reception.hasMoved) attempt = 0;
      sender = await redial(sender, dial, attempt, error, terminal);
    }
  }
}

/** Does what will be needed, while the processor has nothing else to do. */
async function prepare(folder: string): Promise<void> {
  const [store] = await Promise.all([
    loadStore(),
    loadTransfer(),
    loadCleaner(),
  ]);
  await store.removeStale(folder, new Date());
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

/** One payload on its way in, over as many connections as it takes. */
class Reception {
  /** Whether the last connection brought anything. */
  hasMoved = false;

  constructor(
    private readonly options: ReceiveOptions,
    private readonly terminal: Terminal,
    /** Where partial payloads are kept. */
    private readonly folder: string,
  ) {}

  async take(sender: Sender, passphrase: string): Promise<Offer> {
    this.hasMoved = false;
    await using stack = new AsyncDisposableStack();
    stack.use(sender.channel);
    let partial: PartialFile | undefined;
    const accept = async (offer: Offer) => {
      partial = stack.use(await this.#open(offer));
      return this.#sinkInto(partial);
    };
    try {
      return sender.protocol === 2
        ? await this.#takeNew(sender.channel, accept)
        : await this.#takeLegacy(sender.channel, accept, passphrase);
    } catch (error) {
      // What the sender no longer has will never be complete.
      if (isCode(error, "PAYLOAD_CHANGED")) await partial?.remove();
      throw error;
    }
  }

  async #takeNew(channel: SecureChannel, accept: AcceptOffer): Promise<Offer> {
    const { receivePayload } = await loadTransfer();
    return await receivePayload(channel, accept, ({ bytes, size }) => {
      this.hasMoved = true;
      this.terminal.progress(channel.peer, bytes, size);
    });
  }

  async #takeLegacy(
    channel: Channel,
    accept: AcceptOffer,
    passphrase: string,
  ): Promise<Offer> {
    this.terminal.warn(LEGACY_WARNING);
    const { LEGACY_TIMEOUT_MS, receiveLegacy } = await import(
      "../lib/protocol/legacy.ts"
    );
    const { withDeadline } = await import("../lib/protocol/deadline.ts");
    const { kind } = this.options;
    // Protocol 1 names no kind: it is the one that was asked for.
    const asAsked: AcceptOffer = (offer) => accept({ ...offer, kind });
    return await withDeadline(
      channel,
      LEGACY_TIMEOUT_MS,
      () => receiveLegacy(channel, passphrase, asAsked, new Date()),
    );
  }

  async #open(offer: Offer): Promise<PartialFile> {
    if (offer.kind !== this.options.kind) {
      throw unwanted(offer, this.options.kind);
    }
    if (this.options.output === undefined && offer.size > MAX_PRINTED_BYTES) {
      throw tooLargeToPrint(offer);
    }
    const { openPartial } = await loadStore();
    return await openPartial(this.folder, offer);
  }

  #sinkInto(partial: PartialFile): PayloadSink {
    const { output } = this.options;
    return {
      offset: partial.offset,
      write: (piece) => partial.write(piece),
      finish: async () => {
        await partial.verify();
        if (output !== undefined) return await partial.moveTo(output);
        await this.#print(await Deno.readFile(partial.path));
        await partial.remove();
      },
    };
  }

  async #print(bytes: Uint8Array): Promise<void> {
    const { cleanText } = await loadCleaner();
    const { text, removed } = cleanText(new TextDecoder().decode(bytes));
    this.terminal.print(text);
    const total = Object.values(removed).reduce((sum, count) => sum + count, 0);
    if (total === 0) return;
    const sorts = Object.entries(removed).filter(([, count]) => count > 0)
      .map(([sort, count]) => `${count} ${sort}`);
    this.terminal.warn(
      `${total} hidden or steering character sequences were taken out (${
        sorts.join(", ")
      }); ` +
        "--output keeps the exact bytes",
    );
  }
}

const LEGACY_WARNING =
  "protocol 1: whoever watches the network can try passphrases offline afterwards";

async function report(
  offer: Offer,
  options: ReceiveOptions,
  terminal: Terminal,
  elapsedMs: number,
): Promise<void> {
  const { cleanLine } = await loadCleaner();
  const clean = (text: string | undefined) => text && cleanLine(text, 200);
  const checkout = await compareWithCheckout(offer, options.project);
  const seconds = Number((elapsedMs / 1000).toFixed(3));
  const where = options.output === undefined ? "" : ` in "${options.output}"`;
  terminal.say(
    `received ${formatBytes(offer.size)}${where} in ${seconds} s` +
      (offer.sender === undefined ? "" : ` from ${clean(offer.sender)}`),
  );
  const { branch, commit } = offer.git ?? {};
  const source = [
    offer.project && `project ${clean(offer.project)}`,
    branch && `branch ${clean(branch)}`,
    commit && `commit ${commit.slice(0, 12)}`,
  ].filter(Boolean).join(", ");
  if (source !== "") terminal.say(`written in ${source}`);
  if (checkout !== undefined) terminal.say(CHECKOUT_WORDS[checkout]);
  terminal.event("delivered", {
    path: options.output,
    bytes: offer.size,
    seconds,
    checkout,
    ...offer,
  });
}

async function compareWithCheckout(
  offer: Offer,
  folder: string | undefined,
): Promise<CheckoutRelation | undefined> {
  if (folder === undefined) return undefined;
  const { compareCheckout } = await import("../lib/payload/project_facts.ts");
  return await compareCheckout(folder, offer.git, runGit);
}

const CHECKOUT_WORDS: Record<CheckoutRelation, string> = {
  same: "your checkout is at the same commit",
  ahead: "your checkout has that commit and newer ones",
  behind:
    "your checkout is behind that commit; update it (git merge --ff-only) before going on",
  diverged:
    "your checkout has that commit's branch point only: the two have diverged",
  commit_missing:
    "your checkout does not have that commit; fetch it (git fetch) before going on",
  nothing_offered: "the sender named no commit",
  no_git_here: "there is no git checkout here to compare with",
};

function unwanted(offer: Offer, kind: Kind): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNWANTED",
    `The sender shares ${KINDS[offer.kind].name}, not ${KINDS[kind].name}`,
    `Use ${
      KINDS[offer.kind].receive
    } (--kind ${offer.kind}), or ask the sender for ${KINDS[kind].name}`,
  );
}

function tooLargeToPrint(offer: Offer): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot print ${
      formatBytes(offer.size)
    }: at most 16 MiB go to standard output`,
    "Use --output FILE",
  );
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
    return 0;
  } catch (error) {
    await taking?.failed(error);
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
