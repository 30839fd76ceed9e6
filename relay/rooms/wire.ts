/**
 * Wires: one connection as the hub sees it, whatever carries it.
 *
 * @module
 */

/** What the hub does with a connection. None of it throws, also once the connection has ended. */
export interface Wire {
  /** Where the other end is, for limits and, blurred, for the log. */
  readonly address: string;
  /** Bytes sent that the network has not taken yet. */
  readonly bufferedBytes: number;
  /** Sends one message; `onTaken` is called once the network has taken it. */
  send(data: Uint8Array | string, isText: boolean, onTaken?: () => void): void;
  /** Stops and starts reading: what the other end sends meanwhile waits there. */
  pause(): void;
  resume(): void;
  /** Asks the other end for a sign of life, told by {@linkcode WireEvents.alive}. */
  ping(): void;
  /** Closes in order: what was sent still arrives. */
  close(): void;
  /** Ends the connection at once. */
  terminate(): void;
}

/** What a connection tells the hub. */
export interface WireEvents {
  /** The head of a message has come, and nothing else of it yet. */
  begun?(): void;
  /** The data is the hub's to keep. */
  message(data: Uint8Array, isText: boolean): void;
  alive(): void;
  /** Told once; `clean` when the other end closed in order. */
  closed(clean: boolean): void;
}
