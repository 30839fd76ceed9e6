/**
 * Tunnels: messages between two instances, by way of Deno KV.
 *
 * Each end writes blocks and one state, which says how many it has written and read, and
 * watches the state of the other. What has been read is deleted by its reader together with
 * the next state, so that little stands in KV at any time.
 *
 * An end that goes says so in its state. One that goes without a word is missed by its pulse.
 *
 * @module
 */

import type { PackedBlock } from "./blocks.ts";
import { Incoming } from "./incoming.ts";
import { Liveness } from "./liveness.ts";
import { Outgoing } from "./outgoing.ts";
import { keys, parseSide, type Side, type SideState } from "./schema.ts";
import type { Change, Entry } from "./store.ts";
import type { Ending, TunnelEvents, TunnelOptions } from "./tunnel_types.ts";

/** Blocks read after which the writer is told, if nothing tells it before. */
const ACKNOWLEDGED_BLOCKS = 16;

/** One end of a tunnel. Its methods do nothing once it has ended. */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #events: TunnelEvents;
  readonly #other: Side;
  readonly #outlet = new Outgoing();
  readonly #inlet: Incoming;
  readonly #pulse: Liveness;
  readonly #watch = new AbortController();
  readonly #greeted = Promise.withResolvers<boolean>();
  readonly #done = Promise.withResolvers<void>();
  /** What the other end has said last of its end, and what was written of ours. */
  #peerEnd: SideState["end"] = null;
  #ownEnd: SideState["end"] = null;
  /** Blocks read, as far as the other end has been told. */
  #acknowledged = 0;
  /** How this end wants to end, once everything is written, and since when. */
  #ending: SideState["end"] = null;
  #endingMs = 0;
  #isOver = false;
  #writing: Promise<void> | null = null;
  #committedMs: number;

  constructor(options: TunnelOptions, events: TunnelEvents) {
    this.#options = options;
    this.#events = events;
    this.#other = options.side === "guest" ? "owner" : "guest";
    this.#inlet = new Incoming({
      store: options.store,
      maxMessageBytes: options.maxMessageBytes,
      keyOf: (index) => keys.block(options.id, this.#other, index),
      message: (data, isText) => events.message(data, isText),
      advanced: () => this.#write(),
    });
    this.#pulse = new Liveness(options.now);
    this.#committedMs = options.now();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#outlet.queuedBytes;
  }

  /** Resolves once nothing is left to do. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Begins; `request` is written together with the first state. Rejects when KV fails. */
  async start(request: Change = {}): Promise<void> {
    const { store } = this.#options;
    const sets = [...request.sets ?? [], this.#stateToSet()];
    try {
      await store.commit({ ...request, sets });
    } catch (error) {
      this.abort();
      throw error;
    }
    if (this.#isOver) return;
    const { signal } = this.#watch;
    void store.watch(this.#peerKey, signal, (entry) => this.#hear(entry));
  }

  /** Whether the other end shows itself in time. */
  async greeted(timeoutMs: number): Promise<boolean> {
    const timer = setTimeout(() => this.#greeted.resolve(false), timeoutMs);
    try {
      return await this.#greeted.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a message; `onTaken` is called once all of it is written. */
  send(data: Uint8Array, isText: boolean, onTaken: () => void): void {
    if (this.#isOver || this.#ending !== null) return;
    this.#outlet.push(data, isText, onTaken);
    this.#write();
  }

  /** Stops reading; a few small messages may still be told. */
  pause(): void {
    this.#inlet.pause();
  }

  resume(): void {
    this.#inlet.resume();
    void this.#read();
  }

  /** Ends in order: what was sent still arrives, what comes is for nobody. */
  end(how: "clean" | "cut"): void {
    if (this.#isOver || this.#ending !== null) return;
    this.#inlet.close();
    this.#ending = how;
    this.#endingMs = this.#options.now();
    if (this.#peerEnd !== null) this.#finish("clean");
    else this.#write();
  }

  /** Ends at once; what is written, with an end in order, may still be read. */
  abort(): void {
    this.#finish(this.#ownEnd === null ? "lost" : "clean");
  }

  /** Looks after what only time tells; to be called every `beatMs`. */
  async tick(): Promise<void> {
    const { now, times } = this.#options;
    if (this.#isOver) return;
    if (this.#ending !== null && now() - this.#endingMs > times.lingerMs) {
      return this.#finish("lost");
    }
    this.#write(true);
    // A state that changed just now says all that asking could, and whoever has ended may go.
    const isQuiet = this.#pulse.quietMs >= times.beatMs;
    if (isQuiet && this.#peerEnd === null) await this.#ask();
  }

  get #peerKey(): Deno.KvKey {
    return keys.side(this.#options.id, this.#other);
  }

  /** Asks KV whether the other end lives. */
  async #ask(): Promise<void> {
    const { store, peer, times } = this.#options;
    const wanted = [keys.instance(peer), this.#peerKey];
    const [instance, state] = await store.read(wanted).catch(() => []);
    if (this.#isOver) return;
    if (instance !== undefined) this.#pulse.feelInstance(instance);
    if (state !== undefined) this.#hear(state);
    if (this.#pulse.isDead(times.liveMs, times.keepMs)) this.#finish("lost");
  }

  /** Takes what the other end says of itself. News may overtake each other. */
  #hear(entry: Entry): void {
    if (this.#isOver) return;
    const state = parseSide(entry.value);
    if (state === null) {
      // Once both have ended, the states are deleted.
      if (this.#ownEnd !== null) this.#finish("clean");
      return;
    }
    if (!this.#pulse.feelState(entry)) return;
    this.#inlet.wrote = Math.max(this.#inlet.wrote, state.wrote);
    this.#outlet.acknowledge(state.read);
    this.#peerEnd ??= state.end;
    this.#greeted.resolve(true);
    this.#write();
    void this.#read();
  }

  /** Reads what the other end has written, and sees its end. */
  async #read(): Promise<void> {
    if (this.#peerEnd !== "lost") {
      await this.#inlet.run().catch(() => this.#finish("lost"));
    }
    if (this.#peerEnd === null) return;
    const isRead = this.#inlet.read === this.#inlet.wrote;
    if (isRead || this.#peerEnd === "lost" || this.#ending !== null) {
      this.#finish(this.#peerEnd);
    }
  }

  /**
   * Writes what there is to write, one commit after another.
   *
   * @param isTime Whether to write also what can wait.
   */
  #write(isTime = false): void {
    if (this.#writing !== null || this.#isOver) return;
    const blocks = this.#outlet.take();
    const endsNow = this.#ending !== null && this.#ownEnd === null &&
      this.#outlet.isEmpty;
    if (blocks.length === 0 && !endsNow && !this.#isDue(isTime)) return;
    if (endsNow) this.#ownEnd = this.#ending;
    this.#writing = this.#commit(blocks).then(
      () => {
        this.#writing = null;
        this.#write();
      },
      () => {
        this.#writing = null;
        this.#finish("lost");
      },
    );
  }

  /** Whether the state alone is to be written. */
  #isDue(isTime: boolean): boolean {
    const { now, times } = this.#options;
    const news = this.#inlet.read - this.#acknowledged;
    const isOld = now() - this.#committedMs > times.keepMs / 3;
    return news >= ACKNOWLEDGED_BLOCKS || isTime && (news > 0 || isOld);
  }

  async #commit(blocks: PackedBlock[]): Promise<void> {
    const { id, side, store, times, now } = this.#options;
    const first = this.#outlet.wrote - blocks.length;
    const sets = blocks.map(({ bytes }, index) => ({
      key: keys.block(id, side, first + index),
      value: bytes as unknown,
      ttlMs: times.keepMs,
    }));
    const { read } = this.#inlet;
    const deletes = this.#blocksOf(this.#other, this.#acknowledged, read);
    await store.commit({ sets: [...sets, this.#stateToSet()], deletes });
    this.#acknowledged = read;
    this.#committedMs = now();
    for (const taken of blocks.flatMap((block) => block.taken)) taken();
  }

  #stateToSet(): { key: Deno.KvKey; value: unknown; ttlMs: number } {
    const { id, side, times } = this.#options;
    const value: SideState = {
      wrote: this.#outlet.wrote,
      read: this.#inlet.read,
      end: this.#ownEnd,
    };
    return { key: keys.side(id, side), value, ttlMs: times.keepMs };
  }

  #blocksOf(side: Side, from: number, to: number): Deno.KvKey[] {
    return Array.from(
      { length: to - from },
      (_, index) => keys.block(this.#options.id, side, from + index),
    );
  }

  #finish(how: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch.abort();
    this.#greeted.resolve(false);
    this.#outlet.clear();
    this.#inlet.close();
    this.#events.ended(how);
    void this.#cleanUp(how).catch(() => {}).then(() => this.#done.resolve());
  }

  /** Says that this end is over, if that is news, and deletes what nobody will read. */
  async #cleanUp(how: Ending): Promise<void> {
    await this.#writing;
    const { id, side, store } = this.#options;
    const { wrote } = this.#inlet;
    const deletes = this.#blocksOf(this.#other, this.#acknowledged, wrote);
    if (how === "lost") {
      const { read, wrote } = this.#outlet;
      deletes.push(...this.#blocksOf(side, read, wrote));
    }
    // The end that hears last of the other takes the states along.
    if (this.#ownEnd !== null && this.#peerEnd !== null) {
      deletes.push(keys.side(id, "guest"), keys.side(id, "owner"));
      return void await store.commit({ deletes });
    }
    this.#ownEnd = how === "lost" ? "lost" : "clean";
    await store.commit({ sets: [this.#stateToSet()], deletes });
  }
}
