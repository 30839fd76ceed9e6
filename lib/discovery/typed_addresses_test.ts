import { assertEquals } from "@std/assert";
import type { InterfaceAddress } from "./interfaces.ts";
import { addressesToType } from "./typed_addresses.ts";

/** Reads `eth0 192.0.2.7, …`. */
const read = (text: string): InterfaceAddress[] =>
  text.split(", ").filter((each) => each !== "").map((each) => {
    const [name, address] = each.split(" ") as [string, string];
    const family = address.includes(":") ? "IPv6" : "IPv4";
    return { name, family, address, cidr: `${address}/24` };
  });

for (
  const [what, interfaces, preferred, expected] of [
    ["there is none", "", null, ""],
    ["there is one", "eth0 192.0.2.7", null, "192.0.2.7"],
    [
      "the default route's is the last one",
      "docker0 172.17.0.1, br-0a1b2c3d4e5f 172.18.0.1, tun0 10.8.0.2, eth0 192.0.2.7",
      "192.0.2.7",
      "192.0.2.7 10.8.0.2",
    ],
    [
      "an interface has many",
      "eth0 fe80::7, eth0 2001:db8::7, eth0 2001:db8::8, eth0 192.0.2.7, wlan0 fe80::9, wlan0 192.0.2.9",
      "192.0.2.9",
      "192.0.2.9 192.0.2.7 2001:db8::7",
    ],
    [
      "there is IPv6 beside the default route's",
      "eth1 192.0.2.7, eth0 2001:db8::7, eth0 192.0.2.9",
      "192.0.2.9",
      "192.0.2.9 2001:db8::7 192.0.2.7",
    ],
    [
      "there are more than a few",
      "a 10.0.0.1, b 10.0.0.2, c 10.0.0.3, d 10.0.0.4",
      "10.0.0.4",
      "10.0.0.4 10.0.0.1 10.0.0.2",
    ],
    [
      "there are bridges of every kind",
      "docker_gwbridge 172.19.0.1, veth12ab 172.20.0.1, virbr0 192.168.122.1, cni0 10.88.0.1, podman1 10.89.0.1, lxdbr0 10.90.0.1, br0 192.0.2.7",
      null,
      "192.0.2.7",
    ],
    [
      "a bridge is alone",
      "docker0 172.17.0.1, docker0 fe80::1",
      null,
      "172.17.0.1",
    ],
    [
      "the default route leads over a bridge",
      "br-lan 192.0.2.7, eth1 10.0.0.1, docker0 172.17.0.1",
      "192.0.2.7",
      "192.0.2.7 10.0.0.1",
    ],
    [
      "IPv6 is all there is",
      "eth0 fe80::7, eth0 2001:db8::7",
      null,
      "2001:db8::7",
    ],
    [
      "link-local is alone",
      "eth0 fe80::7, wlan0 fe80::9",
      null,
      "fe80::7%eth0 fe80::9%wlan0",
    ],
    [
      "link-local is alone but for a bridge",
      "docker0 172.17.0.1, eth0 fe80::7, eth0 169.254.3.4",
      null,
      "169.254.3.4 fe80::7%eth0",
    ],
    ["the preferred one is gone", "eth0 192.0.2.7", "192.0.2.9", "192.0.2.7"],
  ] as [string, string, string | null, string][]
) {
  Deno.test({
    name: `addressesToType() gives ${expected || "nothing"}, when ${what}`,
    // There the zone is a number.
    ignore: Deno.build.os === "windows" && expected.includes("%"),
    fn: () => {
      const addresses = addressesToType(read(interfaces), preferred);
      assertEquals(addresses.join(" "), expected);
    },
  });
}
