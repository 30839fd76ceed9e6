/**
 * One search among the shares that are announced on the local network: tries those that may be the
 * right one, several at a time. See docs/protocol.md, section 7.2.
 *
 * `share_queue.ts` orders them; `sender.ts` connects.
 *
 * @module
 */

import type { Candidate } from "../../../lib/discovery/mdns.ts";
import { isPlainWords } from "../../../lib/crypto/eff_short_words.ts";
import { nameInWords } from "../../../lib/crypto/passphrase.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { MAX_GUESSES_IN_TOTAL } from "../../../lib/protocol/handshake/guesses.ts";
import type { Kind } from "../../../lib/payload.ts";
import { legacyPeer } from "../../../lib/protocol/handshake/messages.ts";
import {
  ANSWERS,
  explainFailures,
  type Failure,
  noSender,
  type OtherShares,
} from "./lan_failures.ts";
import { dialAddress, type DialOptions, type Sender } from "./sender.ts";
import {
  ANOTHER_MS,
  type HeardShare,
  MAX_REMEMBERED,
  ShareQueue,
} from "./share_queue.ts";

/** Most shares tried at the same time; each one keeps a processor busy with stretching. */
const MAX_AT_ONCE = 4;

/** Options of a search on the LAN. */
export interface BrowseOptions {
  /** The only address of this machine to search from. */
  interface?: string;
  /** Time to look for a sender, in milliseconds. */
  timeoutMs: number;
  /** The kind of payload that is wanted; absent for any. Words and rooms are followed whatever it is. */
  kind?: Kind;
  /** Called once for each share before it is tried, with its `user@host` if that is announced. */
  onCandidate: (instance: string, from: string | undefined) => void;
  /** Called if the search has to wait for a network. */
  onNoNetwork?: () => void;
  /**
   * Room code of the share. Without it words are tried at shares that announce their first one, and
   * a passphrase of a person's own at shares without a name.
   */
  room?: string;
  /** Instance name of the share: whatever else is announced is ignored. */
  instance?: string;
}

/** A sender that has proved itself, and the name of its instance. */
export interface FoundSender {
  sender: Sender;
  instance: string;
}

/** One search: its time limit, the shares heard of, and the attempts in progress. */
export class LanSearch implements Disposable {
  readonly signal: AbortSignal;
  readonly #ending = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #patience: ReturnType<typeof setTimeout> | undefined;
  /** Name of the share: the first word, if the passphrase is generated words. */
  readonly #name: string | undefined;
  readonly #others: OtherShares = {
    names: new Set(),
    haveRooms: false,
    areOld: false,
    kinds: new Set(),
  };
  readonly #queue = new ShareQueue();
  readonly #running = new Map<AbortController, Promise<void>>();
  readonly #failures: Failure[] = [];
  /** Shares that were reported by `onCandidate`. */
  readonly #reported = new Set<string>();
  #found: FoundSender | null = null;
  #defect: unknown = null;

  constructor(
    private readonly options: DialOptions,
    private readonly where: BrowseOptions,
  ) {
    const { secret, signal } = options;
    const isWords = typeof secret === "string" && isPlainWords(secret);
    this.#name = isWords ? nameInWords(secret) : undefined;
    this.signal = AbortSignal.any([this.#ending.signal, signal]);
    this.#timer = setTimeout(() => this.#ending.abort(), where.timeoutMs);
  }

  /** Takes an announced share, and tries it if it may be the right one. */
  hear(candidate: Candidate): void {
    if (!this.#isWanted(candidate)) return;
    const { instance, from } = candidate;
    if (!this.#reported.has(instance) && this.#reported.size < MAX_REMEMBERED) {
      this.#reported.add(instance);
      this.where.onCandidate(instance, from);
    }
    this.#queue.hear(candidate);
    this.#startSome();
  }

  /**
   * Waits for the attempts in progress once browsing has ended, and returns the sender.
   *
   * @throws {SpreadError} As `dialLan()`.
   */
  async outcome(): Promise<FoundSender> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    if (this.#defect !== null) throw this.#defect;
    this.options.signal.throwIfAborted();
    if (this.#found !== null) return this.#found;
    throw explainFailures(this.#failures) ?? noSender({
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
    const { instance, kind, room, to } = candidate;
    if (where.instance !== undefined) return instance === where.instance;
    // A wrong kind is reported once the share is found.
    if (where.room !== undefined) return room === where.room;
    if (this.#name !== undefined) return this.#isNamed(candidate);
    // Shares for pairs have neither words nor a passphrase.
    if (to !== undefined) return false;
    if (this.#noteOther(candidate)) return false;
    const isWanted = where.kind === undefined ||
      (kind ?? where.kind) === where.kind;
    if (!isWanted) this.#others.kinds.add(kind!);
    return isWanted;
  }

  /** Whether the words name this share, or may be of it because protocol 1 has no names. */
  #isNamed(candidate: Candidate): boolean {
    if (candidate.name === this.#name) return true;
    if (candidate.protocol === 1 && this.options.legacy) return true;
    this.#noteOther(candidate);
    return false;
  }

  /** Notes a share for the hints of `noSender()`; returns whether it has a name. */
  #noteOther({ name, room, protocol }: Candidate): boolean {
    const { names } = this.#others;
    if (name !== undefined && names.size < MAX_REMEMBERED) names.add(name);
    if (room !== undefined) this.#others.haveRooms = true;
    if (protocol === 1) this.#others.areOld = true;
    return name !== undefined;
  }

  /** Starts attempts, at most as many as there are guesses left: each one may cost a guess. */
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

  /** Ends the search {@linkcode ANOTHER_MS} after the last attempt, unless one follows. */
  #watchPatience(): void {
    if (!this.#queue.isIdle) {
      clearTimeout(this.#patience);
      this.#patience = undefined;
    } else if (this.#failures.length > 0) {
      const giveUp = () => this.#ending.abort();
      this.#patience ??= setTimeout(giveUp, ANOTHER_MS);
    }
  }

  /** Guesses that are left for the LAN; a search that has a room keeps one for it. */
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
      const { candidate } = share;
      const sender = await this.#dial(candidate, losing.signal);
      this.#take({ sender, instance: candidate.instance }, losing);
    } catch (error) {
      this.#noteFailure(share, error);
    }
  }

  async #dial(candidate: Candidate, losing: AbortSignal): Promise<Sender> {
    const { addresses, port, protocol } = candidate;
    if (protocol === 1 && !this.options.legacy) throw legacyPeer();
    const signal = AbortSignal.any([this.options.signal, losing]);
    const places = addresses.map((hostname) => ({ hostname, port }));
    const how = { ...this.options, signal };
    return await dialAddress(places, how, protocol);
  }

  #take(found: FoundSender, winning: AbortController): void {
    if (this.#found !== null) return found.sender.channel.abort(notNeeded());
    this.#found = found;
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

function notNeeded(): SpreadError {
  return new SpreadError("INTERRUPTED", "Another share was the right one");
}
