/**
 * The directory of a relay that runs as several instances: rooms, requests and tunnels in Deno
 * KV.
 *
 * The entry of a room names the instance that owns the room (`claims.ts`). An instance that looks
 * for a room elsewhere puts a request into the owner's inbox and sets the owner's bell, a key that
 * the owner watches. The two then communicate through a tunnel.
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { Claims } from "./claims.ts";
import { Mirror } from "./mirror.ts";
import { keys, parseRequest, type Request, TOPICS } from "./schema.ts";
import { SteadyStore, type Store, type StoredValue } from "./store.ts";
import { Tunnel } from "./tunnel/tunnel.ts";
import { type TunnelEvents, type TunnelTimes } from "./tunnel/types.ts";
import { GuestEnd, TunnelWire } from "./tunnel/ends.ts";
import { networkKey } from "../../lib/admission/network_key.ts";
import type { FillRandom } from "../../lib/bytes.ts";
import type { Directory, DirectoryEvents } from "../rooms/directory.ts";
import type { NamedRoom } from "../rooms/room_codes.ts";
import type { CodesByTopic } from "../rooms/room_topics.ts";
import type { Wire, WireEvents } from "../rooms/clients/wire.ts";

/** Requests that one read takes from the inbox. */
const REQUESTS_AT_ONCE = 32;

/** Intervals and time limits of a directory, in milliseconds. */
export interface DirectoryTimes extends TunnelTimes {
  /** Time between two checks of the inbox when the bell is not set. */
  pollMs: number;
  /** Lifetime of a request in the inbox. */
  requestMs: number;
}

const TIMES: DirectoryTimes = {
  beatMs: 3_000,
  liveMs: 10_000,
  keepMs: 120_000,
  lingerMs: 30_000,
  pollMs: 1_000,
  requestMs: 30_000,
};

/** Environment of a directory: storage, clock, randomness and settings. */
export interface DirectoryEnvironment {
  store: Store;
  /** Milliseconds that never go back. */
  now(): number;
  fillRandom: FillRandom;
  /** Key shared by all instances; hides addresses behind a MAC. */
  secret: string;
  maxMessageBytes: number;
}

/** Finds the rooms of all instances. */
export class KvDirectory implements Directory, AsyncDisposable {
  readonly #environment: DirectoryEnvironment;
  readonly #events: DirectoryEvents;
  readonly #times: DirectoryTimes;
  readonly #id: string;
  readonly #ending = new AbortController();
  readonly #store: Store;
  readonly #claims: Claims;
  readonly #topics: Mirror<CodesByTopic>;
  readonly #tunnels = new Set<Tunnel>();
  /** Background work that has not finished. */
  readonly #chores = new Set<Promise<void>>();
  #timers: ReturnType<typeof setInterval>[] = [];
  #isLooking = false;
  /** Whether the bell was set since the last read of the inbox. */
  #hasRung = false;

  private constructor(
    environment: DirectoryEnvironment,
    events: DirectoryEvents,
    times: Partial<DirectoryTimes>,
  ) {
    this.#environment = environment;
    this.#events = events;
    this.#times = { ...TIMES, ...times };
    this.#id = this.#randomId();
    this.#store = new SteadyStore(environment.store, this.#ending.signal);
    this.#claims = new Claims({
      store: this.#store,
      owner: this.#id,
      makeId: () => this.#randomId(),
    });
    this.#topics = new Mirror({
      store: this.#store,
      prefix: TOPICS,
      mark: keys.topicsMark,
      now: environment.now,
      build: byTopic,
    });
  }

  /** Announces this instance to the others. Rejects when KV fails. */
  static async open(
    environment: DirectoryEnvironment,
    events: DirectoryEvents,
    times: Partial<DirectoryTimes> = {},
  ): Promise<KvDirectory> {
    const directory = new KvDirectory(environment, events, times);
    await directory.#beat();
    directory.#start();
    return directory;
  }

  claim(room: NamedRoom, ttlMs: number): Promise<boolean> {
    return this.#claims.claim(room, ttlMs);
  }

  takeOver(room: NamedRoom, ttlMs: number): Promise<boolean> {
    return this.#claims.takeOver(room, ttlMs);
  }

  topics(): Promise<CodesByTopic> {
    return this.#topics.read();
  }

  release(code: string): void {
    if (code !== "") this.#chore(this.#claims.release(code));
  }

  async lead(code: string, wire: Wire): Promise<WireEvents | null> {
    const owner = await this.#claims.find(code);
    if (owner === null) return null;
    const [instance] = await this.#store.read([keys.instance(owner)]);
    if (instance!.version === null) return null;
    const id = this.#randomId();
    const guest = new GuestEnd(
      wire,
      (events) => this.#open(id, "guest", owner, events),
    );
    const address = this.#hash(wire.address);
    const sets = this.#requestTo(owner, id, {
      kind: "open",
      tunnel: id,
      guest: this.#id,
      address,
    });
    await guest.tunnel.start({ sets });
    if (await guest.tunnel.greeted(this.#times.liveMs)) return guest.lead();
    guest.tunnel.abort();
    return null;
  }

  /** Ends every tunnel and removes this instance from KV. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    for (const tunnel of [...this.#tunnels]) tunnel.abort();
    await Promise.all([...this.#tunnels].map(({ done }) => done));
    await Promise.all(this.#chores);
    const gone = { deletes: [keys.instance(this.#id), keys.bell(this.#id)] };
    await this.#store.commit(gone).catch(() => {});
  }

  /** Stops all timers and watches, without notice to anyone. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#ending.abort();
  }

  #start(): void {
    const { beatMs, pollMs } = this.#times;
    this.#timers = [
      setInterval(() => this.#tick(), beatMs),
      setInterval(() => this.#look(), pollMs),
    ];
    const { signal } = this.#ending;
    const bell = keys.bell(this.#id);
    this.#chore(this.#store.watch(bell, signal, () => this.#look()));
  }

  #tick(): void {
    this.#chore(this.#beat());
    for (const tunnel of this.#tunnels) this.#chore(tunnel.tick());
  }

  /** Renews the sign of life of this instance. */
  async #beat(): Promise<void> {
    const key = keys.instance(this.#id);
    const ttlMs = this.#times.liveMs;
    await this.#store.commit({ sets: [{ key, value: true, ttlMs }] });
  }

  #look(): void {
    this.#hasRung = true;
    if (!this.#isLooking) this.#chore(this.#empty());
  }

  /** Empties the inbox. */
  async #empty(): Promise<void> {
    this.#isLooking = true;
    try {
      while (this.#hasRung && !this.#ending.signal.aborted) {
        this.#hasRung = false;
        const start = keys.request(this.#id, "");
        const end = keys.request(this.#id, "\uffff");
        const found = await this.#store.list(start, end, REQUESTS_AT_ONCE);
        if (found.length > 0) await this.#take(found);
        if (found.length === REQUESTS_AT_ONCE) this.#hasRung = true;
      }
    } finally {
      this.#isLooking = false;
    }
  }

  async #take(entries: StoredValue[]): Promise<void> {
    // Deleted first, so that no request is served twice.
    await this.#store.commit({ deletes: entries.map(({ key }) => key) });
    for (const { value } of entries) {
      const request = parseRequest(value);
      if (request !== null) this.#chore(this.#obey(request));
    }
  }

  async #obey(request: Request): Promise<void> {
    if (request.kind === "open") return await this.#welcome(request);
    const { code, claim } = request;
    if (await this.#claims.lose(code, claim)) this.#events.evict(code);
  }

  async #welcome(
    { tunnel: id, guest, address }: Extract<Request, { kind: "open" }>,
  ): Promise<void> {
    let tunnel: Tunnel | null = null;
    const open = (events: TunnelEvents) =>
      tunnel = this.#open(id, "owner", guest, events);
    new TunnelWire(address, open, (wire) => this.#events.arrive(wire));
    await tunnel!.start();
  }

  #open(
    id: string,
    side: "guest" | "owner",
    peer: string,
    events: TunnelEvents,
  ): Tunnel {
    const { now, maxMessageBytes } = this.#environment;
    const [store, times] = [this.#store, this.#times];
    const tunnel = new Tunnel(
      { id, side, peer, store, now, maxMessageBytes, times },
      events,
    );
    this.#tunnels.add(tunnel);
    void tunnel.done.then(() => this.#tunnels.delete(tunnel));
    return tunnel;
  }

  #requestTo(to: string, id: string, value: Request): {
    key: Deno.KvKey;
    value: unknown;
    ttlMs: number;
  }[] {
    const ttlMs = this.#times.requestMs;
    return [
      { key: keys.request(to, id), value, ttlMs },
      { key: keys.bell(to), value: true, ttlMs },
    ];
  }

  /**
   * Runs work in the background and ignores its failure: whoever needs the result tries again.
   */
  #chore(work: Promise<void>): void {
    const chore = work.catch(() => {}).then(() => {
      this.#chores.delete(chore);
    });
    this.#chores.add(chore);
  }

  #hash(address: string): string {
    return createHmac("sha256", this.#environment.secret)
      .update(`address ${networkKey(address)}`).digest("hex").slice(0, 16);
  }

  #randomId(): string {
    return this.#environment.fillRandom(new Uint8Array(12)).toHex();
  }
}

/** Indexes the keys of topics. */
function byTopic(entries: StoredValue[]): CodesByTopic {
  const codes = Map.groupBy(entries, ({ key }) => String(key.at(-2)));
  return new Map(
    [...codes].map(([topic, found]) => [
      topic,
      new Set(found.map(({ key }) => String(key.at(-1)))),
    ]),
  );
}
