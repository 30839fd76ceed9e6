/**
 * WebSocket connections of Deno's own server as wires of the hub.
 *
 * Such a socket cannot pause reading, announces no message before all of it has arrived, and
 * reports what the network has taken only when asked. So this wire ends a client that sends too
 * much during a pause, checks sizes after the fact, and polls the progress of what it sends.
 *
 * @module
 */

import { PIECE_COST_BYTES } from "../../../lib/bytes.ts";
import type { RelayConfig } from "../../config.ts";
import type { Wire, WireEvents } from "../../rooms/clients/wire.ts";
import {
  GOING_AWAY,
  isClean,
  NORMAL,
  TOLD_TOO_LARGE,
  TOO_LARGE,
} from "./close_codes.ts";

/** Time between two polls of the network's progress, in milliseconds. */
const LOOK_MS = 5;

/**
 * Most empty messages accepted on one connection: `bufferedAmount` does not show whether they wait,
 * so that any number could. Our clients send none.
 */
const MAX_EMPTY = 1000;

/** Limits on one message, and on the bytes that arrive during a pause. */
type Limits = Pick<RelayConfig, "maxMessageBytes" | "maxBufferedBytes">;

/** Joins a connection to the hub once it is open. */
export function attach(
  socket: WebSocket,
  { address, config }: { address: string; config: Limits },
  connect: (wire: Wire) => WireEvents,
): void {
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    const wire = new DenoWire(socket, address, config);
    wire.join(connect(wire));
  }, { once: true });
}

class DenoWire implements Wire {
  /** Always 0: Deno reports nothing of a message before all of it has arrived. */
  readonly incomingBytes = 0;
  #events!: WireEvents;
  /** Total bytes sent, and callbacks for when the network has taken that many. */
  #sentBytes = 0;
  #waiting: { untilBytes: number; onTaken: () => void }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPaused = false;
  /** Whether the connection closes once all is taken. */
  #isClosing = false;
  /** Bytes that arrived during the current pause, or while the connection closes. */
  #excessBytes = 0;
  /** Empty messages that have arrived. */
  #emptyCount = 0;

  constructor(
    private readonly socket: WebSocket,
    readonly address: string,
    private readonly limits: Limits,
  ) {}

  join(events: WireEvents): void {
    this.#events = events;
    const { socket } = this;
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code }) => {
      this.#forget();
      events.closed(isClean(code));
    });
    // Always followed by "close"; without a listener, the error would end the process.
    socket.addEventListener("error", (event) => event.preventDefault());
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount +
      PIECE_COST_BYTES * this.#waiting.length;
  }

  send(data: Uint8Array | string, isText: boolean, onTaken = () => {}): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(isText ? textOf(data) : bytesOf(data));
    this.#sentBytes += data.length;
    this.#await(onTaken);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#excessBytes = 0;
  }

  /**
   * Reports life at once: the server pings by itself and closes connections that do not answer.
   */
  ping(): void {
    this.#events.alive();
  }

  /** Closes once all is taken: afterwards the client's next frame ends the connection. */
  close(): void {
    this.#isClosing = true;
    if (this.bufferedBytes === 0) this.socket.close(NORMAL);
    else this.#await(() => this.socket.close(NORMAL));
  }

  /** Closes as soon as the platform allows: with the client's next frame or its disconnection. */
  terminate(): void {
    this.#forget();
    this.socket.close(GOING_AWAY);
  }

  #take(data: string | ArrayBuffer): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const isText = typeof data === "string";
    const bytes = isText ? bytesOf(data) : new Uint8Array(data);
    const { maxMessageBytes, maxBufferedBytes } = this.limits;
    if (bytes.length > maxMessageBytes) {
      this.socket.send(TOLD_TOO_LARGE);
      return this.#cut(TOO_LARGE);
    }
    if (bytes.length === 0 && ++this.#emptyCount > MAX_EMPTY) {
      return this.#cut(GOING_AWAY);
    }
    if (this.#isPaused || this.#isClosing) this.#excessBytes += bytes.length;
    if (this.#excessBytes > maxBufferedBytes) return this.#cut(GOING_AWAY);
    this.#events.message(bytes, isText);
  }

  /** Ends a connection that breaks the rules; for the hub it is over at once. */
  #cut(code: number): void {
    this.#forget();
    this.socket.close(code);
    this.#events.closed(false);
  }

  /** Calls `onTaken` once the network has taken everything sent so far. */
  #await(onTaken: () => void): void {
    this.#waiting.push({ untilBytes: this.#sentBytes, onTaken });
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  /** Calls the callbacks whose bytes the network has taken by now. */
  #look(): void {
    this.#timer = undefined;
    const takenBytes = this.#sentBytes - this.socket.bufferedAmount;
    const count = this.#waiting.findIndex(({ untilBytes }) =>
      untilBytes > takenBytes
    );
    const taken = this.#waiting.splice(0, count < 0 ? Infinity : count);
    if (this.#waiting.length > 0) {
      this.#timer = setTimeout(() => this.#look(), LOOK_MS);
    }
    for (const { onTaken } of taken) onTaken();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }
}

function textOf(data: Uint8Array | string): string {
  return typeof data === "string" ? data : new TextDecoder().decode(data);
}

function bytesOf(data: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return typeof data === "string"
    ? new TextEncoder().encode(data)
    : data as Uint8Array<ArrayBuffer>;
}
