/**
 * Receives sessions: the list first, then the picked ones.
 *
 * Each picked session is installed once it has arrived completely and been checked, before the
 * receipt goes to the sender.
 *
 * @module
 */

import type { Bytes } from "../../../lib/bytes.ts";
import { sessionFolders } from "../../../lib/claude/project_folders.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import {
  type CatalogueEntry,
  decodeCatalogue,
  MAX_CATALOGUE_BYTES,
} from "../../../lib/session/catalogue.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import {
  leave,
  receiveCatalogueOffer,
  receiveChosen,
} from "../../../lib/protocol/transfer/receive_chosen.ts";
import {
  type PayloadSink,
  receiveOffered,
} from "../../../lib/protocol/transfer/receive.ts";
import type { SecureChannel } from "../../../lib/protocol/secure_channel.ts";
import type { Sender } from "../find/sender.ts";
import { claudeSurroundings } from "../../cli/claude.ts";
import { unwanted } from "../../cli/kinds.ts";
import type { ReceiveOptions } from "../options.ts";
import { askForPicks, canPick } from "./ask_for_picks.ts";
import type { Receiving } from "../receiving.ts";
import { nothingPicked, sayHowToPick } from "../next_step.ts";
import { PackedSession } from "./packed_session.ts";
import { resolvePicks, showList } from "./list.ts";
import { findOpened } from "../work/opened.ts";
import { type OfferedWork, WorkReceiving } from "../work/take_work.ts";
import { readPicks, type SessionPick } from "../../cli/sessions/options.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** Encodings that this receiver can decode. */
const ENCODINGS = ["zstd" as const];

/** The sessions on offer, and those being received. */
export class SessionReceiving implements Receiving {
  hasMoved = false;
  keptBytes = 0;
  #offer: Offer | null = null;
  #entries: CatalogueEntry[] = [];
  #isChosen = false;
  /** Picked sessions not received yet; `null` until the list has arrived. */
  #waiting: CatalogueEntry[] | null = null;
  readonly #picks: SessionPick[];

  private constructor(
    private readonly options: ReceiveOptions,
    private readonly terminal: Terminal,
    /** Folder of partial payloads. */
    private readonly folder: string,
    private readonly signal: AbortSignal,
  ) {
    this.#picks = readPicks(options);
  }

  /** @throws {SpreadError} `USAGE` when the project's folder is missing. */
  static async open(
    options: ReceiveOptions,
    terminal: Terminal,
    folder: string,
    signal: AbortSignal,
  ): Promise<SessionReceiving> {
    const isInstalled = options.pick !== undefined &&
      options.output === undefined;
    if (isInstalled) await requireProject(options);
    return new SessionReceiving(options, terminal, folder, signal);
  }

  async take(sender: Sender, offer: Offer | null): Promise<void> {
    this.hasMoved = false;
    if (sender.protocol === 1) throw new TypeError("It knows no sessions");
    await using channel = sender.channel;
    this.#offer = await receiveCatalogueOffer(
      channel,
      requireSessions,
      offer!,
    );
    if (this.#waiting === null) {
      this.#entries = await this.#takeCatalogue(channel, this.#offer);
      this.#waiting = await this.#choose(channel, this.#offer);
      this.#isChosen = this.#waiting.length > 0;
    }
    for (let next; (next = this.#waiting[0]) !== undefined;) {
      await this.#takeOne(channel, next);
      this.#waiting.shift();
    }
    if (this.#offer.work !== undefined) {
      await this.#takeWork(channel, this.#offer.work, sender.pair);
    }
    await leave(channel);
    if (!this.#isChosen) this.#tellHowToPick(sender.pair);
  }

  /** Finds out which sessions to take; on failure, closes the channel in order first. */
  async #choose(
    channel: SecureChannel,
    offer: Offer,
  ): Promise<CatalogueEntry[]> {
    const { options, terminal } = this;
    try {
      if (options.pick !== undefined) {
        return resolvePicks(this.#entries, this.#picks);
      }
      showList(this.#entries, offer, terminal);
      return await this.#ask();
    } catch (error) {
      await leave(channel);
      throw error;
    }
  }

  /** The sender waits for two minutes; after that, the choice goes over a new connection. */
  async #ask(): Promise<CatalogueEntry[]> {
    const { options, terminal, signal } = this;
    if (!await canPick(options)) return [];
    const picked = await askForPicks(this.#entries, terminal, signal);
    if (picked.length > 0) await requireProject(options);
    return picked;
  }

  /** @param pair Our name for the sender, if it is paired with this machine. */
  #tellHowToPick(pair: string | undefined): void {
    const { options, terminal } = this;
    const again = pair === undefined ? "words" : { pair };
    sayHowToPick(this.#entries.length, options, terminal, again);
    if (options.output !== undefined) throw nothingPicked(options.output);
  }

  /** Takes the work beside the sessions, whether or not any of these were picked. */
  async #takeWork(
    channel: SecureChannel,
    offered: OfferedWork,
    pair: string | undefined,
  ): Promise<void> {
    const { folder, terminal, options: { isTyped } } = this;
    const from = pair ?? this.#offer?.sender;
    using work = new WorkReceiving({ folder, terminal, from, isTyped });
    await work.choose(channel, offered).catch((error) => {
      this.hasMoved ||= work.hasGrown;
      this.keptBytes = work.keptBytes;
      throw error;
    });
  }

  async #takeCatalogue(
    channel: SecureChannel,
    offer: Offer,
  ): Promise<CatalogueEntry[]> {
    const sink = new CatalogueSink(offer);
    const accept = () => {
      if (offer.size > MAX_CATALOGUE_BYTES) return Promise.reject(tooLarge());
      return Promise.resolve(sink);
    };
    await receiveOffered(channel, offer, accept, () => {});
    return sink.entries;
  }

  async #takeOne(channel: SecureChannel, entry: CatalogueEntry): Promise<void> {
    const start = performance.now();
    const { id } = entry;
    const choice = { id, encodings: ENCODINGS };
    const title = cleanLine(entry.title, 80);
    this.terminal.say(`waiting while the sender packs "${title}"`);
    const { folder, signal } = this;
    const { sender: from, work } = this.#offer!;
    const options = await forWorktree(this.options, work);
    using packed = new PackedSession({ folder, options, signal, from });
    const offer = await receiveChosen(
      channel,
      choice,
      (offer) => packed.accept(offer),
      ({ bytes, size }) => this.terminal.progress(channel.peer, bytes, size),
    ).catch((error) => {
      this.hasMoved ||= packed.hasGrown;
      this.keptBytes = packed.keptBytes;
      return packed.giveUp(error);
    });
    this.hasMoved = true;
    packed.tell(offer, start, this.terminal);
  }
}

/**
 * The options for a session whose work is open already: it is installed for that work tree, unless
 * the user has named a project.
 */
export async function forWorktree(
  options: ReceiveOptions,
  work: OfferedWork | undefined,
): Promise<ReceiveOptions> {
  const isNamed = options.project !== undefined && !options.isTyped;
  if (isNamed || options.output !== undefined) return options;
  const opened = await findOpened(work);
  if (opened === null) return options;
  return { ...options, project: opened.to, checkout: opened };
}

/** Receives a catalogue into memory; the caller limits its size when it accepts the offer. */
class CatalogueSink implements PayloadSink {
  readonly offset = 0;
  entries: CatalogueEntry[] = [];
  readonly #bytes: Bytes;
  #stored = 0;

  constructor(private readonly offer: Offer) {
    this.#bytes = new Uint8Array(Math.min(offer.size, MAX_CATALOGUE_BYTES));
  }

  write(piece: Bytes): void {
    this.#bytes.set(piece, this.#stored);
    this.#stored += piece.length;
  }

  async finish(): Promise<void> {
    const digest = await crypto.subtle.digest("SHA-256", this.#bytes);
    if (new Uint8Array(digest).toHex() !== this.offer.sha256) throw corrupt();
    this.entries = decodeCatalogue(this.#bytes);
  }
}

/** @throws {SpreadError} `USAGE` when the project's folder is missing. */
export async function requireProject(
  { project }: ReceiveOptions,
): Promise<void> {
  await sessionFolders(claudeSurroundings(project));
}

function requireSessions(offer: Offer): void {
  if (offer.kind !== "session") throw unwanted(offer.kind, "session");
}

function tooLarge(): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    "The sender's list of sessions is larger than 4 MiB",
    "Ask the sender to offer fewer sessions",
  );
}

function corrupt(): SpreadError {
  return new SpreadError(
    "PAYLOAD_CORRUPT",
    "Cannot use the sender's list of sessions: it is not what the sender offered",
    "Run the command again",
  );
}
