/**
 * Multicast DNS sockets: opens and closes them, and filters the messages that come in.
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
  type Endpoint,
  isNeighbor,
  type Link,
  withScope,
} from "./interfaces.ts";

/** Port of multicast DNS; a query from any other port is from a plain resolver. */
export const MDNS_PORT = 5353;

const GROUP_V4 = "224.0.0.251";
const GROUP_V6 = "ff02::fb";

/** Largest message, in bytes: RFC 6762, section 17. */
const MAX_MESSAGE_BYTES = 9000;

/**
 * Most records and questions, together, that the header of a message may claim; the codec
 * spends time and memory on each of them.
 */
const MAX_RECORDS = 256;

/**
 * Opens a socket on one endpoint.
 *
 * @returns The socket, once it is bound and in the group.
 * @throws {Error} When the interface is gone or the port cannot be used.
 */
export async function openSocket(endpoint: Endpoint): Promise<MulticastSocket> {
  const { type } = endpoint;
  const isV6 = type === "udp6";
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: isV6 });
  dropImplausible(socket);
  const mdns = multicastDns({
    socket,
    type,
    ip: isV6 ? GROUP_V6 : GROUP_V4,
    interface: endpoint.interface,
    bind: isV6 ? addressV6(endpoint.link) : "0.0.0.0",
  });
  const opened = new MulticastSocket(endpoint, mdns);
  try {
    await joined(mdns);
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
  return opened;
}

/**
 * Returns the address to bind to for IPv6. Linux gives a socket the multicast of all
 * interfaces on which any process joined the group, and a link-local address from another
 * interface would get the wrong zone. So on Linux the socket is bound to the group on its
 * link; other systems deliver only the joined group. IPv4 has no such binding and relies on
 * {@linkcode isNeighbor}.
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
 * Drops implausible datagrams before the codec sees them: it allocates what the header
 * claims, so that twelve bytes could cost megabytes.
 */
function dropImplausible(socket: Socket): void {
  const emit = socket.emit.bind(socket) as (...args: unknown[]) => boolean;
  socket.emit = (event: string, ...args: unknown[]) =>
    event === "message" && !isPlausible(args[0] as Uint8Array)
      ? false
      : emit(event, ...args);
}

/** Whether a datagram could be a multicast DNS message, judging by its size and header. */
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
  readonly #endpoint: Endpoint;
  readonly #mdns: MulticastDns;

  constructor(endpoint: Endpoint, mdns: MulticastDns) {
    this.#endpoint = endpoint;
    this.#mdns = mdns;
  }

  get link(): Link {
    return this.#endpoint.link;
  }

  /** Calls `listener` with every query from this link, whatever its port. */
  onQuery(listener: (query: Packet, from: Remote) => void): void {
    this.#onPacket("query", listener);
  }

  /** Calls `listener` with every response from this link. */
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
      if (packet.type !== type || !isNeighbor(this.#endpoint, address)) return;
      listener(packet, { address: withScope(address, this.link), port });
    });
  }

  /** Sends a query to every host on the link; it may get lost, like any UDP datagram. */
  ask(questions: Question[]): void {
    this.#mdns.query(questions);
  }

  /**
   * Sends a response to `to`, or to every host on the link.
   *
   * @returns Once the message has been sent, or has failed to be.
   */
  respond(response: Response, to: Remote | null = null): Promise<void> {
    return new Promise((resolve) =>
      this.#mdns.respond(response, to, () => resolve())
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#mdns.destroy(() => resolve()));
  }
}
