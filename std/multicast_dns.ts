/**
 * Typed front of `multicast-dns`, as far as this project uses it.
 *
 * One instance is one socket. What arrives is decoded but not validated: strings hold
 * whatever bytes a stranger sent, and `data` is only as its `type` says in records
 * that were built here.
 *
 * @module
 */

import type { Socket } from "node:dgram";
import untyped from "multicast-dns";

/** What is asked. `class` reads `UNKNOWN_32769` when a unicast answer is welcome (QU). */
export interface Question {
  name: string;
  type: string;
  class?: string;
}

/** A resource record: `data` depends on `type`. */
export interface ResourceRecord {
  name: string;
  type: string;
  /** Seconds; 0 takes the record back. */
  ttl?: number;
  class?: string;
  /** The cache-flush bit: this and the records beside it replace all others of that name. */
  flush?: boolean;
  data: unknown;
}

/** A message as it was received. */
export interface Packet {
  id: number;
  type: "query" | "response";
  opcode: string;
  rcode: string;
  questions: Question[];
  answers: ResourceRecord[];
  authorities: ResourceRecord[];
  additionals: ResourceRecord[];
}

/** A response to send; the id is 0 unless given. */
export interface Response {
  id?: number;
  questions?: Question[];
  answers: ResourceRecord[];
  additionals?: ResourceRecord[];
}

/** Where a message came from, or goes to. */
export interface Remote {
  address: string;
  port: number;
}

/** The options this project passes: all of them, so that the library guesses nothing. */
export interface Options {
  socket: Socket;
  type: "udp4" | "udp6";
  /** The group. */
  ip: string;
  /** What the interface is called by the socket: an IPv4 address, or `::%scope`. */
  interface: string;
  /** The address to bind to. */
  bind: string;
}

/** An open socket in the group. Errors of `send` reach its callback and nobody else. */
export interface MulticastDns {
  on(
    event: "packet",
    listener: (packet: Packet, remote: Remote) => void,
  ): this;
  /** `networkInterface`: the group was joined; comes before `ready`. */
  on(event: "ready" | "networkInterface", listener: () => void): this;
  /** `warning`: a datagram that does not decode, or a group that cannot be joined. */
  on(event: "error" | "warning", listener: (error: Error) => void): this;
  /** Asks the whole group. */
  query(questions: Question[], done?: () => void): void;
  /** Tells `to`, or the whole group when it is `null`. */
  respond(
    response: Response,
    to: Remote | null,
    done?: (error?: Error | null) => void,
  ): void;
  destroy(done?: () => void): void;
}

/** Binds `options.socket` to port 5353 and joins the group. */
export const multicastDns: (options: Options) => MulticastDns = untyped;
