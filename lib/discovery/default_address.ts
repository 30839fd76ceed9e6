/**
 * Finds the IPv4 address that this machine uses on its default route.
 *
 * The system chooses that address as the source of a multicast datagram which names no
 * interface. With a hop limit of 0 such a datagram comes back to this process and does not
 * leave the machine. So no program has to be run and no file read. IPv6 is left out, because
 * there the system makes no such choice.
 *
 * @module
 */

import type { Bytes, FillRandom } from "../bytes.ts";

/** The group of all hosts, of which every host is a member: joining it sends no report. */
const ALL_HOSTS = "224.0.0.1";

/**
 * Time limits for the datagram, one after the other, in milliseconds; it comes back within
 * one on an idle machine. There are two, because after a pause of the whole process the first timer may run
 * before the datagram is read.
 */
const WAITS_MS = [150, 50] as const;

/**
 * Finds the address, within 200 ms.
 *
 * @param fillRandom Fills the mark by which the datagram is recognized.
 * @returns `null` without a default route, or when the datagram does not come back.
 */
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
    // There is no route or no multicast, or the time was up.
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
