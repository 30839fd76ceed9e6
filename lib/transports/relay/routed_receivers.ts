/**
 * The receivers of a room on a plain relay, which forwards and knows nothing of protocol 2.
 *
 * Receivers of protocol 2 are told apart by their routes (`routed_frames.ts`), whatever the relay
 * says of their coming. One of protocol 1 has no route, and is whoever speaks without.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import type { SpreadError } from "../../errors.ts";
import type { RelayMessage } from "../../relay_messages.ts";
import type { Receivers } from "./announced_receivers.ts";
import type { Channel } from "../channel.ts";
import { PeerChannel } from "./peer_channel.ts";
import type { Incoming, RelaySocket } from "./socket.ts";
import { closingOf, decodeRouted, headOf } from "./routed_frames.ts";

/** Receivers at the same time: a plain relay brings one, a faulty one several. */
const MAX_RECEIVERS = 16;

/** Routes that are remembered, so that a late copy of an opening opens nothing. */
const MAX_REMEMBERED = 1024;

/** Stands for the route of a receiver that speaks protocol 1. */
const UNROUTED = "";

/** Receivers as they make themselves known through a plain relay. */
export class RoutedReceivers implements Receivers {
  readonly #channels = new Map<string, PeerChannel>();
  /** Routes that were opened, in the order of their opening. */
  readonly #opened = new Set<string>();
  /** Receivers that the relay has announced and that have not left. */
  readonly #announced = new Set<string>();
  /** Whether the relay has paired several receivers, so that it is unknown who leaves. */
  #isCrowded = false;
  #count = 0;

  constructor(
    private readonly socket: RelaySocket,
    private readonly onArrival: (channel: Channel) => void,
  ) {}

  async take(incoming: Incoming): Promise<void> {
    if ("word" in incoming) return this.#hear(incoming.word);
    const message = decodeRouted(incoming.frame);
    switch (message.kind) {
      case "opening":
        return await this.#open(message.route, message.frame);
      case "receiver":
        return await this.#pass(message.route, message.frame);
      case "legacy":
        if (message.isHello) return await this.#open(UNROUTED, message.frame);
        return await this.#channels.get(UNROUTED)?.take(message.frame);
    }
  }

  lose(reason: SpreadError | null): void {
    for (const channel of this.#channels.values()) channel.leave(reason);
    this.#channels.clear();
  }

  /** An ERROR is not believed here: a peer can forge it. A relay that means it closes. */
  #hear(word: RelayMessage): void {
    if (this.#isCrowded) return;
    if (word.type === "PEER_JOINED") {
      this.#announced.add(word.peer_id);
      this.#isCrowded = this.#announced.size > 1;
    } else if (word.type === "PEER_DISCONNECTED") {
      this.#announced.delete(word.peer_id);
      this.lose(null);
    }
  }

  async #open(route: string, frame: Bytes): Promise<void> {
    // A route is opened once; a second HELLO without a route is the next receiver's.
    if (this.#opened.has(route)) return;
    if (route !== UNROUTED) this.#remember(route);
    this.#channels.get(route)?.leave(null);
    if (this.#channels.size >= MAX_RECEIVERS) return await this.#close(route);
    const channel: PeerChannel = new PeerChannel(`peer-${++this.#count}`, {
      send: (parts) => this.#send(route, parts),
      release: async () => {
        if (this.#channels.get(route) === channel) this.#channels.delete(route);
        await this.#close(route);
      },
    });
    this.#channels.set(route, channel);
    this.onArrival(channel);
    await channel.take(frame);
  }

  #remember(route: string): void {
    this.#opened.add(route);
    const [oldest] = this.#opened;
    if (this.#opened.size > MAX_REMEMBERED) this.#opened.delete(oldest!);
  }

  /** Hands on a frame; one of a receiver that has left, or was let go, is dropped. */
  async #pass(route: string, frame: Bytes | null): Promise<void> {
    const channel = this.#channels.get(route);
    if (frame !== null) return await channel?.take(frame);
    this.#channels.delete(route);
    channel?.leave(null);
  }

  #send(route: string, parts: Uint8Array[]): Promise<void> {
    const head = route === UNROUTED ? [] : [headOf("sender", route)];
    return this.socket.send([...head, ...parts]);
  }

  /** Lets a receiver know that nothing more comes; protocol 1 has no word for it. */
  async #close(route: string): Promise<void> {
    if (route === UNROUTED) return;
    await this.socket.send([closingOf("sender", route)]);
  }
}
