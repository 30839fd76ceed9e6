/**
 * The two ends of a tunnel as the hubs see them. For the owner of a room, its end is the wire of
 * a client. For the guest's instance, its end is the remote side of a client's wire.
 *
 * @module
 */

import type { RelayMessage } from "../../../lib/relay_messages.ts";
import { LOW_WATER_BYTES } from "../../rooms/clients/client_wire.ts";
import { HIGH_WATER_BYTES } from "../../limits/memory.ts";
import type { Ending, TunnelEvents } from "./types.ts";
import type { Tunnel } from "./tunnel.ts";
import type { Wire, WireEvents } from "../../rooms/clients/wire.ts";

const TOLD_LOST = JSON.stringify(
  { type: "ERROR", reason: "sender_disconnected" } satisfies RelayMessage,
);

/** A client of another instance, seen by the owner of its room. */
export class TunnelWire implements Wire, TunnelEvents {
  /** Always 0: blocks that have not been read wait in the database. */
  readonly incomingBytes = 0;
  readonly #tunnel: Tunnel;
  readonly #events: WireEvents;

  /**
   * @param open Makes the tunnel.
   * @param arrive Joins the wire to the hub.
   */
  constructor(
    readonly address: string,
    open: (events: TunnelEvents) => Tunnel,
    arrive: (wire: Wire) => WireEvents,
  ) {
    this.#tunnel = open(this);
    this.#events = arrive(this);
  }

  get bufferedBytes(): number {
    return this.#tunnel.queuedBytes;
  }

  send(data: Uint8Array | string, isText: boolean, onTaken = () => {}): void {
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data;
    this.#tunnel.send(bytes, isText, onTaken);
  }

  pause(): void {
    this.#tunnel.pause();
  }

  resume(): void {
    this.#tunnel.resume();
  }

  /** Always alive: the client's own instance pings it, and the tunnel watches that instance. */
  ping(): void {
    queueMicrotask(() => this.#events.alive());
  }

  close(): void {
    this.#tunnel.end("clean");
  }

  terminate(): void {
    this.#tunnel.abort();
  }

  message(data: Uint8Array, isText: boolean): void {
    this.#events.message(data, isText);
  }

  ended(how: Ending): void {
    this.#events.closed(how === "clean");
  }
}

/** A client of this instance in a room of another instance. */
export class GuestEnd implements TunnelEvents {
  readonly tunnel: Tunnel;
  readonly #wire: Wire;
  /** Whether reading from the client is paused. */
  #isHeld = false;
  #isLed = false;

  /** @param open Makes the tunnel. */
  constructor(wire: Wire, open: (events: TunnelEvents) => Tunnel) {
    this.#wire = wire;
    this.tunnel = open(this);
  }

  /**
   * Starts passing on what the client sends, and tells the client how the tunnel ends. `null`
   * when the tunnel has ended already.
   */
  lead(): WireEvents | null {
    if (this.tunnel.isOver) return null;
    this.#isLed = true;
    return {
      message: (data, isText) => this.#pass(data, isText),
      alive: () => {},
      closed: (clean) => {
        this.#isLed = false;
        this.tunnel.end(clean ? "clean" : "cut");
      },
    };
  }

  message(data: Uint8Array, isText: boolean): void {
    const wire = this.#wire;
    wire.send(data, isText, () => {
      if (wire.bufferedBytes <= LOW_WATER_BYTES) this.tunnel.resume();
    });
    if (wire.bufferedBytes > HIGH_WATER_BYTES) this.tunnel.pause();
  }

  ended(how: Ending): void {
    if (!this.#isLed) return;
    // Without reading, the hub would never see the closing handshake.
    this.#hold(false);
    // After an orderly end the client already has the reason.
    if (how !== "clean") this.#wire.send(TOLD_LOST, true);
    this.#wire.close();
  }

  #pass(data: Uint8Array, isText: boolean): void {
    const { tunnel } = this;
    tunnel.send(data, isText, () => {
      if (tunnel.queuedBytes <= LOW_WATER_BYTES) this.#hold(false);
    });
    if (tunnel.queuedBytes > HIGH_WATER_BYTES) this.#hold(true);
  }

  #hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#wire.pause();
    else this.#wire.resume();
  }
}
