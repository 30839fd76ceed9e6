/**
 * Limits on the connections of one process, in total and by network key, applied at two points.
 *
 * Every connection counts from the moment it is accepted, before anything is read from it; one
 * that is not upgraded yet is evicted when a new connection needs its place. A connection that
 * speaks WebSocket also counts as a client, by the client's own address, which behind a proxy only
 * the request tells. More connections than clients are allowed, so that a client that is refused
 * gets the reason as an HTTP answer, and monitors reach a full relay. See RELAY_SERVER_SPEC.md,
 * section 2.9.
 *
 * @module
 */

import { Admission, type Place } from "../../lib/admission/admission.ts";
import { networkKey } from "../../lib/admission/network_key.ts";
import type { RelayConfig } from "../config.ts";

/** Connections allowed beyond the clients, in total and of one key: those not upgraded yet. */
const MAX_PENDING = 256;
const MAX_PENDING_PER_KEY = 64;

/**
 * Files kept free, but at most half of all: for databases and our own sockets, and above all for
 * evicted connections. Node closes those in the next turn of the event loop, and may accept more
 * than a hundred others in this one.
 */
const SPARE_FILES = 320;

/** Smallest limit on connections, however few files are free. */
const MIN_CONNECTIONS = 16;

/** Counts connections and clients of one process. */
export class ConnectionLimits {
  readonly #connections: Admission;
  readonly #clients: Admission;
  readonly #maxClients: number;
  /** Most connections, however many files there are. */
  readonly #maxConnections: number;
  readonly #countFreeFiles: (most: number) => number;

  /**
   * @param countFreeFiles Returns how many files the process may still open, up to `most`.
   */
  constructor(config: RelayConfig, countFreeFiles: (most: number) => number) {
    const { maxConnections, maxConnectionsPerAddress, trustedProxies } = config;
    this.#maxClients = maxConnections;
    this.#maxConnections = maxConnections + MAX_PENDING;
    this.#countFreeFiles = countFreeFiles;
    const total = this.#connectionsBeside(0);
    this.#connections = new Admission({
      total,
      // All connections from a proxy have its address; only the proxy knows whose they are.
      perKey: trustedProxies > 0
        ? Infinity
        : maxConnectionsPerAddress + MAX_PENDING_PER_KEY,
    });
    this.#clients = new Admission({
      total: this.#clientsOf(total),
      perKey: maxConnectionsPerAddress,
    });
  }

  /** Number of open connections, upgraded or not. */
  get count(): number {
    return this.#connections.total;
  }

  /** Most connections that may be open. */
  get limit(): number {
    return this.#connections.limits.total;
  }

  /**
   * Gives a connection that was just accepted a place.
   *
   * @param address Address of the other end, which may be a proxy.
   * @param evict Closes the connection, when a new one gets its place.
   * @returns `null` when there is no place; the caller closes the connection.
   */
  enter(address: string, evict: () => void): Place | null {
    return this.#connections.enter(networkKey(address), evict);
  }

  /**
   * Gives a client that wants to speak WebSocket a place.
   *
   * @param address Address of the client, not of a proxy.
   * @returns `null` when there is no place; the caller refuses the client.
   */
  admit(address: string): Place | null {
    return this.#clients.enter(networkKey(address));
  }

  /**
   * Lowers the limits below the number of open connections, because the process cannot open more
   * files, and evicts connections that are not upgraded.
   *
   * @returns The new limit on connections.
   */
  lower(): number {
    return this.#apply(connectionsOf(this.count));
  }

  /**
   * Raises the limits, after {@linkcode lower}, to what the free files allow by now.
   *
   * @returns The new limit on connections; `null` when it stays.
   */
  raise(): number | null {
    if (this.limit >= this.#maxConnections) return null;
    const total = this.#connectionsBeside(this.count);
    return total > this.limit ? this.#apply(total) : null;
  }

  #apply(total: number): number {
    this.#connections.limit(total);
    this.#clients.limit(this.#clientsOf(total));
    return total;
  }

  /** Most connections for the free files and those that `open` connections use. */
  #connectionsBeside(open: number): number {
    const most = Math.max(0, this.#maxConnections + SPARE_FILES - open);
    const files = open + this.#countFreeFiles(most);
    return Math.min(this.#maxConnections, connectionsOf(files));
  }

  /** Most clients among `total` connections; the rest is for those not upgraded yet. */
  #clientsOf(total: number): number {
    const pending = Math.min(MAX_PENDING, Math.floor(total / 4));
    return Math.min(this.#maxClients, total - pending);
  }
}

/** Most connections for a process that can open this many files. */
function connectionsOf(files: number): number {
  const spare = Math.min(SPARE_FILES, Math.floor(files / 2));
  return Math.max(MIN_CONNECTIONS, files - spare);
}
