/**
 * Listeners: HTTP and WebSocket through one server of the platform.
 *
 * `node_listener.ts` is the usual one, `deno_listener.ts` the one for Deno Deploy. Neither
 * decides anything: `front.ts` determines the answers and which clients to admit.
 *
 * @module
 */

import type { RelayConfig } from "../../config.ts";
import type { ConnectionLimits } from "../connection_limits.ts";
import type { Front } from "../front.ts";
import type { Wire, WireEvents } from "../../rooms/clients/wire.ts";

/** Options of a listener. */
export interface ListenerOptions {
  config: RelayConfig;
  front: Front;
  limits: ConnectionLimits;
  /** Writes one line of the log, given as an object. */
  log(line: Record<string, unknown>): void;
  /** Joins an admitted client to the hub. */
  connect(wire: Wire): WireEvents;
}

/** The addresses of a listener. */
export interface ListenAddress {
  /** Addresses, each as `tcp:HOST:PORT` or `unix:PATH`. */
  addresses: string[];
  /** The TCP port, if there is one. */
  port?: number;
}

/** One server, which listens for clients. */
export interface HttpListener {
  /** Starts listening. Rejects when the address cannot be used. */
  listen(): Promise<ListenAddress>;
  /** Stops accepting connections, where the server can do so without ending the open ones. */
  shut(): void;
  /** Ends every remaining connection. */
  end(): Promise<void>;
}

/** Whether a header `Upgrade` asks for WebSocket; others are ignored (RFC 9110, section 7.8). */
export function asksForWebSocket(upgrade: string | undefined): boolean {
  return upgrade?.toLowerCase() === "websocket";
}

/** Formats an address as `tcp:HOST:PORT`, with brackets around IPv6. */
export function formatTcp(host: string, port: number): string {
  return `tcp:${host.includes(":") ? `[${host}]` : host}:${port}`;
}
