/**
 * The addresses of this machine that a person would type on another one, best first.
 *
 * Pure. See docs/protocol.md, section 7.
 *
 * @module
 */

import { type InterfaceAddress, isLinkLocal, withZone } from "./interfaces.ts";

/** Most addresses that are shown. */
const MAX_SHOWN = 3;

/**
 * Names of interfaces that lead to containers and virtual machines of this machine: those of
 * Docker, Podman, CNI plug-ins, libvirt, LXC, VMware, VirtualBox, Hyper-V, macOS.
 */
const BRIDGE =
  /^(?:docker|br-|veth|virbr|vnet|cni|podman|lxcbr|lxdbr|flannel|cali|cilium|weave|kube|vmnet|vboxnet|vEthernet|bridge\d)/i;

/**
 * Picks the addresses to type, link-local ones with their zone.
 *
 * Bridges, and addresses that are valid on one link only, are left out as long as there are
 * others. IPv6 has many addresses for one interface; one is enough.
 *
 * @param interfaces Addresses in use.
 * @param preferred The address of the default route, if it is known.
 */
export function addressesToType(
  interfaces: InterfaceAddress[],
  preferred: string | null,
): string[] {
  const way = interfaces.find(({ address }) => address === preferred);
  const isBridge = (entry: InterfaceAddress) =>
    BRIDGE.test(entry.name) && entry.name !== way?.name;
  const groups = Map.groupBy(
    onePerInterface(interfaces),
    (entry) => (isBridge(entry) ? 2 : 0) + (isOfOneLink(entry) ? 1 : 0),
  );
  const best = groups.get(Math.min(...groups.keys())) ?? [];
  const rank = (entry: InterfaceAddress) =>
    (entry === way ? 0 : 4) + (entry.name === way?.name ? 0 : 2) +
    (entry.family === "IPv4" ? 0 : 1);
  return best.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_SHOWN)
    .map(withZone);
}

/** Every IPv4 address, and for each interface the first IPv6 address of either scope. */
function onePerInterface(interfaces: InterfaceAddress[]): InterfaceAddress[] {
  const seen = new Set<string>();
  return interfaces.filter((entry) => {
    if (entry.family === "IPv4") return true;
    const key = `${isOfOneLink(entry)} ${entry.name}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Whether an address is valid on its link only: IPv6 link-local, or IPv4 without a server. */
function isOfOneLink({ address }: InterfaceAddress): boolean {
  return isLinkLocal(address) || address.startsWith("169.254.");
}
