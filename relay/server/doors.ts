/**
 * Doors: who may be connected, counted twice, each time by network key.
 *
 * At the outer door every connection counts, before anything is read of it; one that is not
 * upgraded yet gives way to a newcomer. At the inner door those count that speak WebSocket: by the
 * client's own address, which behind a proxy only the request tells. The outer door is the wider
 * one, so that whoever is refused at the inner one can be told so, and monitors find a relay that
 * is full. See RELAY_SERVER_SPEC.md, section 2.9.
 *
 * @module
 */

import { Admission, type Place } from "../../lib/admission/admission.ts";
import { networkKey } from "../../lib/admission/network_key.ts";
import type { RelayConfig } from "../config.ts";

/** Connections beyond those that speak WebSocket, in total and of one key. */
const HALL = 256;
const HALL_PER_KEY = 64;

/**
 * Files that are left, at most half of all: for databases and sockets of ours, and above all for
 * connections that were put out. Node closes those in the next turn only, and accepts more than a
 * hundred others in this one.
 */
const SPARE_FILES = 320;

/** Smallest limit on connections, however few files there are. */
const LEAST = 16;

/** Counts connections and clients of one process. */
export class Doors {
  readonly #outer: Admission;
  readonly #inner: Admission;
  readonly #maxClients: number;
  /** Connections that there would be places for, were there enough files. */
  readonly #wanted: number;
  readonly #countFiles: (most: number) => number;

  /**
   * @param countFiles Returns how many files the process may still open, but never more than it
   * is asked for.
   */
  constructor(config: RelayConfig, countFiles: (most: number) => number) {
    const { maxConnections, maxConnectionsPerAddress, trustedProxies } = config;
    this.#maxClients = maxConnections;
    this.#wanted = maxConnections + HALL;
    this.#countFiles = countFiles;
    const total = this.#totalBeside(0);
    this.#outer = new Admission({
      total,
      // All connections from a proxy have its address; only the proxy knows whose they are.
      perKey: trustedProxies > 0
        ? Infinity
        : maxConnectionsPerAddress + HALL_PER_KEY,
    });
    this.#inner = new Admission({
      total: this.#clientsOf(total),
      perKey: maxConnectionsPerAddress,
    });
  }

  /** Connections that are open, whatever they have asked for. */
  get count(): number {
    return this.#outer.total;
  }

  /** Connections that may be open. */
  get limit(): number {
    return this.#outer.limits.total;
  }

  /**
   * Lets a new connection in at the outer door.
   *
   * @param putOut Closes the connection, when a newcomer gets its place.
   * @returns `null` when there is no place; the caller closes the connection.
   */
  enter(address: string, putOut: () => void): Place | null {
    return this.#outer.enter(networkKey(address), putOut);
  }

  /**
   * Lets a client in at the inner door.
   *
   * @param address Address of the client, not of a proxy.
   */
  admit(address: string): Place | null {
    return this.#inner.enter(networkKey(address));
  }

  /**
   * Allows fewer connections from now on than there are, because the process cannot open more
   * files; puts out who is not upgraded, and returns how many may stay.
   */
  narrow(): number {
    return this.#limit(connectionsOf(this.count));
  }

  /**
   * Allows more connections again, after {@linkcode narrow}, if there are files for them by now;
   * `null` when nothing changes.
   */
  widen(): number | null {
    if (this.limit >= this.#wanted) return null;
    const total = this.#totalBeside(this.count);
    return total > this.limit ? this.#limit(total) : null;
  }

  #limit(total: number): number {
    this.#outer.limit(total);
    this.#inner.limit(this.#clientsOf(total));
    return total;
  }

  /** Connections that there are files for, beside those that the open ones have. */
  #totalBeside(open: number): number {
    const most = Math.max(0, this.#wanted + SPARE_FILES - open);
    return Math.min(this.#wanted, connectionsOf(open + this.#countFiles(most)));
  }

  /** Clients that `total` connections allow, with a hall in front of them. */
  #clientsOf(total: number): number {
    const hall = Math.min(HALL, Math.floor(total / 4));
    return Math.min(this.#maxClients, total - hall);
  }
}

/** Connections that may be open where so many files may be. */
function connectionsOf(files: number): number {
  const spare = Math.min(SPARE_FILES, Math.floor(files / 2));
  return Math.max(LEAST, files - spare);
}
