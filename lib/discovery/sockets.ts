/**
 * Multicast DNS sockets: opening, guarding and closing them.
 *
 * Knows nothing of shares. The library decodes messages; this file drops those that cannot
 * be multicast DNS, or that do not come from the socket's own link. For IPv6 the hop limits
 * are the system's (1 for multicast): Deno does not set them.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import {
  type MulticastDns,
  multicastDns,
  type Packet,
  type Question,
  type Remote,
  type Response,
} from "multicast-dns/typed";
import {
  isNeighbour,
  type Link,
  type Outlet,
  withScope,
} from "./interfaces.ts";

/** Port of multicast DNS; a query from any other port is from a plain resolver. */
export const MDNS_PORT = 5353;

const GROUP_V4 = "224.0.0.251";
const GROUP_V6 = "ff02::fb";

/** Largest message, in bytes: RFC 6762, section 17. */
const MAX_MESSAGE_BYTES = 9000;

/**
 * Most records and questions in a message; the codec spends time and memory on every one
 * that the header claims.
 */
const MAX_RECORDS = 256;

/** Opens a socket on one outlet. @throws When it cannot be used, or is gone. */
export async function openSocket(outlet: Outlet): Promise<MulticastSocket> {
  const { type } = outlet;
  const isV6 = type === "udp6";
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: isV6 });
  dropImplausible(socket);
  const mdns = multicastDns({
    socket,
    type,
    ip: isV6 ? GROUP_V6 : GROUP_V4,
    interface: outlet.interface,
    bind: isV6 ? addressV6(outlet.link) : "0.0.0.0",
  });
  const opened = new MulticastSocket(outlet, mdns);
  try {
    await joined(mdns);
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
  return opened;
}

/**
 * Address to bind to for IPv6. Linux gives a socket the multicast of all interfaces on
 * which any process joined the group, and a link-local address from another interface would
 * get the wrong zone. So on Linux the socket is bound to the group on its link; other
 * systems deliver only the joined group. IPv4 has no such binding and relies on
 * {@linkcode isNeighbour}.
 */
function addressV6({ scope }: Link): string {
  return Deno.build.os === "linux" ? `${GROUP_V6}%${scope}` : "::";
}

/** Resolves once the socket is bound and in the group; rejects if it cannot be. */
function joined(mdns: MulticastDns): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let problem: Error | null = new Error("The group was not joined");
  mdns.on("warning", (warning) => problem &&= warning);
  mdns.on("networkInterface", () => problem = null);
  mdns.on("ready", () => problem === null ? resolve() : reject(problem));
  mdns.on("error", reject);
  return promise;
}

/**
 * Drops datagrams with implausible counts: the codec allocates what the header claims, so
 * that twelve bytes could cost megabytes.
 */
function dropImplausible(socket: Socket): void {
  const emit = socket.emit.bind(socket) as (...args: unknown[]) => boolean;
  socket.emit = (event: string, ...args: unknown[]) =>
    event === "message" && !isPlausible(args[0] as Uint8Array)
      ? false
      : emit(event, ...args);
}

/** Whether a datagram could be a multicast DNS message, by its size and its header's counts. */
export function isPlausible(datagram: Uint8Array): boolean {
  const { length, buffer, byteOffset } = datagram;
  if (length < 12 || length > MAX_MESSAGE_BYTES) return false;
  const header = new DataView(buffer, byteOffset, 12);
  const records = [4, 6, 8, 10].map((at) => header.getUint16(at))
    .reduce((sum, count) => sum + count);
  return records <= MAX_RECORDS;
}

/** An open socket to the neighbors on one link. */
export class MulticastSocket implements AsyncDisposable {
  readonly #outlet: Outlet;
  readonly #mdns: MulticastDns;

  constructor(outlet: Outlet, mdns: MulticastDns) {
    this.#outlet = outlet;
    this.#mdns = mdns;
  }

  get link(): Link {
    return this.#outlet.link;
  }

  /** Calls `listener` with every query of a neighbor, from any port. */
  onQuery(listener: (query: Packet, from: Remote) => void): void {
    this.#onPacket("query", listener);
  }

  /** Calls `listener` with every response of a neighbor. */
  onResponse(listener: (response: Packet) => void): void {
    this.#onPacket("response", (packet, { port }) => {
      // RFC 6762, 6: a response from any other port is not multicast DNS.
      if (port === MDNS_PORT) listener(packet);
    });
  }

  #onPacket(
    type: Packet["type"],
    listener: (packet: Packet, from: Remote) => void,
  ): void {
    this.#mdns.on("packet", (packet, { address, port }) => {
      // RFC 6762, 18.3 and 18.11: ignore other operations and errors.
      if (packet.opcode !== "QUERY" || packet.rcode !== "NOERROR") return;
      if (packet.type !== type || !isNeighbour(this.#outlet, address)) return;
      listener(packet, { address: withScope(address, this.link), port });
    });
  }

  /** Asks every host on the link. Best effort, like all of UDP. */
  ask(questions: Question[]): void {
    this.#mdns.query(questions);
  }

  /** Tells `to`, or every host on the link; resolves once the message has left, or could not. */
  tell(response: Response, to: Remote | null = null): Promise<void> {
    return new Promise((resolve) =>
      this.#mdns.respond(response, to, () => resolve())
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#mdns.destroy(() => resolve()));
  }
}
