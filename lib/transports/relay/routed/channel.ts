/**
 * The receiver's end of a room on a plain relay: a route to a sender of protocol 2, or the
 * answer of a sender that speaks protocol 1.
 *
 * @module
 */

import { type Bytes, type FillRandom, totalLength } from "../../../bytes.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_BEFORE_AUTH,
  type Traffic,
} from "../../channel.ts";
import { frameTooLarge } from "../../frames.ts";
import { relayRefused } from "../errors.ts";
import type { RelaySocket } from "../socket.ts";
import {
  closingOf,
  decodeRouted,
  encodeOpening,
  HEAD_BYTES,
  headOf,
  makeRoute,
} from "./frames.ts";

/** Types of a protocol 1 sender's answers to HELLO. */
const OLD_ANSWERS = ["CHALLENGE", "DENIED"];

/**
 * A channel through a plain relay. The first frame sent opens the route. A sender of
 * protocol 1 answers it with JSON, which {@linkcode receive} returns unchanged.
 */
export class RoutedChannel implements Channel {
  maxFrameBytes = MAX_FRAME_BYTES_BEFORE_AUTH;
  readonly peer = "the sender, through the relay";
  readonly traffic: Traffic = { received: 0, sent: 0 };
  /** The answer of a protocol 1 sender to the opening, once it has come. */
  legacyAnswer: Bytes | null = null;
  readonly #socket: RelaySocket;
  readonly #route: string;
  readonly #head: Bytes;
  #isOpened = false;
  /** Whether a sender of protocol 2 has answered; from then on JSON is not an answer. */
  #isRouted = false;

  constructor(socket: RelaySocket, fillRandom: FillRandom) {
    this.#socket = socket;
    socket.wantedBytes = () => this.maxFrameBytes + HEAD_BYTES;
    this.#route = makeRoute(fillRandom);
    this.#head = headOf("receiver", this.#route);
  }

  async send(...parts: Uint8Array[]): Promise<void> {
    if (this.#isOpened) await this.#socket.send([this.#head, ...parts]);
    else {
      this.#isOpened = true;
      await this.#socket.sendText(encodeOpening(this.#route, parts));
    }
    this.traffic.sent += totalLength(parts);
  }

  async receive(): Promise<Bytes | null> {
    for (;;) {
      const incoming = await this.#socket.receive();
      if (incoming === null) return null;
      if ("frame" in incoming) {
        const frame = this.#read(incoming.frame);
        if (frame === undefined) continue;
        if (frame === null) return null;
        this.traffic.received += frame.length;
        // The answer of protocol 1 is longer than a frame may be here, and bounded by itself.
        if (frame === this.legacyAnswer) return frame;
        if (frame.length <= this.maxFrameBytes) return frame;
        throw frameTooLarge(frame.length, this.maxFrameBytes);
      }
      // The route was not kept: it may be for another receiver, whom the relay has paired too.
      if ("tooLargeBytes" in incoming) continue;
      if (incoming.word.type === "ERROR") {
        throw relayRefused(incoming.word.reason);
      }
    }
  }

  /**
   * The frame in a message; `null` when the sender closes, `undefined` when the message is
   * for another peer, or an echo of our own.
   */
  #read(message: Bytes): Bytes | null | undefined {
    const routed = decodeRouted(message);
    if (routed.kind === "sender" && routed.route === this.#route) {
      this.#isRouted = true;
      return routed.frame;
    }
    if (routed.kind !== "legacy" || this.#isRouted) return undefined;
    if (!OLD_ANSWERS.includes(routed.type ?? "")) return undefined;
    return this.legacyAnswer = routed.frame;
  }

  abort(reason: Error): void {
    this.#socket.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Plain relays may be slow to notice that we have left. The socket's end, whose time is
    // limited, waits for what was sent before it.
    if (this.#isOpened) this.#close().catch(() => {});
    await this.#socket[Symbol.asyncDispose]();
  }

  #close(): Promise<void> {
    return this.#socket.send([closingOf("receiver", this.#route)]);
  }
}
