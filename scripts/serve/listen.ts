/**
 * The listeners of a share: a TCP port and, if wanted, a room on a relay. Announces both.
 *
 * @module
 */

import { findDefaultAddress } from "../../lib/discovery/default_address.ts";
import { Announcer } from "../../lib/discovery/announcer.ts";
import {
  type Announcement,
  type InterfaceWatch,
  nameInstance,
} from "../../lib/discovery/mdns.ts";
import { addressesToType } from "../../lib/discovery/typed_addresses.ts";
import { nameInWords } from "../../lib/crypto/passphrase.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import { formatAddress, listenTcp } from "../../lib/transports/tcp.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Listener } from "./receivers/accept.ts";
import type { ServeOptions } from "./options.ts";
import type { Holding } from "./prepare.ts";
import type { RoomChange } from "./relay_room.ts";

type OpenRoom = typeof import("./relay_room.ts").openRoom;

/** The listeners of a share and its announcement. */
export interface Listeners {
  listeners: Listener[];
  /** Addresses to type, as `host:port`, best first. */
  addresses: string[];
  /** Calls `onChange` with the addresses whenever they have changed. */
  followAddresses: (onChange: (addresses: string[]) => void) => Disposable;
  room: SenderRoom | null;
  announcer: Announcer;
}

/** A share that is about to open. */
export interface OpeningShare {
  options: ServeOptions;
  offer: Offer;
  /** Its words, if they were generated here. */
  generated: string | null;
  watch: InterfaceWatch;
  /** Result of {@linkcode findPreferred}; begun earlier, because the answer may take time. */
  preferred: Promise<string | null>;
  /** Called when the room is lost, found, replaced or ended. */
  onRoom: (change: RoomChange) => void;
}

/** Opens the port and, if wanted, the room, and announces both. */
export async function openListeners(
  { options, offer, generated, watch, preferred, onRoom }: OpeningShare,
  { terminal, stack, signal }: Holding,
): Promise<Listeners> {
  const port = stack.use(listenTcp({
    port: options.port,
    hostname: options.interface,
  }));
  let announcer: Announcer | null = null;
  const follow = (change: RoomChange) => {
    if (change.isNew) announcer?.moved(change.roomCode);
    onRoom(change);
  };
  const room = options.relay === undefined
    ? null
    : stack.use(await openRoom(options.relay, terminal, follow, signal));
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
  const announcing = stack.use(
    await Announcer.open(announcement, { watch, fillRandom, signal }),
  );
  announcer = announcing;
  if (room !== null) stack.use(watch.follow(() => room.check()));
  // It may have moved while nothing was announced yet.
  if (room !== null && room.roomCode !== announcement.room) {
    announcing.moved(room.roomCode);
  }
  const close = () => {
    port[Symbol.dispose]();
    announcing[Symbol.asyncDispose]().catch(() => {});
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
  const best = await preferred;
  const { interfaces } = watch;
  const addresses = addressesOf(watch, port.port, best);
  return {
    listeners,
    addresses,
    followAddresses: (onChange) => {
      const following = new Following(watch, port.port, addresses, onChange);
      // They may have changed since.
      if (watch.interfaces !== interfaces) void following.tellNews();
      return following;
    },
    room,
    announcer: announcing,
  };
}

/** The address of the default route, if several are to be ranked. */
export async function findPreferred(
  { interfaces }: InterfaceWatch,
): Promise<string | null> {
  return interfaces.length < 2 ? null : await findDefaultAddress(fillRandom);
}

/** Addresses to type now. */
function addressesOf(
  { interfaces }: InterfaceWatch,
  port: number,
  preferred: string | null,
): string[] {
  return addressesToType(interfaces, preferred)
    .map((address) => formatAddress(address, port));
}

/** Tells of addresses to type that are no longer those that were told. */
class Following implements Disposable {
  #told: string;
  #isOver = false;
  readonly #watching: Disposable;

  constructor(
    readonly watch: InterfaceWatch,
    readonly port: number,
    first: string[],
    readonly onChange: (addresses: string[]) => void,
  ) {
    this.#told = first.join();
    this.#watching = watch.follow(() => void this.tellNews());
  }

  async tellNews(): Promise<void> {
    const preferred = await findPreferred(this.watch);
    const addresses = addressesOf(this.watch, this.port, preferred);
    if (this.#isOver || addresses.join() === this.#told) return;
    this.#told = addresses.join();
    this.onChange(addresses);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#watching[Symbol.dispose]();
  }
}

/** Loads the code for relays only if one is used. */
async function openRoom(...how: Parameters<OpenRoom>): Promise<SenderRoom> {
  const { openRoom } = await import("./relay_room.ts");
  return await openRoom(...how);
}
