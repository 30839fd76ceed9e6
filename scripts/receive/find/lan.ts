/**
 * Finds the sender among the shares that are announced on the local network. Several that may
 * be the right one are tried side by side.
 *
 * @module
 */

import type { Candidate } from "../../../lib/discovery/mdns.ts";
import { isPlainWords } from "../../../lib/crypto/eff_short_words.ts";
import { nameInWords } from "../../../lib/crypto/passphrase.ts";
import { SpreadError, type SpreadErrorCode } from "../../../lib/errors.ts";
import { MAX_GUESSES_IN_TOTAL } from "../../../lib/protocol/handshake/guesses.ts";
import { legacyPeer } from "../../../lib/protocol/handshake/messages.ts";
import type { Kind } from "../../../lib/payload.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import {
  type Failure,
  mostTelling,
  noSender,
  type OtherShares,
} from "./lan_failures.ts";
import { dialAddress, type DialOptions, type Sender } from "./sender.ts";
import { type HeardShare, MAX_REMEMBERED, ShareQueue } from "./share_queue.ts";

/** Time to wait for another candidate once all of them have been tried, in milliseconds. */
const ANOTHER_CANDIDATE_MS = 1_500;

/** Most shares tried at the same time; stretching a passphrase takes a processor for each. */
const MAX_AT_ONCE = 4;

/** Longest name of a sender, in UTF-16 units. */
const MAX_FROM_LENGTH = 128;

/** Time to look for a sender again after a cut, in milliseconds. */
const AGAIN_MS = 3_000;

/** Options of a search on the LAN. */
export interface BrowseOptions {
  /** Limits the search to one address of this machine. */
  interface?: string;
  /** Time to look for a sender, in milliseconds. */
  timeoutMs: number;
  /** Ignores shares that announce another kind; if absent, none. */
  kind?: Kind;
  /** Called before the first connection to a sender. */
  onCandidate: (instance: string, from: string | undefined) => void;
  /**
   * Limits the search to the share with this room on a relay; without it, to shares of the name
   * that the words begin with, or of none for another passphrase.
   */
  room?: string;
  /** Limits the search to this one share. */
  instance?: string;
}

/**
 * Finds a sender on the LAN that knows the passphrase.
 *
 * @throws {SpreadError} `NO_SENDER` when none was found; otherwise the most useful of the reasons
 * why those found did not match.
 */
export async function dialLan(
  options: DialOptions,
  where: BrowseOptions,
): Promise<Sender> {
  const { browse, InterfaceWatch } = await import(
    "../../../lib/discovery/mdns.ts"
  );
  const watch = new InterfaceWatch(
    () => Deno.networkInterfaces(),
    where.interface,
  );
  using search = new LanSearch(options, where);
  for await (const candidate of browse({ watch, signal: search.signal })) {
    const from = cleanLine(candidate.from ?? "", MAX_FROM_LENGTH) || undefined;
    search.hear({ ...candidate, from });
  }
  return await search.outcome();
}

/**
 * The same sender, which is looked for after a cut: its addresses may be others by then. Where
 * that finds nobody, or somebody else who announces its name, its old address is tried.
 */
function findable(
  sender: Sender,
  options: DialOptions,
  where: BrowseOptions,
): Sender {
  const again = () =>
    dialLan(options, { ...where, timeoutMs: AGAIN_MS, onCandidate: () => {} })
      .catch(async (error) => {
        options.signal.throwIfAborted();
        if (!(error instanceof SpreadError)) throw error;
        return findable(await sender.again(), options, where);
      });
  return { ...sender, again };
}

/** A search: its time, the shares heard of, and the attempts under way. */
class LanSearch implements Disposable {
  readonly signal: AbortSignal;
  readonly #ending = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #patience: ReturnType<typeof setTimeout> | undefined;
  /** Name of the share, if the passphrase is generated words. */
  readonly #name: string | undefined;
  readonly #others: OtherShares = {
    names: new Set(),
    haveRooms: false,
    areOld: false,
  };
  readonly #queue = new ShareQueue();
  readonly #running = new Map<AbortController, Promise<void>>();
  readonly #failures: Failure[] = [];
  /** Shares that the person was told of. */
  readonly #told = new Set<string>();
  #found: Sender | null = null;
  #defect: unknown = null;

  constructor(
    private readonly options: DialOptions,
    private readonly where: BrowseOptions,
  ) {
    const { passphrase, signal } = options;
    this.#name = isPlainWords(passphrase) ? nameInWords(passphrase) : undefined;
    this.signal = AbortSignal.any([this.#ending.signal, signal]);
    this.#timer = setTimeout(() => this.#ending.abort(), where.timeoutMs);
  }

  /** Takes note of a share, and tries it if it may be the right one. */
  hear(candidate: Candidate): void {
    if (!this.#isWanted(candidate)) return;
    const { instance, from } = candidate;
    if (!this.#told.has(instance) && this.#told.size < MAX_REMEMBERED) {
      this.#told.add(instance);
      this.where.onCandidate(instance, from);
    }
    this.#queue.hear(candidate);
    this.#startSome();
  }

  /** The sender, once the search has ended. */
  async outcome(): Promise<Sender> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    if (this.#defect !== null) throw this.#defect;
    this.options.signal.throwIfAborted();
    if (this.#found !== null) return this.#found;
    throw mostTelling(this.#failures) ?? noSender({
      timeoutMs: this.where.timeoutMs,
      name: this.where.room === undefined ? this.#name : undefined,
      others: this.#others,
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#ending.abort();
  }

  #isWanted(candidate: Candidate): boolean {
    const { where } = this;
    const { instance, kind, room } = candidate;
    if (where.instance !== undefined) return instance === where.instance;
    // Its kind does not matter: the person hears of a wrong one once it is found.
    if (where.room !== undefined) return room === where.room;
    if (this.#name !== undefined) return this.#isNamed(candidate);
    const isOtherKind = kind !== undefined && where.kind !== undefined &&
      kind !== where.kind;
    return !isOtherKind && !this.#noteOther(candidate);
  }

  /** Whether the words name this share, or may belong to it because it is too old for names. */
  #isNamed(candidate: Candidate): boolean {
    if (candidate.name === this.#name) return true;
    if (candidate.protocol === 1 && this.options.legacy) return true;
    this.#noteOther(candidate);
    return false;
  }

  /** Takes note of a share that is not meant; returns whether its words name it. */
  #noteOther({ name, room, protocol }: Candidate): boolean {
    const { names } = this.#others;
    if (name !== undefined && names.size < MAX_REMEMBERED) names.add(name);
    if (room !== undefined) this.#others.haveRooms = true;
    if (protocol === 1) this.#others.areOld = true;
    return name !== undefined;
  }

  /** Starts attempts; each one under way may cost a guess, of which there are only so many. */
  #startSome(): void {
    const left = this.#guessesLeft();
    if (left <= 0) this.#ending.abort();
    while (!this.signal.aborted) {
      const share = this.#queue.take(Math.min(MAX_AT_ONCE, left));
      if (share === null) break;
      this.#start(share);
    }
    this.#watchPatience();
  }

  /** Ends the search some time after the last attempt, unless there is another one. */
  #watchPatience(): void {
    if (!this.#queue.isIdle) {
      clearTimeout(this.#patience);
      this.#patience = undefined;
    } else if (this.#failures.length > 0) {
      const giveUp = () => this.#ending.abort();
      this.#patience ??= setTimeout(giveUp, ANOTHER_CANDIDATE_MS);
    }
  }

  /** Leaves one guess for the room. */
  #guessesLeft(): number {
    const forRoom = this.where.room === undefined ? 0 : 1;
    return MAX_GUESSES_IN_TOTAL - forRoom - this.options.guesses.spent;
  }

  #start(share: HeardShare): void {
    const losing = new AbortController();
    const attempt = this.#attempt(share, losing).finally(() => {
      this.#running.delete(losing);
      this.#queue.finish(share);
      this.#startSome();
    });
    this.#running.set(losing, attempt);
  }

  async #attempt(share: HeardShare, losing: AbortController): Promise<void> {
    try {
      this.#take(await this.#dial(share.candidate, losing.signal), losing);
    } catch (error) {
      this.#noteFailure(share, error);
    }
  }

  async #dial(candidate: Candidate, losing: AbortSignal): Promise<Sender> {
    const { addresses, port, protocol, instance } = candidate;
    if (protocol === 1 && !this.options.legacy) throw legacyPeer();
    const signal = AbortSignal.any([this.options.signal, losing]);
    const places = addresses.map((hostname) => ({ hostname, port }));
    const how = { ...this.options, signal };
    const sender = await dialAddress(places, how, protocol);
    return findable(sender, this.options, { ...this.where, instance });
  }

  #take(sender: Sender, winning: AbortController): void {
    if (this.#found !== null) return sender.channel.abort(notNeeded());
    this.#found = sender;
    for (const other of this.#running.keys()) {
      if (other !== winning) other.abort(notNeeded());
    }
    this.#ending.abort();
  }

  #noteFailure(share: HeardShare, error: unknown): void {
    if (!(error instanceof SpreadError)) {
      this.#defect ??= error;
      return this.#ending.abort();
    }
    if (error.code === "INTERRUPTED") return;
    share.isOther = ANSWERS.includes(error.code);
    if (this.#failures.length < MAX_REMEMBERED) {
      this.#failures.push({ error, of: share.candidate });
    }
  }
}

/** Errors after which more addresses of the same share would not help. */
const ANSWERS: SpreadErrorCode[] = [
  "PASSPHRASE_REFUSED",
  "SECRET_MISMATCH",
  "TOO_MANY_GUESSES",
  "LEGACY_PEER",
];

function notNeeded(): SpreadError {
  return new SpreadError("INTERRUPTED", "Another share was the right one");
}
