/**
 * Checks a relay from both sides of a hand-over: creates a room, joins it, and sends 1 MiB each
 * way; then asks what it offers beyond rooms. No share, passphrase or payload is involved; the
 * bytes are random.
 *
 * Both ends are in this process, so everything crosses this machine's network twice.
 *
 * @module
 */

import { fillRandom } from "../cli/surroundings.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_AFTER_AUTH,
} from "../../lib/transports/channel.ts";
import { relayRefused } from "../../lib/transports/relay/errors.ts";
import { joinRoom } from "../../lib/transports/relay/receiver_room.ts";
import { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import type { RelayPlace } from "../../lib/transports/relay/socket.ts";
import { askBeyondRooms } from "./beyond_rooms.ts";
import { carryMessages } from "./carry_messages.ts";
import { unlessAborted } from "../../lib/waiting.ts";
import { withPatience } from "./patience.ts";
import { compareGreeting, faultAt, RELAY_FAULTS } from "./faults.ts";
import type { CheckStep, StepFindings } from "./steps.ts";

/** Time limits of each answer and of the whole check, in milliseconds. */
const PATIENCE_MS = 10_000;
const TOTAL_MS = 25_000;

/** Steps that send data through the room. */
const DATA_STEPS = ["to_sender", "to_receiver"] as const;

/** Length of the greeting by which the two ends recognize each other, in bytes. */
const GREETING_BYTES = 32;

/** Options of a check. */
export interface CheckOptions extends RelayPlace {
  /** Called after each step has passed, in order. */
  passed: (step: CheckStep, found: StepFindings) => void;
  /** Whether to leave out the data that is sent through the room. */
  isBrief?: boolean;
  signal: AbortSignal;
}

/**
 * Checks a relay; leaves nothing open there.
 *
 * @throws {SpreadError} The reason why a step failed, with a hint; the signal's reason.
 */
export async function checkRelay(options: CheckOptions): Promise<void> {
  await withPatience(
    TOTAL_MS,
    RELAY_FAULTS.slow(TOTAL_MS),
    options.signal,
    (signal) => check({ ...options, signal }),
  );
}

async function check(options: CheckOptions): Promise<void> {
  const { passed } = options;
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  await using room = await SenderRoom.open({
    url: options.url,
    proxy: options.proxy,
    fillRandom,
    signal,
    onReached: () => passed("connection", {}),
    events: {
      lost: () => broken.abort(relayRefused("closed")),
      found: () => {},
      ended: (reason) => broken.abort(reason),
    },
  });
  passed("specification", { plain_relay: room.isPlain });
  await using receiver = await told("room", join(room, { ...options, signal }));
  const sender = await told("room", meet(room, receiver, signal));
  passed("room", { room: room.roomCode });
  for (const channel of [sender, receiver]) {
    channel.maxFrameBytes = MAX_FRAME_BYTES_AFTER_AUTH;
  }
  for (const step of options.isBrief ? [] : DATA_STEPS) {
    const [from, to] = step === "to_sender"
      ? [receiver, sender]
      : [sender, receiver];
    const bytes = await told(step, carryMessages(from, to, signal));
    passed(step, { bytes });
  }
  passed("pairs", await askBeyondRooms(options, signal));
}

/** Returns the result of a step, or throws its failure in the words for that step. */
async function told<T>(step: CheckStep, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw faultAt(step, error);
  }
}

/** Joins the room that the check has created. */
async function join(
  room: SenderRoom,
  { url, proxy, signal }: CheckOptions,
): Promise<Channel> {
  const joined = await withPatience(
    PATIENCE_MS,
    RELAY_FAULTS.notLetIn(),
    signal,
    (signal) =>
      joinRoom({
        url,
        proxy,
        roomCode: room.roomCode,
        fillRandom,
        signal,
        timeoutMs: TOTAL_MS,
      }),
  );
  if (room.isPlain === (joined.protocol === null)) return joined.channel;
  await joined.channel[Symbol.asyncDispose]();
  throw RELAY_FAULTS.twoSpecifications();
}

/**
 * Connects the two ends and verifies that both are ours.
 *
 * @returns The sender's end.
 */
async function meet(
  room: SenderRoom,
  receiver: Channel,
  signal: AbortSignal,
): Promise<Channel> {
  const greeting = fillRandom(new Uint8Array(GREETING_BYTES));
  const answer = fillRandom(new Uint8Array(GREETING_BYTES));
  const late = RELAY_FAULTS.silent(PATIENCE_MS);
  return await withPatience(PATIENCE_MS, late, signal, async (signal) => {
    const sending = receiver.send(greeting)
      .then(async () => compareGreeting(await receiver.receive(), answer));
    const arriving = arrival(room).then(async (sender) => {
      compareGreeting(await sender.receive(), greeting);
      await sender.send(answer);
      return sender;
    });
    const both = Promise.all([arriving, sending]);
    const [sender] = await unlessAborted(both, signal);
    return sender;
  });
}

/** The first receiver to come. */
async function arrival(room: SenderRoom): Promise<Channel> {
  for await (const channel of room) return channel;
  throw relayRefused("closed");
}
