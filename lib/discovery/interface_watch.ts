/**
 * The network interfaces of this machine as they come and go, and the times at which it slept.
 *
 * Looks at the machine's addresses every two seconds, while somebody follows; asks no other
 * program. A cable that is pulled shows only if the system takes the address away with it:
 * who waits has to ask again all the same.
 *
 * @module
 */

import {
  type InterfaceAddress,
  noSuchAddress,
  usableInterfaces,
} from "./interfaces.ts";

/** Time between two looks, in milliseconds. */
const INTERVAL_MS = 2_000;

/**
 * Lateness, in milliseconds, after which the machine is taken to have slept, or this process
 * to have been stopped: messages were missed, and memberships of groups may be lost.
 */
const SLEPT_MS = 5_000;

/** A change: of addresses, or because of a sleep. */
export interface InterfaceChange {
  hasSlept: boolean;
}

/** The addresses in use, now and later. */
export class InterfaceWatch {
  readonly #readAll: () => InterfaceAddress[];
  readonly #nowMs: () => number;
  readonly #only: string | undefined;
  readonly #followers = new Set<(change: InterfaceChange) => void>();
  #interfaces: InterfaceAddress[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedMs = 0;

  /**
   * @param readAll Reads every address of this machine.
   * @param only The only address to use, which may come and go later.
   * @param nowMs Clock that goes on during sleep; tests replace it.
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
    this.#interfaces = usableInterfaces(all, only);
    if (only !== undefined && this.#interfaces.length === 0) {
      throw noSuchAddress(all, only);
    }
  }

  /** The addresses in use; as of the last look, which was at most two seconds ago. */
  get interfaces(): InterfaceAddress[] {
    return this.#interfaces;
  }

  /** Calls `onChange` after each change, until disposed of. */
  follow(onChange: (change: InterfaceChange) => void): Disposable {
    if (this.#followers.size === 0) {
      this.#lookedMs = this.#nowMs();
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

  /** Looks now, and tells those who follow. */
  look(): void {
    const now = this.#nowMs();
    const hasSlept = now - this.#lookedMs > INTERVAL_MS + SLEPT_MS;
    this.#lookedMs = now;
    const interfaces = usableInterfaces(this.#readAll(), this.#only);
    const isSame =
      JSON.stringify(interfaces) === JSON.stringify(this.#interfaces);
    if (isSame && !hasSlept) return;
    this.#interfaces = interfaces;
    for (const onChange of [...this.#followers]) onChange({ hasSlept });
  }
}
