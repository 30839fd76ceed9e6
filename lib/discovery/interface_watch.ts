/**
 * Watches the network addresses of this machine as they come and go, and notices that it has
 * slept.
 *
 * Reads the addresses every two seconds while there is a follower; runs no other program. A
 * cable that is pulled shows only if the system takes the address away as well, so whoever
 * waits for an answer has to ask again all the same.
 *
 * @module
 */

import {
  type InterfaceAddress,
  requireAddress,
  usableInterfaces,
} from "./interfaces.ts";

/** Time between two readings of the addresses, in milliseconds. */
const INTERVAL_MS = 2_000;

/**
 * Lateness, in milliseconds, after which the machine is taken to have slept, or this process
 * to have been stopped: messages were missed, and memberships of groups may be lost.
 */
const SLEPT_MS = 5_000;

/** A change of addresses, or a sleep after which they may be the same. */
export interface InterfaceChange {
  /** Whether the machine has slept, or this process was stopped, for more than 5 seconds. */
  hasSlept: boolean;
}

/** Knows the addresses in use, and reports their changes. */
export class InterfaceWatch {
  readonly #readAll: () => InterfaceAddress[];
  readonly #nowMs: () => number;
  readonly #only: string | undefined;
  readonly #followers = new Set<(change: InterfaceChange) => void>();
  #interfaces: InterfaceAddress[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #readMs = 0;

  /**
   * @param readAll Reads every address of this machine.
   * @param only The only address to use; it may go and come back later.
   * @param nowMs Clock that goes on during sleep, in milliseconds; tests replace it.
   * @throws {SpreadError} `USAGE` when `only` is not an address of this machine.
   */
  constructor(
    readAll: () => InterfaceAddress[],
    only?: string,
    nowMs: () => number = Date.now,
  ) {
    this.#readAll = readAll;
    this.#only = only;
    this.#nowMs = nowMs;
    const all = readAll();
    requireAddress(all, only);
    this.#interfaces = usableInterfaces(all, only);
  }

  /** The addresses in use at the last reading: with a follower, at most two seconds ago. */
  get interfaces(): InterfaceAddress[] {
    return this.#interfaces;
  }

  /** Calls `onChange` after each change, until the result is disposed of. */
  follow(onChange: (change: InterfaceChange) => void): Disposable {
    if (this.#followers.size === 0) {
      this.#readMs = this.#nowMs();
      this.#timer = setInterval(() => this.look(), INTERVAL_MS);
    }
    this.#followers.add(onChange);
    return {
      [Symbol.dispose]: () => {
        this.#followers.delete(onChange);
        if (this.#followers.size === 0) clearInterval(this.#timer);
      },
    };
  }

  /** Reads the addresses now, and tells the followers when something has changed. */
  look(): void {
    const now = this.#nowMs();
    const hasSlept = now - this.#readMs > INTERVAL_MS + SLEPT_MS;
    this.#readMs = now;
    const interfaces = usableInterfaces(this.#readAll(), this.#only);
    const isSame =
      JSON.stringify(interfaces) === JSON.stringify(this.#interfaces);
    if (isSame && !hasSlept) return;
    this.#interfaces = interfaces;
    for (const onChange of [...this.#followers]) onChange({ hasSlept });
  }
}
