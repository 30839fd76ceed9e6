/**
 * The HTTP proxy that the environment names for a relay: `HTTPS_PROXY` for wss, `HTTP_PROXY` for
 * ws, otherwise `ALL_PROXY`; none for the hosts in `NO_PROXY`. The names may be in lower case.
 *
 * @module
 */

import type { ReadEnv } from "./flags.ts";

/**
 * Returns the URL of the proxy as the variable has it, unchecked; `undefined` for none.
 *
 * @param url Address of the relay.
 */
export async function proxyFor(
  url: string,
  env: ReadEnv,
): Promise<string | undefined> {
  const { protocol, hostname } = new URL(url);
  const read = (name: string) => env(name) || env(name.toLowerCase());
  const proxy = read(protocol === "wss:" ? "HTTPS_PROXY" : "HTTP_PROXY") ||
    read("ALL_PROXY");
  if (!proxy) return undefined;
  const exempt = read("NO_PROXY");
  if (exempt && await isExempt(hostname, exempt)) return undefined;
  return proxy;
}

/**
 * Whether a list covers a host: a name covers its subdomains too, an IP address or network (CIDR)
 * covers addresses, and `*` covers every host.
 */
async function isExempt(hostname: string, list: string): Promise<boolean> {
  const entries = list.toLowerCase().split(",").map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  if (entries.includes("*")) return true;
  // Loaded only when needed: loading takes longer than everything else before the connection.
  const net = await import("node:net");
  const host = hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (net.isIP(host) !== 0) return isInNetworks(net, host, entries);
  return entries.some((entry) => {
    const name = entry.replace(/^\.+/, "");
    return host === name || host.endsWith(`.${name}`);
  });
}

function isInNetworks(
  { BlockList, isIP }: typeof import("node:net"),
  address: string,
  entries: string[],
): boolean {
  const networks = new BlockList();
  for (const entry of entries) {
    const [network = "", prefix] = entry.split("/");
    const version = isIP(network);
    // Without a number, "/" would make a network of all addresses.
    if (version === 0 || prefix?.trim() === "") continue;
    const family = familyOf(version);
    const bits = Number(prefix ?? (version === 4 ? 32 : 128));
    if (!Number.isInteger(bits) || bits > (version === 4 ? 32 : 128)) continue;
    if (bits >= 0) networks.addSubnet(network, bits, family);
  }
  return networks.check(address, familyOf(isIP(address)));
}

function familyOf(version: number): "ipv4" | "ipv6" {
  return version === 4 ? "ipv4" : "ipv6";
}
