/**
 * Opens the listeners of a share, a TCP port and, if wanted, a room on a relay; announces both
 * on the local network.
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
import { SpreadError } from "../../lib/errors.ts";
import { nameInWords } from "../../lib/crypto/passphrase.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import { formatAddress, listenTcp } from "../../lib/transports/tcp.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { Listener } from "./receivers/accept.ts";
import type { ServeOptions } from "./options.ts";
import type { Holding } from "./prepare.ts";
import type { Recipients } from "./recipients/recipients.ts";
import type { RoomChange } from "./relay_room.ts";

type OpenRoom = typeof import("./relay_room.ts").openRoom;

/** The listeners of a share and its announcement. */
export interface Listeners {
  listeners: Listener[];
  /** Addresses to type, as `host:port`, best first; at most three. */
  addresses: string[];
  /**
   * Calls `onChange` with the addresses to type whenever they have changed, until disposed of;
   * aborts `stopping` with an error that it throws.
   */
  followAddresses: (
    onChange: (addresses: string[]) => void,
    stopping: AbortController,
  ) => Disposable;
  room: SenderRoom | null;
  announcer: Announcer;
}

/** A share that is about to open. */
export interface OpeningShare {
  options: Pick<ServeOptions, "port" | "interface" | "relay">;
  /** The parts of the offer that are announced; `null` for a share of nothing but a pair. */
  offer: Pick<Offer, "kind" | "sender"> | null;
  /** The generated words; `null` for a passphrase of the user's own, and for pairs. */
  generated: string | null;
  /** The pairs that it is for, if it is for some. */
  recipients: Recipients | null;
  watch: InterfaceWatch;
  /** Result of {@linkcode findPreferred}; begun earlier, because the answer may take time. */
  preferred: Promise<string | null>;
  /** Called when the room is lost, found, replaced or ended. */
  onRoom: (change: RoomChange) => void;
}

/**
 * Opens the port and, if wanted, the room, and announces both. `stack` closes all of it.
 *
 * @throws {SpreadError} `CANNOT_LISTEN` when the port cannot be used; the errors of a relay; the
 *   reason of the signal.
 */
export async function openListeners(
  opening: OpeningShare,
  { terminal, stack, signal }: Holding,
): Promise<Listeners> {
  const { options, recipients, watch, preferred, onRoom } = opening;
  const port = stack.use(listenTcp({
    port: options.port,
    hostname: options.interface,
  }));
  let announcer: Announcer | null = null;
  const follow = (change: RoomChange) => {
    if (change.isNew && recipients === null) announcer?.moved(change.roomCode);
    onRoom(change);
  };
  const room = await openRoomFor(opening, terminal, follow, signal);
  if (room !== null) stack.use(room);
  const announcement = await announce(opening, port.port, room);
  const announcing = stack.use(
    await Announcer.open(announcement, { watch, fillRandom, signal }),
  );
  announcer = announcing;
  if (room !== null) stack.use(watch.follow(() => room.check()));
  // The room may have got another code before the announcer followed it.
  if (announcement.room !== undefined && room!.roomCode !== announcement.room) {
    announcing.moved(room!.roomCode);
  }
  const close = () => {
    port[Symbol.dispose]();
    announcing[Symbol.asyncDispose]().catch(() => {});
  };
  const listeners: Listener[] = [{ channels: port, roomCode: () => "", close }];
  if (room !== null) {
    // Stays open, because its receivers need it; the share itself refuses those who still come.
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
    followAddresses: (onChange, stopping) => {
      const following = new Following(
        watch,
        port.port,
        addresses,
        onChange,
        stopping,
      );
      // The interfaces may have changed since.
      if (watch.interfaces !== interfaces) following.report();
      return following;
    },
    room,
    announcer: announcing,
  };
}

/** Describes the share for the local network: to pairs by nothing but their tags. */
async function announce(
  { offer, generated, recipients }: OpeningShare,
  port: number,
  room: SenderRoom | null,
): Promise<Announcement> {
  const instance = nameInstance(fillRandom);
  if (recipients !== null) {
    return { instance, port, to: await recipients.tags(instance) };
  }
  return {
    instance,
    port,
    kind: offer?.kind,
    from: offer?.sender,
    room: room?.roomCode,
    name: room === null && generated !== null
      ? nameInWords(generated)
      : undefined,
  };
}

/** Finds the address of the default route; `null` if it is unknown, or there is nothing to rank. */
export async function findPreferred(
  { interfaces }: InterfaceWatch,
): Promise<string | null> {
  return interfaces.length < 2 ? null : await findDefaultAddress(fillRandom);
}

/** Returns the addresses to type at this moment, as `host:port`. */
function addressesOf(
  { interfaces }: InterfaceWatch,
  port: number,
  preferred: string | null,
): string[] {
  return addressesToType(interfaces, preferred)
    .map((address) => formatAddress(address, port));
}

/** Follows the addresses to type, and reports them when they differ from those reported last. */
class Following implements Disposable {
  #reported: string;
  #isOver = false;
  readonly #watching: Disposable;

  constructor(
    readonly watch: InterfaceWatch,
    readonly port: number,
    first: string[],
    readonly onChange: (addresses: string[]) => void,
    readonly stopping: AbortController,
  ) {
    this.#reported = first.join();
    this.#watching = watch.follow(() => this.report());
  }

  report(): void {
    this.#report().catch((error) => this.stopping.abort(error));
  }

  async #report(): Promise<void> {
    const preferred = await findPreferred(this.watch);
    const addresses = addressesOf(this.watch, this.port, preferred);
    if (this.#isOver || addresses.join() === this.#reported) return;
    this.#reported = addresses.join();
    this.onChange(addresses);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#watching[Symbol.dispose]();
  }
}

/** Opens the room, if there is to be one; a share for pairs goes on without it. */
async function openRoomFor(
  { options: { relay }, recipients }: OpeningShare,
  terminal: Terminal,
  follow: (change: RoomChange) => void,
  signal: AbortSignal,
): Promise<SenderRoom | null> {
  if (relay === undefined) return null;
  const topics = await recipients?.takeTopics();
  try {
    return await openRoom(relay, terminal, follow, signal, topics);
  } catch (error) {
    signal.throwIfAborted();
    if (recipients === null || !(error instanceof SpreadError)) throw error;
    recipients.warnings.push(
      `${error.message}: only the local network is left for this share`,
    );
    return null;
  }
}

/** Loads the code for relays only if one is used. */
async function openRoom(...how: Parameters<OpenRoom>): Promise<SenderRoom> {
  const { openRoom } = await import("./relay_room.ts");
  return await openRoom(...how);
}
