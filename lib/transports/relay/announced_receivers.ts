/**
 * The receivers of a room on our relay. The relay announces each receiver, connects one
 * after the other, and forwards nothing from a receiver that the sender has released.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { pause } from "../../waiting.ts";
import type { RelayMessage } from "../../relay_messages.ts";
import type { Channel } from "../channel.ts";
import { PeerChannel } from "./peer_channel.ts";
import { relayRefused } from "./errors.ts";
import type { RelayInput, RelaySocket } from "./socket.ts";

/**
 * Shortest time between two receivers, in milliseconds, so that a relay that announces them
 * without end does not keep this machine busy.
 */
const BETWEEN_MS = 50;

/** The receivers on one connection to a relay. */
export interface Receivers {
  /** Longest frame that any channel accepts now, in bytes. */
  readonly wantedBytes: number;
  /**
   * Handles the next message; resolves when there is space for more.
   *
   * @throws {SpreadError} When the relay's message ends the connection.
   */
  take(incoming: RelayInput): Promise<void>;
  /** Ends every channel, because the connection is lost. */
  lose(reason: SpreadError): void;
}

/** Receivers that our relay announces. */
export class AnnouncedReceivers implements Receivers {
  #peer: PeerChannel | null = null;
  #releasing: Promise<void> = Promise.resolve();
  #welcomedMs = -Infinity;

  constructor(
    private readonly socket: RelaySocket,
    private readonly onArrival: (channel: Channel) => void,
    private readonly ending: AbortSignal,
  ) {}

  get wantedBytes(): number {
    return this.#peer?.maxFrameBytes ?? 0;
  }

  async take(incoming: RelayInput): Promise<void> {
    if ("frame" in incoming) await this.#peer?.take(incoming.frame);
    else if ("word" in incoming) await this.#hear(incoming.word);
    else this.#peer?.refuse(incoming.tooLargeBytes);
  }

  lose(reason: SpreadError): void {
    this.#peer?.leave(reason);
    this.#peer = null;
  }

  async #hear(word: RelayMessage): Promise<void> {
    switch (word.type) {
      case "PEER_JOINED":
        return await this.#welcome(word.peer_id);
      case "PEER_DISCONNECTED":
        if (this.#peer?.id === word.peer_id) this.#peer.leave(null);
        return;
      case "ERROR":
        throw relayRefused(word.reason);
    }
  }

  async #welcome(peerId: string): Promise<void> {
    // Not even after it has left: otherwise a relay could let channels pile up.
    if (this.#peer !== null) {
      throw new SpreadError(
        "BAD_MESSAGE",
        "The relay announced a receiver before the last one was released",
        "Update the relay, or use another one",
      );
    }
    // A relay that does not read our messages gets no further receiver.
    await this.#releasing;
    const restMs = this.#welcomedMs + BETWEEN_MS - performance.now();
    if (restMs > 0) await pause(restMs, this.ending);
    this.#welcomedMs = performance.now();
    const { socket } = this;
    const peer = new PeerChannel(peerId, {
      send: (parts) => socket.send(parts),
      release: async () => {
        if (this.#peer === peer) this.#peer = null;
        const said = socket.say({ type: "RELEASE_PEER", peer_id: peerId });
        this.#releasing = said.catch(() => {});
        await said;
      },
    });
    this.#peer = peer;
    this.onArrival(peer);
  }
}
