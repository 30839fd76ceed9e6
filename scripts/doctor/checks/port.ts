/**
 * Checks UDP port 5353 as a share does: opens it for a moment on each interface, in the group of
 * multicast DNS, and sends nothing.
 *
 * @module
 */

import { InterfaceWatch } from "../../../lib/discovery/interface_watch.ts";
import type { InterfaceAddress } from "../../../lib/discovery/interfaces.ts";
import { SocketPool } from "../../../lib/discovery/socket_pool.ts";
import { formatCount } from "../../cli/screen/format.ts";
import type { CheckFinding } from "../finding.ts";

/** Commands that name the program on the port. */
const FIND_PROGRAM: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "sudo ss -ulpn sport = :5353",
  darwin: "sudo lsof -nP -iUDP:5353",
  windows: "Get-NetUDPEndpoint -LocalPort 5353",
};

/**
 * Says whether a share could use the port.
 *
 * @param only The only address to use; this machine's loopback where there is no network.
 * @param sockets Sockets of other programs on the port; `undefined` when it is not known.
 */
export async function checkPort(
  readAll: () => InterfaceAddress[],
  only: string | undefined,
  sockets: number | undefined,
): Promise<CheckFinding> {
  const check = "port";
  const watch = new InterfaceWatch(readAll, only);
  await using pool = await SocketPool.open(watch, { opened() {} });
  const { failure } = pool;
  if (failure === null) {
    const others = sockets === undefined
      ? "whether other programs use it as well is unknown"
      : sockets === 0
      ? "no other program uses it"
      : `shared with ${formatCount(sockets, "other socket")}`;
    const text = `UDP port 5353 can be used; ${others}`;
    return { check, state: "ok", text, fields: { others: sockets } };
  }
  if (failure.code !== "CANNOT_LISTEN") {
    const text = "UDP port 5353 cannot be tried on any interface";
    return { check, state: "unknown", text };
  }
  const command = FIND_PROGRAM[Deno.build.os];
  return {
    check,
    state: "wrong",
    text: "another program occupies UDP port 5353: machines cannot find each " +
      "other without addresses",
    todo: "End that program" +
      (command === undefined ? "" : `; to find it: ${command}`),
  };
}
