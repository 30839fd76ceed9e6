/**
 * Finds the sender among the shares that are announced on the local network. Several that may
 * be the right one are tried side by side.
 *
 * @module
 */

import type { Candidate } from "../../lib/discovery/mdns.ts";
import { SpreadError, type SpreadErrorCode } from "../../lib/errors.ts";
import { MAX_GUESSES_IN_TOTAL } from "../../lib/protocol/handshake/guesses.ts";
import { legacyPeer } from "../../lib/protocol/handshake/messages.ts";
import type { Kind } from "../../lib/payload.ts";
import { formatAddress } from "../../lib/transports/tcp.ts";
import { Semaphore } from "../../lib/waiting.ts";
import { formatCount } from "../cli/screen/format.ts";
import { dialAddress, type DialOptions, type Sender } from "./find_sender.ts";

/** Time to wait for another candidate after one did not match, in milliseconds. */
const ANOTHER_CANDIDATE_MS = 1_500;

/** Most shares tried at the same time; stretching a passphrase takes a processor for each. */
const MAX_AT_ONCE = 4;

/** Time to look for a sender again after a cut, in milliseconds. */
const AGAIN_MS = 3_000;

/** Most shares named in an error. */
const MAX_SHOWN = 5;

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
  /** Limits the search to the share with this room on a relay. */
  room?: string;
  /** Limits the search to shares of this name; without it, they have none. */
  name?: string;
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
    "../../lib/discovery/mdns.ts"
  );
  const watch = new InterfaceWatch(
    () => Deno.networkInterfaces(),
    where.interface,
  );
  using search = new LanSearch(options, where);
  for await (const candidate of browse({ watch, signal: search.signal })) {
    search.hear(candidate);
  }
  return await search.outcome();
}

/** The same sender, which is looked for after a cut: its addresses may be others by then. */
function findable(
  sender: Sender,
  options: DialOptions,
  where: BrowseOptions,
): Sender {
  const again = () =>
    dialLan(options, { ...where, timeoutMs: AGAIN_MS, onCandidate: () => {} })
      .catch(async (error) => {
        if (!SpreadError.is(error, "NO_SENDER", "CANNOT_LISTEN")) throw error;
        return findable(await sender.again(), options, where);
      });
  return { ...sender, again };
}

/** A share that was heard of, and what has come of it. */
interface Heard {
  candidate: Candidate;
  /** Addresses that were tried. */
  tried: Set<string>;
  isBusy: boolean;
  /** Whether it has answered that it is not the one. */
  isOther: boolean;
}

/** A search: its time, the shares heard of, and the attempts under way. */
class LanSearch implements Disposable {
  readonly signal: AbortSignal;
  readonly #ending = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #patience: ReturnType<typeof setTimeout> | undefined;
  readonly #heard = new Map<string, Heard>();
  /** Names of shares that were not looked for. */
  readonly #otherNames = new Set<string>();
  readonly #running = new Map<AbortController, Promise<void>>();
  readonly #slots = new Semaphore(MAX_AT_ONCE);
  readonly #failures: { error: SpreadError; of: Candidate }[] = [];
  #found: Sender | null = null;
  #defect: unknown = null;

  constructor(
    private readonly options: DialOptions,
    private readonly where: BrowseOptions,
  ) {
    this.signal = AbortSignal.any([this.#ending.signal, options.signal]);
    this.#timer = setTimeout(() => this.#ending.abort(), where.timeoutMs);
  }

  /** Takes note of a share, and tries it if it may be the right one. */
  hear(candidate: Candidate): void {
    if (!this.#isWanted(candidate)) return;
    const { instance, from } = candidate;
    const known = this.#heard.get(instance);
    if (known === undefined) this.where.onCandidate(instance, from);
    const heard = known ??
      { candidate, tried: new Set(), isBusy: false, isOther: false };
    heard.candidate = candidate;
    this.#heard.set(instance, heard);
    this.#try(heard);
  }

  /** The sender, once the search has ended. */
  async outcome(): Promise<Sender> {
    await Promise.all(this.#running.values());
    if (this.#defect !== null) throw this.#defect;
    this.options.signal.throwIfAborted();
    return this.#found ?? this.#fail();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#ending.abort();
  }

  #isWanted({ instance, kind, room, name, protocol }: Candidate): boolean {
    const { where } = this;
    if (where.instance !== undefined) return instance === where.instance;
    const isOtherKind = kind !== undefined && where.kind !== undefined &&
      kind !== where.kind;
    if (isOtherKind) return false;
    if (where.room !== undefined) return room === where.room;
    if (protocol === 1 || name === where.name) return true;
    if (name !== undefined) this.#otherNames.add(name);
    return false;
  }

  #try(heard: Heard): void {
    if (heard.isBusy || heard.isOther || this.#isOver()) return;
    const { addresses, port } = heard.candidate;
    if (addresses.every((one) => heard.tried.has(`${one} ${port}`))) return;
    for (const one of addresses) heard.tried.add(`${one} ${port}`);
    heard.isBusy = true;
    const losing = new AbortController();
    const attempt = this.#attempt(heard, losing).finally(() =>
      this.#running.delete(losing)
    );
    this.#running.set(losing, attempt);
  }

  async #attempt(heard: Heard, losing: AbortController): Promise<void> {
    try {
      using _slot = await this.#slots.acquire();
      if (this.#isOver()) return;
      this.#take(await this.#dial(heard.candidate, losing.signal), losing);
    } catch (error) {
      this.#noteFailure(heard, error);
    } finally {
      heard.isBusy = false;
    }
    // More addresses may have come meanwhile.
    this.#try(heard);
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

  #noteFailure(heard: Heard, error: unknown): void {
    if (!(error instanceof SpreadError)) {
      this.#defect ??= error;
      return this.#ending.abort();
    }
    if (error.code === "INTERRUPTED") return;
    heard.isOther = ANSWERS.includes(error.code);
    this.#failures.push({ error, of: heard.candidate });
    const end = () => this.#ending.abort();
    if (this.#isOver()) return end();
    clearTimeout(this.#patience);
    this.#patience = setTimeout(end, ANOTHER_CANDIDATE_MS);
  }

  /** Whether no further share is tried; each attempt under way may cost a guess. */
  #isOver(): boolean {
    const refused =
      this.#failures.filter(({ error }) => error.code === "PASSPHRASE_REFUSED")
        .length;
    return this.#found !== null || this.#defect !== null ||
      refused >= MAX_GUESSES_IN_TOTAL;
  }

  /** Throws the failure that a person can do most about. */
  #fail(): never {
    for (const code of MOST_TELLING) {
      const same = this.#failures.filter(({ error }) => error.code === code);
      if (same.length === 1) throw same[0]!.error;
      if (same.length > 1) throw ofSeveral(same);
    }
    throw this.#failures[0]?.error ?? this.#noSender();
  }

  #noSender(): SpreadError {
    const { timeoutMs, name } = this.where;
    const what = name === undefined ? "No sender" : `No share "${name}"`;
    const others = listed(
      [...this.#otherNames].sort().map((one) => `"${one}"`),
    );
    return new SpreadError(
      "NO_SENDER",
      `${what} was found on the local network within ${
        formatCount(timeoutMs / 1000, "second")
      }`,
      (others === "" || name === undefined
        ? ""
        : `Compare the first word with the sender's: there are ${others} here. `) +
        "Check that the sender is still sharing and that both machines are on the same network " +
        "(guest Wi-Fi and VPNs often keep machines apart; UDP port 5353 must be open); " +
        "or give the sender's host:port",
    );
  }
}

/** Errors after which more addresses of the same share would not help. */
const ANSWERS: SpreadErrorCode[] = [
  "PASSPHRASE_REFUSED",
  "SECRET_MISMATCH",
  "TOO_MANY_GUESSES",
  "LEGACY_PEER",
];

/** The order in which a person can do something about an error. */
const MOST_TELLING: SpreadErrorCode[] = [
  "PASSPHRASE_REFUSED",
  "TOO_MANY_GUESSES",
  "SECRET_MISMATCH",
  "LEGACY_PEER",
  "UNREACHABLE",
];

/** The same failure of several shares, with the shares that were tried. */
function ofSeveral(
  failures: { error: SpreadError; of: Candidate }[],
): SpreadError {
  const [{ error }] = failures as [{ error: SpreadError; of: Candidate }];
  const shares = failures.map(({ of: { from, instance, addresses, port } }) =>
    `${from ?? instance} at ${formatAddress(addresses[0]!, port)}`
  );
  return new SpreadError(
    error.code,
    `${error.message}; tried ${listed(shares)}`,
    error.hint,
    { cause: error },
  );
}

function listed(shares: string[]): string {
  const more = shares.length - MAX_SHOWN;
  return shares.slice(0, MAX_SHOWN).join(", ") +
    (more > 0 ? ` and ${more} more` : "");
}

function notNeeded(): SpreadError {
  return new SpreadError("INTERRUPTED", "Another share was the right one");
}
