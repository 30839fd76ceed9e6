/**
 * The part of a prepared share that a drop holds: the payload itself or, where the share offers a
 * list of sessions, the only session on it; and the work that comes along.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../../lib/bytes.ts";
import { usage } from "../../../lib/errors.ts";
import { ENCODINGS } from "../../../lib/payload.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { PayloadSource } from "../../../lib/protocol/transfer/send.ts";
import type { Prepared } from "../prepare.ts";

/** A payload to be left; disposed of once that is done. */
export interface DroppedPayload extends Disposable {
  offer: Offer;
  /** The payload, and then the work that the offer names. */
  source: PayloadSource;
}

/**
 * Returns the payload of a drop.
 *
 * @throws {SpreadError} `USAGE` when there are several sessions; `NOT_OFFERED`, `CANNOT_PACK`.
 */
export async function droppedPayload(
  prepared: Prepared,
): Promise<DroppedPayload> {
  const dropped = prepared.offer.catalogue
    ? await onlySession(prepared)
    : textOf(prepared);
  const { work } = prepared;
  if (work === undefined) return dropped;
  const { offer, source } = dropped;
  return {
    ...dropped,
    offer: { ...offer, work: prepared.offer.work },
    source: new BothSources(offer.size, source, work.payload),
  };
}

/** A payload, and then the work. */
class BothSources implements PayloadSource {
  /** @param size Length of the payload, in bytes. */
  constructor(
    private readonly size: number,
    private readonly payload: PayloadSource,
    private readonly work: PayloadSource,
  ) {}

  async *read(offset: number): AsyncGenerator<Bytes> {
    if (offset < this.size) yield* this.payload.read(offset);
    yield* this.work.read(Math.max(0, offset - this.size));
  }
}

function textOf({ offer, payload }: Prepared): DroppedPayload {
  return { offer, source: payload, [Symbol.dispose]: () => {} };
}

async function onlySession(
  { offer, payload, choices }: Prepared,
): Promise<DroppedPayload> {
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
  const chosen = await choices!.open({ id: session!.id, encodings });
  // Nobody has chosen it: it is what the drop holds.
  const { choice: _, ...rest } = chosen.offer;
  const { project, git } = offer;
  return {
    offer: { ...rest, project, git },
    source: chosen.source,
    [Symbol.dispose]: () => chosen[Symbol.dispose](),
  };
}
