/**
 * Listeners: HTTP and WebSocket as one server of the platform offers them, whichever it is.
 *
 * `node_listener.ts` is the usual one, `deno_listener.ts` the one for Deno Deploy. Neither
 * decides anything: `front.ts` says what to answer and whom to let in.
 *
 * @module
 */

import type { RelayConfig } from "../config.ts";
import type { Front } from "./front.ts";
import type { Wire, WireEvents } from "../rooms/wire.ts";

/** What a listener is made of. */
export interface ListenerOptions {
  config: RelayConfig;
  front: Front;
  /** Joins a client that was let in. */
  connect(wire: Wire): WireEvents;
}

/** Where a listener can be reached. */
export interface ListenAddress {
  /** Each as `tcp:HOST:PORT` or `unix:PATH`. */
  addresses: string[];
  /** The TCP port, if there is one. */
  port?: number;
}

/** One server. */
export interface HttpListener {
  /** Starts to listen. Rejects when the address cannot be had. */
  listen(): Promise<ListenAddress>;
  /** Takes no new connections, as far as that leaves alone those that are open. */
  shut(): void;
  /** Ends whatever is left. */
  end(): Promise<void>;
}

/** `tcp:HOST:PORT`, with brackets around IPv6. */
export function formatTcp(host: string, port: number): string {
  return `tcp:${host.includes(":") ? `[${host}]` : host}:${port}`;
}
