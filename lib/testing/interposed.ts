/**
 * A man in the middle: a connection whose frames a test can change.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Bytes } from "../bytes.ts";
import type { Channel } from "../transports/channel.ts";
import { connectMemory } from "./memory_channel.ts";
import { codeOf, within } from "./protocol.ts";

/** Direction of a frame. */
export type Way = "toSender" | "toReceiver";

/** Fate of the frame with this index: the frames that go on, or the end of the connection. */
export type Rewrite = (
  way: Way,
  index: number,
  frame: Bytes,
) => Bytes[] | "cut";

/** A connection with a man in the middle. */
export interface Interposed extends AsyncDisposable {
  /** The sender's end. */
  sender: Channel;
  /** The receiver's end. */
  receiver: Channel;
  /** Frames as they were sent, before any change. */
  seen: Record<Way, Bytes[]>;
}

/** Two ends with a man in the middle who may change, add, drop and reorder frames. */
export function interpose(rewrite: Rewrite): Interposed {
  const [sender, nearSender] = connectMemory();
  const [receiver, nearReceiver] = connectMemory();
  const seen: Record<Way, Bytes[]> = { toSender: [], toReceiver: [] };
  const forward = async (way: Way, from: Channel, to: Channel) => {
    from.maxFrameBytes = 2 ** 31;
    try {
      for (let index = 0;; index++) {
        const frame = await from.receive();
        if (frame === null) break;
        seen[way].push(frame);
        const frames = rewrite(way, index, frame);
        if (frames === "cut") {
          await from[Symbol.asyncDispose]();
          break;
        }
        for (const other of frames) await to.send(other);
      }
    } catch (error) {
      assertEquals(codeOf(error), "PEER_GONE");
    }
    await to[Symbol.asyncDispose]();
  };
  const forwarding = [
    forward("toSender", nearReceiver, nearSender),
    forward("toReceiver", nearSender, nearReceiver),
  ];
  return {
    sender,
    receiver,
    seen,
    [Symbol.asyncDispose]: async () => {
      await sender[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
      await within(5_000, Promise.all(forwarding));
    },
  };
}

/** The rewrite of a man in the middle who only watches. */
export function passOn(_way: Way, _index: number, frame: Bytes): Bytes[] {
  return [frame];
}

/** The frame with one bit of the byte at `index` changed. */
export function flip(frame: Bytes, index: number): Bytes {
  const flipped = frame.slice();
  flipped[index]! ^= 1;
  return flipped;
}
