/**
 * Network interfaces: selects the addresses to use, groups them for sockets, and checks
 * addresses that other machines announce.
 *
 * Pure: the caller passes in the machine's addresses (`Deno.networkInterfaces()`), and
 * nothing is opened here. See docs/protocol.md, section 7.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { SpreadError } from "../errors.ts";

/** One address of an interface, with the fields of `Deno.networkInterfaces()` in use here. */
export interface InterfaceAddress {
  name: string;
  family: "IPv4" | "IPv6";
  address: string;
  /** The address with its prefix length: `192.0.2.7/24`. */
  cidr: string;
  /** Number of the interface, for IPv6; on Windows it is the zone. */
  scopeid?: number | null;
}

/** One interface with all its addresses. */
export interface Link {
  /** Zone of link-local addresses on this machine: the part after the `%`. */
  scope: string;
  isLoopback: boolean;
  /** At most {@linkcode MAX_ADDRESSES}: IPv4 first, link-local IPv6 last. */
  addresses: string[];
}

/** The part of a link that one socket serves: one IPv4 address, or all of IPv6. */
export interface Endpoint {
  /** Identity of the endpoint: another text once anything about the interface has changed. */
  key: string;
  link: Link;
  type: "udp4" | "udp6";
  /** The interface as the socket needs it: an IPv4 address, or `::%zone`. */
  interface: string;
  /** Networks of the link: a message from anywhere else is dropped. */
  neighbors: BlockList;
}

/** Most addresses announced for one host, or accepted of one: a message stays one datagram. */
export const MAX_ADDRESSES = 16;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet("fe80::", 10, "ipv6");

/** Addresses that no host has: unspecified, multicast, reserved, broadcast, IPv4-compatible. */
const UNREACHABLE = new BlockList();
UNREACHABLE.addSubnet("0.0.0.0", 8, "ipv4");
UNREACHABLE.addSubnet("224.0.0.0", 3, "ipv4");
UNREACHABLE.addSubnet("::", 96, "ipv6");
UNREACHABLE.addSubnet("ff00::", 8, "ipv6");

/**
 * Selects the addresses to announce and browse on.
 *
 * @param all Every address of this machine.
 * @param only The only address to use, with or without its zone. 127.0.0.1 is allowed; so
 *   is ::1, though Linux does not carry multicast there.
 * @returns Every address that is not loopback, or the one entry of `only`; none while the
 *   machine has no such address.
 */
export function usableInterfaces(
  all: InterfaceAddress[],
  only?: string,
): InterfaceAddress[] {
  if (only === undefined) {
    return all.filter(({ address }) => !isIn(LOOPBACK, address));
  }
  return all.filter((entry) => isNamed(entry, only.toLowerCase())).slice(0, 1);
}

/**
 * Requires that this machine has the address `only`, if that is given.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function requireAddress(all: InterfaceAddress[], only?: string): void {
  if (only === undefined || usableInterfaces(all, only).length > 0) return;
  const known = all.map(({ address }) => address).join(", ");
  throw new SpreadError(
    "USAGE",
    `This machine has no address "${only}"`,
    `Use one of its own: ${known}`,
  );
}

function isNamed(entry: InterfaceAddress, text: string): boolean {
  const [address, zone] = text.split("%");
  return entry.address.toLowerCase() === address &&
    (zone === undefined || zone === entry.name.toLowerCase() ||
      zone === String(entry.scopeid));
}

/** Groups addresses into endpoints: one for each IPv4 address, one for IPv6 on each interface. */
export function endpointsOf(interfaces: InterfaceAddress[]): Endpoint[] {
  const byName = Map.groupBy(interfaces, ({ name }) => name);
  return [...byName.values()].flatMap((entries) => {
    const link = linkOf(entries);
    const v4 = entries.filter(({ family }) => family === "IPv4");
    const v6 = entries.filter(({ family }) => family === "IPv6");
    const endpoints = [
      ...v4.map((entry) => endpointV4(link, entry)),
      ...(v6.length > 0 ? [endpointV6(link, v6)] : []),
    ];
    const state = JSON.stringify(entries);
    return endpoints.map((endpoint) => ({
      key: `${endpoint.interface} ${state}`,
      ...endpoint,
    }));
  });
}

function linkOf(entries: InterfaceAddress[]): Link {
  const addresses = entries.map(({ address }) => address)
    .sort((a, b) => rank(a) - rank(b)).slice(0, MAX_ADDRESSES);
  return {
    scope: scopeOf(entries),
    isLoopback: addresses.every((address) => isIn(LOOPBACK, address)),
    addresses,
  };
}

/** Zone of a link: the name of the interface; on Windows its number. */
function scopeOf(entries: InterfaceAddress[]): string {
  const numbered = entries.find(({ scopeid }) => scopeid);
  return Deno.build.os === "windows" && numbered !== undefined
    ? String(numbered.scopeid)
    : entries[0]!.name;
}

function rank(address: string): number {
  if (isIP(address) === 4) return 0;
  return isLinkLocal(address) ? 2 : 1;
}

function endpointV4(
  link: Link,
  entry: InterfaceAddress,
): Omit<Endpoint, "key"> {
  const neighbors = new BlockList();
  addSubnet(neighbors, entry);
  return { link, type: "udp4", interface: entry.address, neighbors };
}

function endpointV6(
  link: Link,
  entries: InterfaceAddress[],
): Omit<Endpoint, "key"> {
  const neighbors = new BlockList();
  neighbors.addSubnet("fe80::", 10, "ipv6");
  for (const entry of entries) addSubnet(neighbors, entry);
  return { link, type: "udp6", interface: `::%${link.scope}`, neighbors };
}

function addSubnet(
  list: BlockList,
  { address, cidr, family }: InterfaceAddress,
) {
  const prefix = Number(cidr.split("/")[1]);
  list.addSubnet(address, prefix, family === "IPv4" ? "ipv4" : "ipv6");
}

/**
 * Whether a message from `source` came over the link of this endpoint.
 *
 * For IPv4, Linux gives a socket the multicast of every interface on which any process
 * joined the group; without this check, `--interface` would have no effect. As a
 * consequence, hosts on the same link but in another IPv4 network are ignored.
 */
export function isNeighbor(endpoint: Endpoint, source: string): boolean {
  return isIn(endpoint.neighbors, source);
}

/**
 * Checks an address that another machine announces.
 *
 * @param address Data of an answer on `link`; may be anything.
 * @returns The address as `Deno.connect` needs it; `null` for anything that is not the
 *   address of a host, and for loopback unless `link` is.
 */
export function reachableAddress(address: unknown, link: Link): string | null {
  if (typeof address !== "string") return null;
  // Refuses IPv4-mapped IPv6 addresses: the block lists would treat one as the IPv4
  // address inside.
  if (isIP(address) === 0 || /%|^::ffff:/i.test(address)) return null;
  if (isIn(LOOPBACK, address)) return link.isLoopback ? address : null;
  return isIn(UNREACHABLE, address) ? null : withScope(address, link);
}

/** Whether an address is IPv6 link-local, which needs a zone. */
export function isLinkLocal(address: string): boolean {
  return isIn(LINK_LOCAL, address);
}

/** Adds the zone of `link` to an address that needs one: IPv6 link-local. */
export function withScope(address: string, link: Link): string {
  return isLinkLocal(address) ? `${address}%${link.scope}` : address;
}

/** Returns the address of an entry, with its zone if it needs one. */
export function withZone(entry: InterfaceAddress): string {
  return withScope(entry.address, linkOf([entry]));
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
