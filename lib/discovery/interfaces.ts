/**
 * Network interfaces: selects those to use, and the valid addresses of each.
 *
 * Pure: the caller passes in the machine's addresses (`Deno.networkInterfaces()`), and
 * nothing is opened here. See docs/protocol.md, section 7.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { SpreadError } from "../errors.ts";

/** An address of an interface: the fields of `Deno.networkInterfaces()` in use here. */
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
  /** The part after the `%` of a link-local address on this machine. */
  scope: string;
  isLoopback: boolean;
  /** At most {@linkcode MAX_ADDRESSES}: IPv4 first, link-local IPv6 last. */
  addresses: string[];
}

/** The part of a link that one socket serves: one IPv4 address, or all of IPv6. */
export interface Outlet {
  /** Same text as long as nothing about the interface changes. */
  key: string;
  link: Link;
  type: "udp4" | "udp6";
  /** Name of the interface for the socket. */
  interface: string;
  /** Addresses of the neighbors. */
  neighbours: BlockList;
}

/** Most addresses announced for, or accepted of, one host: keeps a message in one datagram. */
export const MAX_ADDRESSES = 16;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet("fe80::", 10, "ipv6");

/** Addresses that no host has: unspecified, multicast, reserved, broadcast. */
const UNREACHABLE = new BlockList();
UNREACHABLE.addSubnet("0.0.0.0", 8, "ipv4");
UNREACHABLE.addSubnet("224.0.0.0", 3, "ipv4");
UNREACHABLE.addSubnet("::", 96, "ipv6");
UNREACHABLE.addSubnet("ff00::", 8, "ipv6");

/**
 * Picks the addresses to announce and browse on.
 *
 * @param all Every address of this machine.
 * @param only The only address to use, with or without its zone. 127.0.0.1 is allowed; so
 *   is ::1, though Linux does not carry multicast there.
 * @returns Every address that is not loopback, or the entry of `only`; empty while there is
 *   none.
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

/** Error for `only`, an address that this machine does not have. */
export function noSuchAddress(
  all: InterfaceAddress[],
  only: string,
): SpreadError {
  const known = all.map(({ address }) => address).join(", ");
  return new SpreadError(
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

/** Outlets to open a socket for: one for each IPv4 address, and one for IPv6 on each interface. */
export function outletsOf(interfaces: InterfaceAddress[]): Outlet[] {
  const byName = Map.groupBy(interfaces, ({ name }) => name);
  return [...byName.values()].flatMap((entries) => {
    const link = linkOf(entries);
    const v4 = entries.filter(({ family }) => family === "IPv4");
    const v6 = entries.filter(({ family }) => family === "IPv6");
    const outlets = [
      ...v4.map((entry) => outletV4(link, entry)),
      ...(v6.length > 0 ? [outletV6(link, v6)] : []),
    ];
    const state = JSON.stringify(entries);
    return outlets.map((outlet) => ({
      key: `${outlet.interface} ${state}`,
      ...outlet,
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

/** Zone of a link: the interface's name, or on Windows its number, to join a group and to connect. */
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

function outletV4(link: Link, entry: InterfaceAddress): Omit<Outlet, "key"> {
  const neighbours = new BlockList();
  addSubnet(neighbours, entry);
  return { link, type: "udp4", interface: entry.address, neighbours };
}

function outletV6(
  link: Link,
  entries: InterfaceAddress[],
): Omit<Outlet, "key"> {
  const neighbours = new BlockList();
  neighbours.addSubnet("fe80::", 10, "ipv6");
  for (const entry of entries) addSubnet(neighbours, entry);
  return { link, type: "udp6", interface: `::%${link.scope}`, neighbours };
}

function addSubnet(
  list: BlockList,
  { address, cidr, family }: InterfaceAddress,
) {
  const prefix = Number(cidr.split("/")[1]);
  list.addSubnet(address, prefix, family === "IPv4" ? "ipv4" : "ipv6");
}

/**
 * Whether a message from `source` came over the link of this outlet.
 *
 * For IPv4, Linux gives a socket the multicast of every interface on which any process
 * joined the group; without this check, `--interface` would have no effect. The price:
 * hosts on the same wire but in another IPv4 network are ignored.
 */
export function isNeighbour(outlet: Outlet, source: string): boolean {
  return isIn(outlet.neighbours, source);
}

/**
 * The address as `Deno.connect` needs it, or `null` for one that cannot be reached.
 *
 * @param address Data of an answer on `link`; may be anything.
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

/** The address with its zone where it needs one: IPv6 link-local. */
export function withScope(address: string, link: Link): string {
  return isLinkLocal(address) ? `${address}%${link.scope}` : address;
}

/** The address of an interface with its zone where it needs one. */
export function withZone(entry: InterfaceAddress): string {
  return withScope(entry.address, linkOf([entry]));
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
