/**
 * The listeners of a share: a TCP port and, if wanted, a room on a relay. Announces both.
 *
 * @module
 */

import {
  type Announcement,
  nameInstance,
  usableInterfaces,
} from "../../lib/discovery/mdns.ts";
import { nameInWords } from "../../lib/crypto/passphrase.ts";
import { SpreadError } from "../../lib/errors.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import { formatAddress, listenTcp } from "../../lib/transports/tcp.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Listener } from "./receivers/accept.ts";
import { Announcing } from "./announcing.ts";
import type { ServeOptions } from "./options.ts";
import type { Holding } from "./prepare.ts";

type OpenRoom = typeof import("./relay_room.ts").openRoom;

/** The listeners of a share and its announcement. */
export interface Listeners {
  listeners: Listener[];
  addresses: string[];
  room: SenderRoom | null;
  /** `null` when only the relay leads to the share. */
  announcing: Announcing | null;
}

/** A share that is about to open. */
export interface OpeningShare {
  options: ServeOptions;
  offer: Offer;
  /** Its words, if they were generated here. */
  generated: string | null;
  /** Called with the code of a room that replaces the previous one. */
  onMoved: (roomCode: string) => void;
}

/** Opens the port and, if wanted, the room, and announces both. */
export async function openListeners(
  { options, offer, generated, onMoved }: OpeningShare,
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
    name: room === null && generated !== null
      ? nameInWords(generated)
      : undefined,
  };
  let announcing: Announcing | null = null;
  try {
    announcing = stack.use(
      await Announcing.open(announcement, { interfaces, fillRandom, signal }),
    );
  } catch (error) {
    // Receivers can still find the share through the relay.
    if (room === null || !SpreadError.is(error, "CANNOT_LISTEN")) throw error;
    terminal.warn(
      `${error.message}: only receivers on the relay can reach this share`,
    );
  }
  const close = () => {
    port[Symbol.dispose]();
    announcing?.[Symbol.asyncDispose]().catch(() => {});
  };
  const listeners: Listener[] = [{ channels: port, roomCode: () => "", close }];
  if (room !== null) {
    // The share itself sends those away who still come; its receiver needs the room.
    listeners.push({
      channels: room,
      roomCode: () => room.roomCode,
      close() {},
    });
  }
  const addresses = interfaces.map(({ address }) =>
    formatAddress(address, port.port)
  );
  return { listeners, addresses, room, announcing };
}

/** Loads the code for relays only if one is used. */
async function openRoom(...how: Parameters<OpenRoom>): Promise<SenderRoom> {
  const { openRoom } = await import("./relay_room.ts");
  return await openRoom(...how);
}
