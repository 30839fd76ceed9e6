/**
 * The part of a prepared share that a drop holds: the payload itself or, where the share offers a
 * list of sessions, the only session on it.
 *
 * @module
 */

import { concatBytes } from "../../../lib/bytes.ts";
import { usage } from "../../../lib/errors.ts";
import { ENCODINGS } from "../../../lib/payload.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { PayloadSource } from "../../../lib/protocol/transfer/send.ts";
import type { Prepared } from "../prepare.ts";

/** A payload to be left; disposed of once that is done. */
export interface DroppedPayload extends Disposable {
  offer: Offer;
  source: PayloadSource;
}

/**
 * Returns the payload of a drop.
 *
 * @throws {SpreadError} `USAGE` when there are several sessions; `NOT_OFFERED`, `CANNOT_PACK`.
 */
export async function droppedPayload(
  { offer, payload, choices }: Prepared,
): Promise<DroppedPayload> {
  if (choices === undefined) {
    return { offer, source: payload, [Symbol.dispose]: () => {} };
  }
  const { decodeCatalogue } = await import("../../../lib/session/catalogue.ts");
  const list = await Array.fromAsync(payload.read(0), (piece) => piece.slice());
  const [session, ...others] = decodeCatalogue(concatBytes(...list));
  if (others.length > 0) {
    throw usage(
      `A drop holds one session, and ${others.length + 1} are named`,
      "Leave them one at a time: --session ID, with an ID from claude-spread sessions list",
    );
  }
  const encodings = [...ENCODINGS];
  const chosen = await choices.open({ id: session!.id, encodings });
  // Nobody has chosen it: it is what the drop holds.
  const { choice: _, ...rest } = chosen.offer;
  const { project, git } = offer;
  return {
    offer: { ...rest, project, git },
    source: chosen.source,
    [Symbol.dispose]: () => chosen[Symbol.dispose](),
  };
}
