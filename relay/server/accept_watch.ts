/**
 * Accept watch: notices that a server no longer accepts connections, and has it listen again.
 *
 * Deno's `node:net` drops an error of accepting, such as that of a process without a free file,
 * and never asks the system for a connection again; no event tells. So when nobody has come for a
 * while the watch knocks: it connects to the server itself.
 *
 * @module
 */

import { connect } from "node:net";
import { isOutOfFiles } from "./free_files.ts";

/** Time between two looks, and time for a knock to be heard, in milliseconds. */
const LOOK_MS = 1_000;

/** The server under watch. */
export interface Watched {
  /** Address at which it can be reached from here. */
  address(): { host: string; port: number };
  /** Listens again, at the same address. */
  relisten(): void;
  /** Makes place for new connections: a knock failed, because no file was free. */
  outOfFiles(): void;
}

/** Looks once a second. */
export class AcceptWatch implements Disposable {
  readonly #watched: Watched;
  readonly #timer: ReturnType<typeof setInterval>;
  #hasAccepted = true;
  /** Ends the knock that is not answered yet. */
  #endKnock: (() => void) | null = null;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Notes that a connection has been accepted. */
  accepted(): void {
    this.#hasAccepted = true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#endKnock?.();
  }

  /** A server that has accepted something since the last look is well; a knock has a whole turn. */
  #look(): void {
    const wasKnocked = this.#endKnock !== null;
    this.#endKnock?.();
    const isWell = this.#hasAccepted;
    this.#hasAccepted = false;
    if (isWell) return;
    if (wasKnocked) this.#watched.relisten();
    else this.#knock();
  }

  #knock(): void {
    const socket = connect(this.#watched.address());
    this.#endKnock = () => {
      this.#endKnock = null;
      socket.destroy();
    };
    socket.on("error", (error) => {
      if (isOutOfFiles(error)) this.#watched.outOfFiles();
    });
  }
}
