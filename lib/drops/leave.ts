/**
 * Leaves a sealed payload at a relay. See docs/protocol.md, section 15, and RELAY_SERVER_SPEC.md,
 * section 17.5.
 *
 * @module
 */

import type { Bytes, FillRandom } from "../bytes.ts";
import type { DropAnswer } from "./answers.ts";
import type { DropRelay, NewDrop } from "./drop_relay.ts";
import type { DropKeys } from "./keys.ts";
import { badAnswer, DropRefused } from "./refusals.ts";
import type { DropSealer } from "./seal.ts";

/** Times that a drop is begun, when the relay has forgotten it before it was complete. */
const MAX_BEGINNINGS = 3;

/** Options of {@linkcode leaveDrop}. */
export interface Leaving {
  keys: DropKeys;
  /** The sender's token, 32 bytes. */
  deleteToken: Bytes;
  /** Time until it expires, in seconds. */
  ttlS: number;
  fillRandom: FillRandom;
  /** Called with the bytes that the relay has. */
  onProgress: (bytes: number) => void;
  /** Called when the relay has forgotten the drop, before it is begun again; throws to end it. */
  onForgotten?: () => Promise<void>;
}

/**
 * Leaves a drop, and returns once the relay has confirmed all of it.
 *
 * @throws {DropRefused} `drop_exists` when another drop has this id; any other refusal.
 * @throws {SpreadError} `PAYLOAD_CHANGED`; as `DropRelay.look()`, `onForgotten()`.
 */
export async function leaveDrop(
  relay: DropRelay,
  sealer: DropSealer,
  leaving: Leaving,
): Promise<DropAnswer> {
  const id = leaving.keys.id.toHex();
  const token = leaving.deleteToken.toHex();
  for (let beginning = 1;; beginning++) {
    try {
      return await leaveAll(relay, sealer, leaving);
    } catch (error) {
      // Its receiver came before the confirmation of its last part, which was lost.
      if (DropRefused.is(error, "drop_taken")) {
        return requireLeft(await relay.look(id, { delete: token }), {
          relay,
          sealer,
        });
      }
      const isForgotten = DropRefused.is(
        error,
        "drop_not_found",
        "part_out_of_order",
      );
      if (!isForgotten || beginning === MAX_BEGINNINGS) throw error;
      await leaving.onForgotten?.();
      // The parts that it may still have are sealed with another key.
      await relay.takeBack(id, token).catch((error) => {
        if (!DropRefused.is(error, "drop_not_found")) throw error;
      });
    }
  }
}

async function leaveAll(
  relay: DropRelay,
  sealer: DropSealer,
  { keys, deleteToken, ttlS, fillRandom, onProgress }: Leaving,
): Promise<DropAnswer> {
  const id = keys.id.toHex();
  const drop: NewDrop = {
    delete: deleteToken.toHex(),
    take: keys.take.toHex(),
    bytes: sealer.bytes,
    ttlS,
  };
  let part = 0;
  let bytes = 0;
  let state: DropAnswer | null = null;
  for await (const body of ahead(sealer.seal(fillRandom))) {
    const sender = part === 0 ? drop : { delete: drop.delete };
    state = await relay.put(id, part, body, sender);
    part++;
    bytes += body.length;
    onProgress(bytes);
  }
  return requireLeft(state!, { relay, sealer });
}

/** Makes sure that all of the drop is there, or was when its receiver took it. */
function requireLeft(
  state: DropAnswer,
  { relay, sealer }: { relay: DropRelay; sealer: DropSealer },
): DropAnswer {
  const isLeft = state.bytes === sealer.bytes &&
    (state.state === "waiting" || state.state === "taken");
  if (!isLeft) throw badAnswer(relay.url);
  return state;
}

/** Seals the next part while the relay stores one. */
async function* ahead(parts: AsyncGenerator<Bytes>): AsyncGenerator<Bytes> {
  let next = parts.next();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = parts.next();
      next.catch(() => {});
      yield value;
    }
  } finally {
    await parts.return(undefined);
  }
}
