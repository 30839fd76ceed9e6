import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatKey, networkKey } from "./network_key.ts";

for (
  const [address, key] of [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["0:0:0:0:0:ffff:c000:0207", "192.0.2.7"],
    ["::ffff:192.0.2.7%eth0", "192.0.2.7"],
    ["64:ff9b::192.0.2.7", "192.0.2.7"],
    ["64:FF9B::C000:208", "192.0.2.8"],
    ["0064:ff9b:0:0:0:0:c000:0209", "192.0.2.9"],
    ["64:ff9b::1:c000:207", "64:ff9b:0:0"],
    ["64:ff9b:1::192.0.2.7", "64:ff9b:1:0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:0DB8:0001:0002::6", "2001:db8:1:2"],
    ["2001:db8:1:2:ffff::1", "2001:db8:1:2"],
    ["2001:db8:1:2::", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001::1", "2001:0:0:0"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["fe80::2%wlan1", "fe80:0:0:0"],
    ["peer-3 on the relay", "peer-3 on the relay"],
    ["", ""],
  ] as const
) {
  Deno.test(`networkKey() counts ${JSON.stringify(address)} as ${JSON.stringify(key)}`, () => {
    assertEquals(networkKey(address), key);
  });
}

Deno.test("networkKey() counts every address of a /64 as one, and other networks apart", () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
  const groups = (count: number) =>
    fc.array(group, { minLength: count, maxLength: count });
  fc.assert(
    fc.property(groups(4), groups(4), groups(4), (network, host, other) => {
      // IPv4-mapped addresses are in no /64; no other network here holds IPv4 addresses.
      fc.pre(network.some((group) => group !== "0"));
      const key = networkKey([...network, ...host].join(":"));
      assertEquals(networkKey([...network, ...other].join(":")), key);
      const next = [`${(parseInt(network[0]!, 16) + 1) % 0x10000}`];
      assert(key !== networkKey([...next, "1", "2", "3", ...host].join(":")));
    }),
    { seed: 20260105 },
  );
});

Deno.test("networkKey() takes any text, and never more than four groups of it", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."0123456789abcdef:.%") }),
      (text) => {
        const key = networkKey(text);
        assert(!key.includes(":") || key.split(":").length <= 4);
      },
    ),
    { seed: 20260104 },
  );
});

Deno.test("formatKey() shows that a key of IPv6 is a network", () => {
  assertEquals(formatKey(networkKey("2001:db8::1")), "2001:db8:0:0::/64");
  assertEquals(formatKey(networkKey("192.0.2.7")), "192.0.2.7");
});
