/**
 * Selects the addresses of this machine that a person can type on another one.
 *
 * Pure. See docs/protocol.md, section 7.6.
 *
 * @module
 */

import { type InterfaceAddress, isLinkLocal, withZone } from "./interfaces.ts";

/** Most addresses that are shown. */
const MAX_SHOWN = 3;

/**
 * Names of interfaces that lead to this machine's own containers and virtual machines: those
 * of Docker, Podman, CNI plug-ins, libvirt, LXC, VMware, VirtualBox, Hyper-V and macOS.
 */
const BRIDGE =
  /^(?:docker|br-|veth|virbr|vnet|cni|podman|lxcbr|lxdbr|flannel|cali|cilium|weave|kube|vmnet|vboxnet|vEthernet|bridge\d)/i;

/** Whether an interface, by its name, leads to this machine's own containers and machines only. */
export function isBridge(name: string): boolean {
  return BRIDGE.test(name);
}

/**
 * Selects the addresses to type, at most three, best first.
 *
 * Addresses of bridges, and those that are valid on one link only, are left out as long as
 * there are others. An interface has many IPv6 addresses, of which one is enough.
 *
 * @param interfaces Addresses in use.
 * @param preferred The IPv4 address of the default route; `null` when it is not known.
 * @returns Addresses as `Deno.connect` takes them, link-local IPv6 with this machine's zone.
 */
export function addressesToType(
  interfaces: InterfaceAddress[],
  preferred: string | null,
): string[] {
  const route = interfaces.find(({ address }) => address === preferred);
  const isAside = (entry: InterfaceAddress) =>
    isBridge(entry.name) && entry.name !== route?.name;
  const groups = Map.groupBy(
    onePerInterface(interfaces),
    (entry) => (isAside(entry) ? 2 : 0) + (isOfOneLink(entry) ? 1 : 0),
  );
  const best = groups.get(Math.min(...groups.keys())) ?? [];
  const rank = (entry: InterfaceAddress) =>
    (entry === route ? 0 : 4) + (entry.name === route?.name ? 0 : 2) +
    (entry.family === "IPv4" ? 0 : 1);
  return best.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_SHOWN)
    .map(withZone);
}

/** Keeps all IPv4 addresses, and of each interface the first link-local and first other IPv6 one. */
function onePerInterface(interfaces: InterfaceAddress[]): InterfaceAddress[] {
  const seen = new Set<string>();
  return interfaces.filter((entry) => {
    if (entry.family === "IPv4") return true;
    const key = `${isOfOneLink(entry)} ${entry.name}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Whether an address is valid on its link only: link-local, of either family. */
function isOfOneLink({ address }: InterfaceAddress): boolean {
  return isLinkLocal(address) || address.startsWith("169.254.");
}
