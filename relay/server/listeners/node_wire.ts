/**
 * WebSocket connections of `npm:ws` as wires of the hub.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import { PIECE_COST_BYTES } from "../../../lib/bytes.ts";
import { incomingBytes, type ServerWebSocket } from "ws/typed";
import type { Wire, WireEvents } from "../../rooms/clients/wire.ts";
import { isClean, NORMAL, TOLD_TOO_LARGE, TOO_LARGE } from "./close_codes.ts";

/** Most bytes of an incomplete message that go uncounted: too few to matter, even of all clients. */
const LITTLE_BYTES = 4 * 1024;

/** Joins a connection to the hub; `stream` is the socket below the WebSocket. */
export function attach(
  socket: ServerWebSocket,
  { address, stream }: { address: string; stream: Duplex },
  connect: (wire: Wire) => WireEvents,
): void {
  explainTooLarge(socket);
  const events = connect(new SocketWire(socket, address));
  let isMuch = false;
  // The library's own listener, registered earlier, has handled the chunk by now.
  stream.on("data", () => {
    const wasMuch = isMuch;
    isMuch = incomingBytes(socket, PIECE_COST_BYTES) > LITTLE_BYTES;
    if (isMuch || wasMuch) events.coming?.();
  });
  socket.on("message", (data, isBinary) => events.message(data, !isBinary));
  socket.on("pong", () => events.alive());
  socket.on(
    "close",
    (code) => events.closed(isClean(code)),
  );
  // Always followed by "close", which carries everything that matters.
  socket.on("error", () => {});
}

/** Sends our own reason before the library closes: a person may read it. */
function explainTooLarge(socket: ServerWebSocket): void {
  const close = socket.close.bind(socket);
  socket.close = (code, reason) => {
    if (code === TOO_LARGE) socket.send(TOLD_TOO_LARGE, { binary: false });
    close(code, reason);
  };
}

class SocketWire implements Wire {
  /** Messages that the network has not taken yet. */
  #waiting = 0;

  constructor(
    private readonly socket: ServerWebSocket,
    readonly address: string,
  ) {}

  get bufferedBytes(): number {
    return this.socket.bufferedAmount + PIECE_COST_BYTES * this.#waiting;
  }

  get incomingBytes(): number {
    return incomingBytes(this.socket, PIECE_COST_BYTES);
  }

  send(data: Uint8Array | string, isText: boolean, onTaken?: () => void): void {
    this.#waiting++;
    this.socket.send(data, { binary: !isText }, (error) => {
      this.#waiting--;
      if (!error) onTaken?.();
    });
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  ping(): void {
    this.socket.ping();
  }

  close(): void {
    this.socket.close(NORMAL);
  }

  terminate(): void {
    this.socket.terminate();
  }
}
