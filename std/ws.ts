/**
 * Typed front of the part of `npm:ws` that the relay uses.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer as untyped } from "ws";

/** One connection of a server. */
export interface ServerWebSocket {
  /** Bytes sent that the network has not taken yet. */
  readonly bufferedAmount: number;
  send(
    data: Uint8Array | string,
    options: { binary: boolean },
    taken?: (error?: Error) => void,
  ): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  on(
    event: "message",
    listener: (data: Buffer, isBinary: boolean) => void,
  ): void;
  on(event: "pong", listener: () => void): void;
  on(event: "close", listener: (code: number) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

/**
 * Returns the bytes of memory taken by a message that has arrived in part, pieces of a single byte
 * included. Reads private fields of the library, whose version is pinned, for want of an interface.
 *
 * @param costBytes Estimated memory that each piece takes beyond its bytes.
 */
export function incomingBytes(
  socket: ServerWebSocket,
  costBytes: number,
): number {
  const { _receiver: receiver } = socket as unknown as {
    _receiver: {
      _bufferedBytes: number;
      _messageLength: number;
      _buffers: unknown[];
      _fragments: unknown[];
    };
  };
  const pieces = receiver._buffers.length + receiver._fragments.length;
  return receiver._bufferedBytes + receiver._messageLength +
    costBytes * pieces;
}

/** A WebSocket server for connections that an HTTP server hands over. */
export interface WebSocketServer {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (socket: ServerWebSocket) => void,
  ): void;
}

/**
 * @param options `maxPayload`: largest message, in bytes; a longer one is refused by its length,
 * before it is read.
 */
export const WebSocketServer = untyped as {
  new (
    options: { noServer: true; maxPayload: number; perMessageDeflate: false },
  ): WebSocketServer;
};
