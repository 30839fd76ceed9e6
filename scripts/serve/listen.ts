/**
 * The listeners of a share: a TCP port and, if one is wanted, a room on a relay, both made known.
 *
 * @module
 */

import {
  type Announcement,
  nameInstance,
  usableInterfaces,
} from "../../lib/discovery/mdns.ts";
import { SpreadError } from "../../lib/errors.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import { formatAddress, listenTcp } from "../../lib/transports/tcp.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Listener } from "./accept.ts";
import { Announcing } from "./announcing.ts";
import type { ServeOptions } from "./options.ts";
import type { Holding } from "./prepare.ts";

type OpenRoom = typeof import("./relay_room.ts").openRoom;

/** The listeners of a share, and how it is found. */
export interface Listeners {
  listeners: Listener[];
  addresses: string[];
  room: SenderRoom | null;
  /** `null` when only the relay leads here. */
  announcing: Announcing | null;
}

/** Opens the port and, if one is wanted, the room, and makes both known. */
export async function openListeners(
  options: ServeOptions,
  offer: Offer,
  onMoved: (roomCode: string) => void,
  { terminal, stack, signal }: Holding,
): Promise<Listeners> {
  const room = options.relay === undefined
    ? null
    : stack.use(await openRoom(options.relay, terminal, onMoved, signal));
  const interfaces = usableInterfaces(
    Deno.networkInterfaces(),
    options.interface,
  );
  const port = stack.use(listenTcp({
    port: options.port,
    hostname: options.interface,
  }));
  const announcement: Announcement = {
    instance: nameInstance(fillRandom),
    port: port.port,
    kind: offer.kind,
    from: offer.sender,
    room: room?.roomCode,
  };
  let announcing: Announcing | null = null;
  try {
    announcing = stack.use(
      await Announcing.open(announcement, { interfaces, fillRandom, signal }),
    );
  } catch (error) {
    // With a relay there is another way to be found.
    if (room === null || !SpreadError.is(error, "CANNOT_LISTEN")) throw error;
    terminal.warn(`${error.message}: only the relay leads here`);
  }
  const listeners: Listener[] = [{ channels: port, roomCode: () => "" }];
  if (room !== null) {
    listeners.push({ channels: room, roomCode: () => room.roomCode });
  }
  const addresses = interfaces.map(({ address }) =>
    formatAddress(address, port.port)
  );
  return { listeners, addresses, room, announcing };
}

/** Without a relay nothing of it is loaded. */
async function openRoom(...how: Parameters<OpenRoom>): Promise<SenderRoom> {
  const { openRoom } = await import("./relay_room.ts");
  return await openRoom(...how);
}
