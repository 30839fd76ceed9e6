/**
 * Accept watch: detects that a server no longer accepts connections, and makes it listen again.
 *
 * When accepting fails, as in a process without a free file, Deno's `node:net` drops the error,
 * never accepts again, and emits no event. So when no connection has been accepted for a while,
 * the watch sends a probe: it connects to the server itself.
 *
 * @module
 */

import { connect } from "node:net";
import { isOutOfFiles } from "./free_files.ts";

/** Time between two checks, and time for a probe to be accepted, in milliseconds. */
const CHECK_MS = 1_000;

/** Time for a process that was busy to accept the probe after all, in milliseconds. */
const LAST_LOOK_MS = 20;

/** The server under watch. */
export interface Watched {
  /** Address at which this process can reach the server. */
  address(): { host: string; port: number };
  /** Makes the server listen again, at the same address. */
  relisten(): void;
  /** Called when a probe failed because no file was free, to make space for new connections. */
  outOfFiles(): void;
}

/** Checks a server once a second, until it is disposed of. */
export class AcceptWatch implements Disposable {
  readonly #watched: Watched;
  readonly #timer: ReturnType<typeof setInterval>;
  #hasAccepted = true;
  /** Ends the probe under way; `null` when there is none. */
  #endProbe: (() => void) | null = null;
  #lastLook: ReturnType<typeof setTimeout> | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  /** Notes that a connection has been accepted. */
  accepted(): void {
    this.#hasAccepted = true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    clearTimeout(this.#lastLook);
    this.#endProbe?.();
  }

  /** Probes a server that has accepted nothing since the last check; restarts one that missed a probe. */
  #check(): void {
    const wasProbed = this.#endProbe !== null;
    this.#endProbe?.();
    const isWell = this.#hasAccepted;
    this.#hasAccepted = false;
    if (isWell) return;
    if (!wasProbed) return this.#probe();
    // After a busy second this timer comes before the connections that wait.
    this.#lastLook = setTimeout(() => {
      if (!this.#hasAccepted) this.#watched.relisten();
    }, LAST_LOOK_MS);
  }

  #probe(): void {
    const socket = connect(this.#watched.address());
    this.#endProbe = () => {
      this.#endProbe = null;
      socket.destroy();
    };
    socket.on("error", (error) => {
      if (isOutOfFiles(error)) this.#watched.outOfFiles();
    });
  }
}
