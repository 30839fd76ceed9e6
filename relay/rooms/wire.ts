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

/**
 * Rooms beyond this process: how an instance finds those of the others. Its work is told to
 * the hub by {@linkcode DirectoryEvents}.
 */
export interface Directory {
  /** Takes a free room code for this instance; `false` when it is taken. */
  claim(code: string, ttlMs: number): Promise<boolean>;
  /** Makes this instance the owner of a room whose sender has come here. */
  takeOver(code: string, ttlMs: number): Promise<void>;
  /** Gives a room code back; never fails. */
  release(code: string): void;
  /**
   * Leads a client to the instance that has its room. What the client sends goes to
   * the events returned, what comes from there to `wire`; `null` when nobody has the room.
   */
  lead(code: string, wire: Wire): Promise<WireEvents | null>;
}

/** What a directory asks of its hub. */
export interface DirectoryEvents {
  /** Someone comes from another instance. */
  arrive(wire: Wire): WireEvents;
  /** Another instance has taken a room over. */
  evict(code: string): void;
}
