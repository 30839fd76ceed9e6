/**
 * Typed front of the part of `multicast-dns` that this project uses.
 *
 * One instance is one socket. Packets are decoded but not validated: strings hold whatever bytes
 * a stranger sent, and the type of `data` is certain only in resource records built here.
 *
 * @module
 */

import type { Socket } from "node:dgram";
import untyped from "multicast-dns";

/** A question; its `class` is `UNKNOWN_32769` when a unicast answer is welcome (QU). */
export interface Question {
  name: string;
  type: string;
  class?: string;
}

/** A resource record: `data` depends on `type`. */
export interface ResourceRecord {
  name: string;
  type: string;
  /** Seconds; 0 withdraws the resource record. */
  ttl?: number;
  class?: string;
  /** The cache-flush bit: these resource records replace all earlier ones of that name. */
  flush?: boolean;
  data: unknown;
}

/** A received message. */
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

/** A response to send; the id is 0 by default. */
export interface Response {
  id?: number;
  questions?: Question[];
  answers: ResourceRecord[];
  additionals?: ResourceRecord[];
}

/** The origin or destination of a message. */
export interface Remote {
  address: string;
  port: number;
}

/** The options that this project passes: all of them, so that the library guesses nothing. */
export interface Options {
  socket: Socket;
  type: "udp4" | "udp6";
  /** Address of the multicast group. */
  ip: string;
  /** The interface as the socket names it: an IPv4 address, or `::%scope`. */
  interface: string;
  /** The address to bind to. */
  bind: string;
}

/** An open socket in the group. Errors of `send` reach only its callback. */
export interface MulticastDns {
  on(
    event: "packet",
    listener: (packet: Packet, remote: Remote) => void,
  ): this;
  /** `networkInterface`: the socket has joined the group; comes before `ready`. */
  on(event: "ready" | "networkInterface", listener: () => void): this;
  /** `warning`: a datagram that cannot be decoded, or a group that cannot be joined. */
  on(event: "error" | "warning", listener: (error: Error) => void): this;
  /** Asks the whole group. */
  query(questions: Question[], done?: () => void): void;
  /** Sends a response to `to`, or to the whole group when it is `null`. */
  respond(
    response: Response,
    to: Remote | null,
    done?: (error?: Error | null) => void,
  ): void;
  destroy(done?: () => void): void;
}

/** Binds `options.socket` to port 5353 and joins the group. */
export const multicastDns: (options: Options) => MulticastDns = untyped;
