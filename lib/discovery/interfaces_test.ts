import { assertEquals } from "@std/assert";
import {
  endpointsOf,
  type InterfaceAddress,
  isNeighbor,
  type Link,
  MAX_ADDRESSES,
  reachableAddress,
  usableInterfaces,
} from "./interfaces.ts";

const entry = (name: string, cidr: string, scopeid = 0): InterfaceAddress => ({
  name,
  family: cidr.includes(":") ? "IPv6" : "IPv4",
  address: cidr.split("/")[0]!,
  cidr,
  scopeid,
});

const LO4 = entry("lo", "127.0.0.1/8");
const LO6 = entry("lo", "::1/128");
const ETH4 = entry("eth0", "192.0.2.7/24");
const ETH4B = entry("eth0", "10.0.0.7/8");
const ETH6 = entry("eth0", "2001:db8::7/64");
const ETH6LL = entry("eth0", "fe80::7/64", 2);
const TUN4 = entry("tun0", "10.8.0.2/32");
const ALL = [LO4, ETH4, ETH4B, TUN4, LO6, ETH6LL, ETH6];

const LINK: Link = { scope: "eth0", isLoopback: false, addresses: [] };
const LOOPBACK: Link = { scope: "lo", isLoopback: true, addresses: [] };

Deno.test("usableInterfaces() takes everything but loopback, when no address is given", () => {
  assertEquals(usableInterfaces(ALL), [ETH4, ETH4B, TUN4, ETH6LL, ETH6]);
});

for (
  const [only, expected] of [
    ["192.0.2.7", ETH4],
    ["127.0.0.1", LO4],
    ["::1", LO6],
    ["FE80::7", ETH6LL],
    ["fe80::7%eth0", ETH6LL],
    ["fe80::7%2", ETH6LL],
  ] as const
) {
  Deno.test(`usableInterfaces() takes one address, when given ${only}`, () => {
    assertEquals(usableInterfaces(ALL, only), [expected]);
  });
}

for (const only of ["192.0.2.8", "192.0.2", "fe80::7%tun0", "eth0", ""]) {
  Deno.test(`usableInterfaces() takes nothing, when given "${only}"`, () => {
    assertEquals(usableInterfaces(ALL, only), []);
  });
}

Deno.test("endpointsOf() gives other keys for the interface that changes, and for no other", () => {
  const keysOf = (all: InterfaceAddress[]) =>
    Object.fromEntries(endpointsOf(all).map((one) => [one.interface, one.key]));
  const before = keysOf(ALL);
  assertEquals(keysOf(structuredClone(ALL)), before);
  // Plugged in again, it has another number.
  const again = { ...ETH6LL, scopeid: 9 };
  const after = keysOf([LO4, ETH4, ETH4B, TUN4, LO6, again, ETH6]);
  const changed = Object.keys(before).filter((name) =>
    before[name] !== after[name]
  );
  assertEquals(changed, ["192.0.2.7", "10.0.0.7", "::%eth0"]);
});

Deno.test("endpointsOf() makes one socket an IPv4 address and one an IPv6 interface, when there are several", () => {
  assertEquals(
    endpointsOf(ALL).map(({ type, interface: name }) => `${type} ${name}`),
    [
      "udp4 127.0.0.1",
      "udp6 ::%lo",
      "udp4 192.0.2.7",
      "udp4 10.0.0.7",
      "udp6 ::%eth0",
      "udp4 10.8.0.2",
    ],
  );
});

Deno.test("endpointsOf() puts link-local addresses last, when an interface has several", () => {
  const { link } = endpointsOf([ETH6LL, ETH6, ETH4, ETH4B])[0]!;
  assertEquals(link.addresses, [
    "192.0.2.7",
    "10.0.0.7",
    "2001:db8::7",
    "fe80::7",
  ]);
});

Deno.test("endpointsOf() keeps the first addresses, when an interface has too many", () => {
  const many = Array.from(
    { length: MAX_ADDRESSES + 1 },
    (_, n) => entry("eth0", `10.0.0.${n}/24`),
  );
  for (const { link } of endpointsOf(many)) {
    assertEquals(link.addresses.length, MAX_ADDRESSES);
  }
});

Deno.test("endpointsOf() knows a loopback link, when all its addresses are", () => {
  const links = endpointsOf(ALL).map((
    { link },
  ) => [link.scope, link.isLoopback]);
  assertEquals(Object.fromEntries(links), {
    lo: true,
    eth0: false,
    tun0: false,
  });
});

for (
  const [entries, source, expected] of [
    [[ETH4], "192.0.2.7", true],
    [[ETH4], "192.0.2.255", true],
    [[ETH4], "192.0.3.1", false],
    [[ETH4], "127.0.0.1", false],
    [[LO4], "127.0.0.1", true],
    [[LO4], "192.0.2.7", false],
    [[TUN4], "10.8.0.2", true],
    [[TUN4], "10.8.0.3", false],
    [[ETH6], "2001:db8::8", true],
    [[ETH6], "2001:db8:1::8", false],
    [[ETH6], "fe80::1234", true],
    [[ETH6LL], "fe80:1::8", true],
  ] as const
) {
  Deno.test(`isNeighbor() is ${expected} on ${entries[0].cidr}, when the source is ${source}`, () => {
    assertEquals(isNeighbor(endpointsOf([...entries])[0]!, source), expected);
  });
}

for (
  const [address, onLink, onLoopback] of [
    ["192.0.2.1", "192.0.2.1", "192.0.2.1"],
    ["127.0.0.1", null, "127.0.0.1"],
    ["127.255.0.1", null, "127.255.0.1"],
    ["0.0.0.0", null, null],
    ["0.1.2.3", null, null],
    ["224.0.0.251", null, null],
    ["255.255.255.255", null, null],
    ["192.0.2.1.", null, null],
    ["192.0.2", null, null],
    ["192.0.2.undefined", null, null],
    ["0300.0.2.1", null, null],
    ["example.com", null, null],
    ["", null, null],
    ["2001:db8::1", "2001:db8::1", "2001:db8::1"],
    ["fe80::1", "fe80::1%eth0", "fe80::1%lo"],
    ["febf::1", "febf::1%eth0", "febf::1%lo"],
    ["fec0::1", "fec0::1", "fec0::1"],
    ["fe80::1%evil", null, null],
    ["::1", null, "::1"],
    ["::", null, null],
    ["::7f00:1", null, null],
    ["::ffff:7f00:1", null, null],
    ["::ffff:127.0.0.1", null, null],
    ["ff02::fb", null, null],
  ] as const
) {
  Deno.test(`reachableAddress() gives ${onLink}, and on loopback ${onLoopback}, when told "${address}"`, () => {
    assertEquals(reachableAddress(address, LINK), onLink);
    assertEquals(reachableAddress(address, LOOPBACK), onLoopback);
  });
}
