/**
 * The receivers of a room on a plain relay, which forwards and knows nothing of protocol 2.
 *
 * Receivers of protocol 2 are told apart by their routes (`routed_frames.ts`), whatever the relay
 * says of their coming. A receiver of protocol 1 has no route: a message without one is from it.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import type { SpreadError } from "../../errors.ts";
import type { RelayMessage } from "../../relay_messages.ts";
import type { Receivers } from "./announced_receivers.ts";
import type { Channel } from "../channel.ts";
import { PeerChannel } from "./peer_channel.ts";
import type { RelayInput, RelaySocket } from "./socket.ts";
import { closingOf, decodeRouted, headOf } from "./routed_frames.ts";

/** Most receivers at the same time. A plain relay brings one, a faulty relay several. */
const MAX_RECEIVERS = 16;

/** Routes that are remembered, so that a late copy of an opening opens nothing. */
const MAX_REMEMBERED = 1024;

/** Names of receivers that are remembered: the relay's, or what a peer makes up. */
const MAX_NAMES = 64;

/** Stands for the route of a receiver that speaks protocol 1. */
const UNROUTED = "";

/**
 * Stands before the JSON that we send to a receiver of protocol 1, which does not mind it. A
 * receiver of protocol 2 that gets it by mistake sees that it is not an old sender's answer, and
 * we know our own when it comes back.
 */
const BLANK = Uint8Array.of(0x20);

/** Receivers as they make themselves known through a plain relay. */
export class RoutedReceivers implements Receivers {
  readonly #channels = new Map<string, PeerChannel>();
  /** Channels that somebody still holds, also of receivers that have left. */
  readonly #held = new Set<PeerChannel>();
  /** Routes that were opened, in the order of their opening. */
  readonly #opened = new Set<string>();
  /** Receivers that the relay has announced and that have not left. */
  readonly #announced = new Set<string>();
  /** Receivers that have left before the relay announced them. */
  readonly #unannounced = new Set<string>();
  /** Whether the relay has paired several receivers, so that it is unknown who leaves. */
  #isCrowded = false;

  /** @param nextNumber Counts the receivers of a share: limits on guesses go by their names. */
  constructor(
    private readonly socket: RelaySocket,
    private readonly nextNumber: () => number,
    private readonly onArrival: (channel: Channel) => void,
  ) {}

  async take(incoming: RelayInput): Promise<void> {
    if ("word" in incoming) return this.#hear(incoming.word);
    const message = decodeRouted(incoming.frame);
    switch (message.kind) {
      case "opening":
        return await this.#open(message.route, message.frame);
      case "receiver":
        return await this.#pass(message.route, message.frame);
      case "legacy":
        if (message.type === "HELLO") {
          return await this.#open(UNROUTED, message.frame);
        }
        return await this.#channels.get(UNROUTED)?.take(message.frame);
    }
  }

  lose(reason: SpreadError | null): void {
    for (const channel of this.#channels.values()) channel.leave(reason);
    this.#channels.clear();
  }

  /** Ignores ERROR, which a peer can forge; a relay that means it also closes the connection. */
  #hear(word: RelayMessage): void {
    if (word.type === "PEER_JOINED") this.#announce(word.peer_id);
    else if (word.type === "PEER_DISCONNECTED") this.#depart(word.peer_id);
  }

  #announce(id: string): void {
    if (this.#unannounced.delete(id)) return;
    if (this.#announced.size < MAX_NAMES) this.#announced.add(id);
    if (this.#announced.size > 1) this.#isCrowded = true;
  }

  #depart(id: string): void {
    const isKnown = this.#announced.delete(id);
    if (!isKnown && this.#unannounced.size < MAX_NAMES) {
      this.#unannounced.add(id);
    }
    if (!this.#isCrowded) this.lose(null);
    if (this.#announced.size === 0) this.#isCrowded = false;
  }

  async #open(route: string, frame: Bytes): Promise<void> {
    // A route is opened once; a second HELLO without a route is the next receiver's.
    if (this.#opened.has(route)) return;
    if (route !== UNROUTED) this.#remember(route);
    this.#channels.get(route)?.leave(null);
    this.#channels.delete(route);
    if (this.#held.size >= MAX_RECEIVERS) return await this.#close(route);
    const channel: PeerChannel = new PeerChannel(`peer-${this.nextNumber()}`, {
      send: (parts) => this.#send(route, parts),
      release: async () => {
        if (this.#channels.get(route) === channel) this.#channels.delete(route);
        try {
          if (!channel.hasLeft) await this.#close(route);
        } finally {
          this.#held.delete(channel);
        }
      },
    });
    this.#held.add(channel);
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
    const head = route === UNROUTED ? BLANK : headOf("sender", route);
    return this.socket.send([head, ...parts]);
  }

  /** Lets a receiver know that nothing more comes; protocol 1 has no word for it. */
  async #close(route: string): Promise<void> {
    if (route === UNROUTED) return;
    await this.socket.send([closingOf("sender", route)]);
  }
}
