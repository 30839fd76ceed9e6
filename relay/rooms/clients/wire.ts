/**
 * Wires: one connection as the hub sees it, independent of the transport.
 *
 * @module
 */

/** Operations of the hub on a connection. None throws, even after the connection has ended. */
export interface Wire {
  /** Address of the other end, for limits and, blurred, for the log. */
  readonly address: string;
  /**
   * Memory of the messages sent that the network has not taken yet: their bytes, and
   * `PIECE_COST_BYTES` for each.
   */
  readonly bufferedBytes: number;
  /** Bytes of memory taken by a message that has arrived in part. */
  readonly incomingBytes: number;
  /** Sends one message and calls `onTaken` once the network has taken it. */
  send(data: Uint8Array | string, isText: boolean, onTaken?: () => void): void;
  /** Stop and resume reading; meanwhile, messages wait at the other end. */
  pause(): void;
  resume(): void;
  /** Asks the other end for a sign of life, reported by {@linkcode WireEvents.alive}. */
  ping(): void;
  /** Closes in order: messages already sent still arrive. */
  close(): void;
  /** Ends the connection at once. */
  terminate(): void;
}

/** Events that a connection reports to the hub. */
export interface WireEvents {
  /** {@linkcode Wire.incomingBytes} has changed; some transports never report it. */
  coming?(): void;
  /** A message has arrived; the hub may keep `data`. */
  message(data: Uint8Array, isText: boolean): void;
  alive(): void;
  /** Called once; `clean` when the other end closed in order. */
  closed(clean: boolean): void;
}
