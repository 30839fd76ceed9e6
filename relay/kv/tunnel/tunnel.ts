/**
 * Tunnels: messages between two instances through Deno KV.
 *
 * Each end writes blocks and one state, which says how many blocks it has written and read, and
 * watches the state of the other end. The reader deletes what it has read in the commit that
 * writes its next state, so that little is in KV at any time.
 *
 * An end that closes says so in its state. {@linkcode Liveness} notices one that disappears.
 *
 * @module
 */

import { Incoming } from "./incoming.ts";
import { Liveness } from "./liveness.ts";
import { Outgoing } from "./outgoing.ts";
import { keys, parseSide, type SideState, type TunnelSide } from "../schema.ts";
import type { Change, StoredValue } from "../store.ts";
import type { Ending, TunnelEvents, TunnelOptions } from "./types.ts";

/** Blocks read after which this end reports it, unless another write reports it earlier. */
const ACKNOWLEDGED_BLOCKS = 16;

/** One end of a tunnel. Its methods do nothing after the end has closed. */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #events: TunnelEvents;
  readonly #other: TunnelSide;
  readonly #outgoing = new Outgoing();
  readonly #incoming: Incoming;
  readonly #liveness: Liveness;
  readonly #watch = new AbortController();
  readonly #greeted = Promise.withResolvers<boolean>();
  readonly #done = Promise.withResolvers<void>();
  /** The ending last reported by the other end, and the one written for this end. */
  #peerEnd: SideState["end"] = null;
  #ownEnd: SideState["end"] = null;
  /** Number of blocks that this end has reported as read. */
  #acknowledged = 0;
  /** The ending to report once everything is written, and the time of the decision. */
  #ending: SideState["end"] = null;
  #endingMs = 0;
  #isOver = false;
  #writing: Promise<void> | null = null;
  #committedMs: number;

  constructor(options: TunnelOptions, events: TunnelEvents) {
    this.#options = options;
    this.#events = events;
    this.#other = options.side === "guest" ? "owner" : "guest";
    this.#incoming = new Incoming({
      store: options.store,
      maxMessageBytes: options.maxMessageBytes,
      keyOf: (index) => keys.block(options.id, this.#other, index),
      message: (data, isText) => events.message(data, isText),
      advanced: () => this.#write(),
    });
    this.#liveness = new Liveness(options.now);
    this.#committedMs = options.now();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Memory of messages that are not being written yet. */
  get queuedBytes(): number {
    return this.#outgoing.queuedBytes;
  }

  /** Resolves once all work is done. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Opens this end and writes `request` together with the first state. Rejects when KV fails. */
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

  /** Whether the other end shows up within `timeoutMs`. */
  async greeted(timeoutMs: number): Promise<boolean> {
    const timer = setTimeout(() => this.#greeted.resolve(false), timeoutMs);
    try {
      return await this.#greeted.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a message and calls `onTaken` once the last of it is being written. */
  send(data: Uint8Array, isText: boolean, onTaken: () => void): void {
    if (this.#isOver || this.#ending !== null) return;
    this.#outgoing.push(data, isText, onTaken);
    this.#write();
  }

  /** Stops reading; a few small messages may still be delivered. */
  pause(): void {
    this.#incoming.pause();
  }

  resume(): void {
    this.#incoming.resume();
    void this.#read();
  }

  /** Ends in order: messages already sent still arrive; further incoming messages are dropped. */
  end(how: "clean" | "cut"): void {
    if (this.#isOver || this.#ending !== null) return;
    this.#incoming.close();
    this.#ending = how;
    this.#endingMs = this.#options.now();
    if (this.#peerEnd !== null) this.#finish("clean");
    else this.#write();
  }

  /** Ends at once; if an orderly end was already written, the other end may still read it. */
  abort(): void {
    this.#finish(this.#ownEnd === null ? "lost" : "clean");
  }

  /** Does everything that depends on time; call it every `beatMs`. */
  async tick(): Promise<void> {
    const { now, times } = this.#options;
    if (this.#isOver) return;
    if (this.#ending !== null && now() - this.#endingMs > times.lingerMs) {
      return this.#finish("lost");
    }
    this.#write(true);
    // A state that changed just now is sign of life enough, and an end that has closed may go.
    const isQuiet = this.#liveness.quietMs >= times.beatMs;
    if (isQuiet && this.#peerEnd === null) await this.#ask();
  }

  get #peerKey(): Deno.KvKey {
    return keys.side(this.#options.id, this.#other);
  }

  /** Asks KV whether the other end is alive. */
  async #ask(): Promise<void> {
    const { store, peer, times } = this.#options;
    const wanted = [keys.instance(peer), this.#peerKey];
    const [instance, state] = await store.read(wanted).catch(() => []);
    if (this.#isOver) return;
    if (instance !== undefined) this.#liveness.feelInstance(instance);
    if (state !== undefined) this.#hear(state);
    if (this.#liveness.isDead(times.liveMs, times.keepMs)) this.#finish("lost");
  }

  /** Takes a state of the other end. States may arrive out of order. */
  #hear(entry: StoredValue): void {
    if (this.#isOver) return;
    const state = parseSide(entry.value);
    if (state === null) {
      // The states are deleted once both ends have closed.
      if (this.#ownEnd !== null) this.#finish("clean");
      return;
    }
    if (!this.#liveness.feelState(entry)) return;
    this.#incoming.wrote = Math.max(this.#incoming.wrote, state.wrote);
    this.#outgoing.acknowledge(state.read);
    this.#peerEnd ??= state.end;
    this.#greeted.resolve(true);
    this.#write();
    void this.#read();
  }

  /** Reads the blocks that the other end has written, and closes when that end has closed. */
  async #read(): Promise<void> {
    if (this.#peerEnd !== "lost") {
      await this.#incoming.run().catch(() => this.#finish("lost"));
    }
    if (this.#peerEnd === null) return;
    const isRead = this.#incoming.read === this.#incoming.wrote;
    if (isRead || this.#peerEnd === "lost" || this.#ending !== null) {
      this.#finish(this.#peerEnd);
    }
  }

  /**
   * Writes all that is due, one commit after another.
   *
   * @param isTime Whether to write also what could wait.
   */
  #write(isTime = false): void {
    if (this.#writing !== null || this.#isOver) return;
    const { blocks, taken } = this.#outgoing.take();
    const endsNow = this.#ending !== null && this.#ownEnd === null &&
      this.#outgoing.isEmpty;
    if (blocks.length === 0 && !endsNow && !this.#isDue(isTime)) return;
    if (endsNow) this.#ownEnd = this.#ending;
    this.#writing = this.#commit(blocks)
      .finally(() => this.#writing = null)
      .then(() => this.#write(), () => this.#finish("lost"));
    // While these are written, more can be read from the client.
    for (const onTaken of taken) onTaken();
  }

  /** Whether the state is due even without a block. */
  #isDue(isTime: boolean): boolean {
    const { now, times } = this.#options;
    const news = this.#incoming.read - this.#acknowledged;
    const isOld = now() - this.#committedMs > times.keepMs / 3;
    return news >= ACKNOWLEDGED_BLOCKS || isTime && (news > 0 || isOld);
  }

  async #commit(blocks: Uint8Array[]): Promise<void> {
    const { id, side, store, times, now } = this.#options;
    const first = this.#outgoing.wrote - blocks.length;
    const sets = blocks.map((value: unknown, index) => ({
      key: keys.block(id, side, first + index),
      value,
      ttlMs: times.keepMs,
    }));
    const { read } = this.#incoming;
    const deletes = blocksOf(id, this.#other, this.#acknowledged, read);
    await store.commit({ sets: [...sets, this.#stateToSet()], deletes });
    this.#acknowledged = read;
    this.#committedMs = now();
  }

  #stateToSet(): { key: Deno.KvKey; value: unknown; ttlMs: number } {
    const { id, side, times } = this.#options;
    const value: SideState = {
      wrote: this.#outgoing.wrote,
      read: this.#incoming.read,
      end: this.#ownEnd,
    };
    return { key: keys.side(id, side), value, ttlMs: times.keepMs };
  }

  #finish(how: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch.abort();
    this.#greeted.resolve(false);
    this.#outgoing.clear();
    this.#incoming.close();
    this.#events.ended(how);
    void this.#cleanUp(how).catch(() => {}).then(() => this.#done.resolve());
  }

  /** Writes the final state unless both ends have closed, and deletes blocks nobody will read. */
  async #cleanUp(how: Ending): Promise<void> {
    await this.#writing;
    const { id, side, store } = this.#options;
    const { wrote } = this.#incoming;
    const deletes = blocksOf(id, this.#other, this.#acknowledged, wrote);
    if (how === "lost") {
      const { read, wrote } = this.#outgoing;
      deletes.push(...blocksOf(id, side, read, wrote));
    }
    // The end that learns last of the other's end deletes both states.
    if (this.#ownEnd !== null && this.#peerEnd !== null) {
      deletes.push(keys.side(id, "guest"), keys.side(id, "owner"));
      return void await store.commit({ deletes });
    }
    this.#ownEnd = how === "lost" ? "lost" : "clean";
    await store.commit({ sets: [this.#stateToSet()], deletes });
  }
}

/** Keys of the blocks that one end of a tunnel has written, from one up to before another. */
function blocksOf(
  id: string,
  side: TunnelSide,
  from: number,
  to: number,
): Deno.KvKey[] {
  return Array.from(
    { length: to - from },
    (_, index) => keys.block(id, side, from + index),
  );
}
