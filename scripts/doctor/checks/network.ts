/**
 * Checks the network: the addresses that a share here would show, and interfaces that look like
 * those of a VPN. It sends nothing that leaves this machine.
 *
 * @module
 */

import { findDefaultAddress } from "../../../lib/discovery/default_address.ts";
import {
  type InterfaceAddress,
  isLinkLocal,
  usableInterfaces,
} from "../../../lib/discovery/interfaces.ts";
import {
  addressesToType,
  isBridge,
} from "../../../lib/discovery/typed_addresses.ts";
import { fillRandom } from "../../cli/surroundings.ts";
import type { CheckFinding } from "../finding.ts";

/** Names of interfaces that VPN clients make. */
const VPN_NAME =
  /^(?:tun|tap|utun|wg|ppp|ipsec|tailscale|zt|nordlynx|proton|cscotun|gpd|nebula|wireguard|openvpn)/i;

/** Addresses that carriers and VPNs such as Tailscale give: 100.64.0.0/10. */
const SHARED_ADDRESS = /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;

/** Interfaces that are looked at, and the address of the default route. */
export interface Network {
  interfaces: InterfaceAddress[];
  preferred: string | null;
}

/** Looks at the interfaces that a share would use. @param only The only address to use. */
export async function lookAtNetwork(
  all: InterfaceAddress[],
  only?: string,
): Promise<Network> {
  const interfaces = usableInterfaces(all, only);
  const preferred = interfaces.length < 2
    ? null
    : await findDefaultAddress(fillRandom);
  return { interfaces, preferred };
}

/** Says which addresses a share would show. */
export function checkNetwork({ interfaces, preferred }: Network): CheckFinding {
  const check = "network";
  const shown = addressesToType(interfaces, preferred);
  if (shown.length === 0) {
    return {
      check,
      state: "wrong",
      text: "this machine has no network connection, only its own loopback",
      todo: "Connect to the network that the other machine is on",
    };
  }
  const named = shown.map((address) =>
    `${address} (${nameOf(address, interfaces)})`
  );
  const bridges = new Set(
    interfaces.map(({ name }) => name).filter(isBridge)
      .filter((name) => !named.some((text) => text.endsWith(`(${name})`))),
  );
  const aside = bridges.size === 0
    ? ""
    : `; not ${
      [...bridges].join(", ")
    }, which this machine's own containers use`;
  return {
    check,
    state: "ok",
    text: `a share here shows ${named.join(", ")}${aside}`,
    fields: { addresses: shown },
  };
}

/** Says which interfaces look like those of a VPN; a guess by their names and addresses. */
export function checkVpn({ interfaces, preferred }: Network): CheckFinding {
  const check = "vpn";
  const found = interfaces.filter(isVpn);
  if (found.length === 0) {
    const text = "no interface looks like that of a VPN";
    return { check, state: "ok", text, fields: { interfaces: [] } };
  }
  const names = [...new Set(found.map(({ name }) => name))];
  const isDefault = found.some(({ address }) => address === preferred);
  const other = interfaces.find((entry) =>
    entry.family === "IPv4" && !isVpn(entry) && !isBridge(entry.name)
  );
  const address = other?.address ?? "ADDR";
  return {
    check,
    state: "hint",
    text: `${names.join(", ")} ${
      names.length === 1 ? "looks" : "look"
    } like a VPN${
      isDefault ? ", and is the default route of this machine" : ""
    }`,
    todo: "If machines do not find each other, use the address that the " +
      `sender shows, add --interface ${address}, or disconnect the VPN`,
    fields: { interfaces: names },
  };
}

function isVpn({ name, address }: InterfaceAddress): boolean {
  // macOS itself has such interfaces, with nothing but a link-local address.
  return !isLinkLocal(address) &&
    (VPN_NAME.test(name) || SHARED_ADDRESS.test(address));
}

function nameOf(shown: string, interfaces: InterfaceAddress[]): string {
  const [address] = shown.split("%");
  return interfaces.find((entry) => entry.address === address)?.name ?? "?";
}
