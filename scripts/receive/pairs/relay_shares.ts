/**
 * The shares and drops of one's pairs at their relays: found by topics. See docs/protocol.md,
 * section 14.5.
 *
 * @module
 */

import type { Bytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { otherRole } from "../../../lib/pairs/pair.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { RelayPlace } from "../../../lib/transports/relay/socket.ts";
import { askTopics } from "../../../lib/transports/relay/topics.ts";
import { pause } from "../../../lib/waiting.ts";
import {
  findAtRelay,
  type FoundRoom,
  type FoundTopic,
} from "../../cli/pairs/at_relay.ts";
import type { KnownPair } from "../../cli/pairs/known_pairs.ts";
import { proxyFor } from "../../cli/proxy.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { FoundDrop } from "../drops/found_drop.ts";
import type { DialOptions, Sender } from "../find/sender.ts";
import { dialRelay } from "../find/through_relay.ts";
import type { OfferSearch } from "./offers.ts";
import { both, isSame, leaveInOrder, ofPair } from "./waiting_offer.ts";

/** First and longest pause before a relay is asked again, in milliseconds: a share may open later. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 30_000;

/** Most rooms and drops of one pair that are looked at in one search. */
const MAX_FOUND = 64;

/** Options for joining a room. */
export interface RoomSearchOptions {
  dial: Omit<DialOptions, "secret">;
  /** Time to wait for the first message of a room, in milliseconds. */
  timeoutMs: number;
}

/** Options of a search at relays. */
export interface RelayShareOptions extends RoomSearchOptions {
  terminal: Terminal;
  /** Folder of partial payloads. */
  folder: string;
  /** Called once for each room and drop that is found. */
  onFound: (pair: string) => void;
  /**
   * Called once for each relay that cannot be asked, and when it knows no pairs: then it is not asked
   * again, and `isForGood` is true.
   */
  onUnusable: (reason: SpreadError, isForGood: boolean) => void;
}

/**
 * Looks at the rooms of these pairs at one relay until the search is over; asks again and again.
 *
 * @throws {SpreadError} The last reason why the relay could not be asked, if there was one.
 */
export async function lookAtRelay(
  url: string,
  pairs: readonly KnownPair[],
  search: OfferSearch,
  options: RelayShareOptions,
): Promise<void> {
  const { signal } = search;
  const proxy = await proxyFor(url, (name) => Deno.env.get(name));
  const relay = { url, proxy };
  const seenOf = new Map<KnownPair, Set<string>>();
  let failure: SpreadError | null = null;
  for (let waitMs = FIRST_PAUSE_MS; !signal.aborted;) {
    try {
      const all = await findAtRelay(relay, pairs, signal);
      failure = null;
      for (const found of all) {
        const name = found.code ?? found.topic;
        const seen = seenOf.get(found.known) ?? new Set();
        seenOf.set(found.known, seen);
        if (seen.has(name) || seen.size >= MAX_FOUND) continue;
        seen.add(name);
        options.onFound(found.known.pair.name);
        void look(relay, found, search, options);
      }
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof SpreadError)) throw error;
      const isForGood = error.code === "BAD_MESSAGE";
      if (failure === null || isForGood) options.onUnusable(error, isForGood);
      failure = error;
      if (isForGood) break;
    }
    await pause(waitMs, signal);
    waitMs = Math.min(2 * waitMs, LONGEST_PAUSE_MS);
  }
  if (failure !== null) throw failure;
}

/**
 * Makes `again()` of a sender that was found on the local network look for its room, too, or for one
 * that has replaced it.
 *
 * @param offer What was chosen, with the code of its room.
 * @param others Codes of rooms that have something else.
 */
export function alsoAtRelay(
  sender: Sender,
  known: KnownPair,
  offer: Offer,
  options: RoomSearchOptions,
  others = new Set<string>(),
): Sender {
  const again = async () => {
    try {
      const near = await sender.again();
      return alsoAtRelay(near, known, offer, options, others);
    } catch (error) {
      options.dial.signal.throwIfAborted();
      const url = known.pair.relay;
      if (!(error instanceof SpreadError) || url === undefined) throw error;
      const proxy = await proxyFor(url, (name) => Deno.env.get(name));
      const relay = { url, proxy };
      const all = await findAtRelay(relay, [known], options.dial.signal);
      const rooms = all.filter((one) => one.code !== undefined);
      const room = rooms.find(({ code }) => code === offer.room) ??
        await findSame(relay, rooms, offer, options, others);
      if (room === null) throw error;
      return await join(relay, room, options, options.dial.signal);
    }
  };
  return { ...sender, again };
}

/** The first of these rooms in which the same is shared; `null` when there is none. */
async function findSame(
  relay: RelayPlace,
  rooms: FoundRoom[],
  offer: Offer,
  options: RoomSearchOptions,
  others: Set<string>,
): Promise<FoundRoom | null> {
  const { signal } = options.dial;
  const { readOffer } = await import("../find/read_offer.ts");
  for (const room of rooms) {
    if (others.has(room.code)) continue;
    try {
      const sender = await join(relay, room, options, signal);
      const now = await readOffer(sender);
      // Whoever called `again()` reads the offer once more, on a connection of its own.
      if (sender.protocol === 2) await leaveInOrder(sender.channel);
      if (now !== null && isSame(now, offer)) return room;
      others.add(room.code);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SpreadError)) throw error;
    }
  }
  return null;
}

async function look(
  relay: RelayPlace,
  found: FoundRoom | FoundTopic,
  search: OfferSearch,
  options: RelayShareOptions,
): Promise<void> {
  const { known: { pair: { name } }, code } = found;
  if (code === undefined) {
    await search.lookAtDrop(
      name,
      (signal) => openDrop(relay, found, options, signal),
    );
  } else {
    await search.look(
      name,
      (signal, onProof) => {
        const { dial } = options;
        const onIdle = both(onProof, dial.onIdle);
        const first = { ...options, dial: { ...dial, onIdle } };
        return join(relay, found, first, signal);
      },
      code,
    );
  }
}

async function openDrop(
  { url }: RelayPlace,
  { known: { pair, key }, slot, topic }: FoundTopic,
  { terminal, folder }: RelayShareOptions,
  signal: AbortSignal,
): Promise<FoundDrop> {
  const [{ DropKeys }, { FoundDrop }] = await Promise.all([
    import("../../../lib/drops/keys.ts"),
    import("../drops/found_drop.ts"),
  ]);
  const secret = await key.dropSecret(otherRole(pair.role), slot);
  const id = Uint8Array.fromHex(topic) as Bytes;
  const keys = await DropKeys.ofTopic(secret, id);
  const place = { keys, url, pair: pair.name };
  return await FoundDrop.open(place, { terminal, folder, signal });
}

/** Joins a room; after a cut, the room that has the same topic then. */
async function join(
  relay: RelayPlace,
  room: FoundRoom,
  options: RoomSearchOptions,
  signal: AbortSignal,
): Promise<Sender> {
  const { known, topic, code } = room;
  const { dial, timeoutMs } = options;
  const how = { ...dial, secret: known.key, signal };
  const address = {
    ...relay,
    topic,
    roomCode: code,
    timeoutMs,
    onQueued: () => {},
    onSilent: () => {},
  };
  const again = async () => {
    const found = await askTopics(relay, [topic], dial.signal) ?? [];
    const codes = found.flatMap((one) => "room" in one ? [one.room] : []);
    const now = codes.includes(code) ? code : codes[0] ?? code;
    return await join(relay, { ...room, code: now }, options, dial.signal);
  };
  return ofPair({ ...await dialRelay(how, address), again }, known.pair.name);
}
