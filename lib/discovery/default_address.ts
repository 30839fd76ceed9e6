/**
 * The address of this machine from which its default route leads.
 *
 * The system chooses that address as the source of a multicast datagram which names no
 * interface. Such a datagram with a hop limit of 0 comes back to us and goes nowhere else, so
 * nothing is sent, no program is run and no file read. IPv4 only: IPv6 has no such choice.
 *
 * @module
 */

import type { Bytes, FillRandom } from "../bytes.ts";

/** Group of all hosts, to which every interface belongs: joining it tells nobody. */
const ALL_HOSTS = "224.0.0.1";

/**
 * Longest wait, in milliseconds; the datagram comes back within one. In two parts: a process
 * that was too busy to hear it in the first hears it before the second is over.
 */
const WAITS_MS = [40, 20] as const;

/** The address; `null` without a default route, or when the system does not tell. */
export async function findDefaultAddress(
  fillRandom: FillRandom,
): Promise<string | null> {
  using opened = new DisposableStack();
  try {
    const socket = Deno.listenDatagram({
      transport: "udp",
      hostname: "0.0.0.0",
      port: 0,
      loopback: true,
    });
    opened.defer(() => close(socket));
    const group = await socket.joinMulticastV4(ALL_HOSTS, "0.0.0.0");
    await group.setTTL(0);
    let timer = setTimeout(() => {
      timer = setTimeout(() => close(socket), WAITS_MS[1]);
    }, WAITS_MS[0]);
    opened.defer(() => clearTimeout(timer));
    const { port } = socket.addr as Deno.NetAddr;
    const mark = fillRandom(new Uint8Array(16) as Bytes);
    const to = { transport: "udp", hostname: ALL_HOSTS, port } as const;
    await socket.send(mark, to);
    const [datagram, from] = await socket.receive();
    return datagram.toHex() === mark.toHex()
      ? (from as Deno.NetAddr).hostname
      : null;
  } catch {
    // No route, no multicast, or nothing came in time.
    return null;
  }
}

function close(socket: Deno.DatagramConn): void {
  try {
    socket.close();
  } catch {
    // Closed already.
  }
}
