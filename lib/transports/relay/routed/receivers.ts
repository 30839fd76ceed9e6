/**
 * The receivers of a room on a plain relay, which only forwards and does not know protocol
 * 2.
 *
 * The route of a receiver of protocol 2 identifies it (`frames.ts`), whatever the
 * relay announces. A receiver of protocol 1 has no route: a message without one is from it.
 *
 * @module
 */

import type { Bytes } from "../../../bytes.ts";
import type { SpreadError } from "../../../errors.ts";
import type { RelayMessage } from "../../../relay_messages.ts";
import type { Receivers } from "../announced_receivers.ts";
import type { Channel } from "../../channel.ts";
import { PeerChannel } from "../peer_channel.ts";
import type { RelayInput, RelaySocket } from "../socket.ts";
import { closingOf, decodeRouted, HEAD_BYTES, headOf } from "./frames.ts";

/** Most receivers at the same time. A plain relay brings one, a faulty relay several. */
const MAX_RECEIVERS = 16;

/** Most routes remembered, so that a late copy of an opening does not open one again. */
const MAX_REMEMBERED = 1024;

/** Most names of receivers remembered: those of the relay, or those that a peer forges. */
const MAX_NAMES = 64;

/** Route of a receiver that speaks protocol 1. */
const UNROUTED = "";

/**
 * Precedes the JSON that we send to a receiver of protocol 1, which ignores it. A receiver
 * of protocol 2 that gets the JSON by mistake sees that it is not an old sender's answer,
 * and we recognize our own when it comes back.
 */
const BLANK = Uint8Array.of(0x20);

/** Receivers that show themselves through a plain relay by their own messages. */
export class RoutedReceivers implements Receivers {
  readonly #channels = new Map<string, PeerChannel>();
  /** Channels that a caller still holds, including those of receivers that have left. */
  readonly #held = new Set<PeerChannel>();
  /** Opened routes, in order. */
  readonly #opened = new Set<string>();
  /** Receivers that the relay has announced and that have not left. */
  readonly #announced = new Set<string>();
  /** Receivers that left before the relay announced them. */
  readonly #unannounced = new Set<string>();
  /** Whether the relay has paired several receivers, so that nobody knows which one leaves. */
  #isCrowded = false;

  /** @param nextNumber Numbers the receivers of a share: limits on guesses go by these names. */
  constructor(
    private readonly socket: RelaySocket,
    private readonly nextNumber: () => number,
    private readonly onArrival: (channel: Channel) => void,
  ) {}

  get wantedBytes(): number {
    const most = [...this.#channels.values()].map(({ maxFrameBytes }) =>
      maxFrameBytes
    );
    return Math.max(0, ...most) + HEAD_BYTES;
  }

  async take(incoming: RelayInput): Promise<void> {
    if ("word" in incoming) return this.#hear(incoming.word);
    // Its receiver is unknown: the route was not kept.
    if ("tooLargeBytes" in incoming) return;
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

  /**
   * Ignores ERROR, which a peer can forge; a relay that really reports one also closes the
   * connection.
   */
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
    // A route opens once; a second HELLO without a route is from the next receiver.
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

  /** Forwards a frame to its channel; drops one of a receiver that has left or was released. */
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

  /** Tells a receiver that nothing more comes; protocol 1 has no message for that. */
  async #close(route: string): Promise<void> {
    if (route === UNROUTED) return;
    await this.socket.send([closingOf("sender", route)]);
  }
}
