/**
 * Finds a sender, wherever it may be, and says where it is looked for.
 *
 * @module
 */

import type { Terminal } from "../../cli/terminal.ts";
import type { ReceiveOptions } from "../options.ts";
import type { BrowseOptions } from "./lan_search.ts";
import { dialAddress, type DialOptions, type Sender } from "./sender.ts";
import type { RoomAddress } from "./through_relay.ts";

/** The facts that are known of the place of a sender. */
type Place = Pick<
  ReceiveOptions,
  "address" | "interface" | "timeoutS" | "kind"
>;

/**
 * Finds the sender: at its address, if that is known; otherwise on the local network, and in its
 * room if it has one.
 *
 * @throws {SpreadError} `USAGE` when `interface` is not an address of this machine; those of {@linkcode dialAddress}, of `dialLan()` and of `dialAnywhere()`.
 */
export async function findSender(
  options: Place,
  dial: DialOptions,
  terminal: Terminal,
  room: RoomAddress | null,
): Promise<Sender> {
  await requireInterface(options);
  if (options.address !== undefined) {
    return await dialAddress([options.address], dial);
  }
  const where: BrowseOptions = {
    interface: options.interface,
    timeoutMs: options.timeoutS * 1000,
    kind: options.kind,
    onCandidate: (instance, from) => {
      const sender = from ?? "a sender that shows no name";
      terminal.say(`found ${sender}`, "peer", { instance, from });
    },
    onNoNetwork: () => sayNoNetwork(terminal),
  };
  if (room === null) {
    terminal.say("looking for the sender on the local network");
    const { dialLan } = await import("./lan.ts");
    return await dialLan(dial, where);
  }
  terminal.say("looking for the sender on the local network and on the relay");
  const { dialAnywhere } = await import("./through_relay.ts");
  return await dialAnywhere(dial, room, where);
}

/** Refuses an interface that this machine does not have, before a relay is used without it. */
export async function requireInterface(
  { interface: only }: Pick<Place, "interface">,
): Promise<void> {
  if (only === undefined) return;
  const { requireAddress } = await import(
    "../../../lib/discovery/interfaces.ts"
  );
  requireAddress(Deno.networkInterfaces(), only);
}

/** Says why nothing can be found yet. */
export function sayNoNetwork(terminal: Terminal): void {
  terminal.say("this machine has no network connection yet; waiting for one");
}
