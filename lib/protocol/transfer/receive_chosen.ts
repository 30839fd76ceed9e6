/**
 * The receiver's half of a choice: reads the offer of a catalogue, and receives the entries
 * that it chooses.
 *
 * `receive.ts` receives each payload, the catalogue included. See docs/protocol.md, section
 * 6.6.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import {
  type Choice,
  decodeOffer,
  decodeReason,
  encodeChoice,
  type EndReason,
  type Offer,
  TEXT_CHOICE,
  WORK_CHOICE,
} from "./offer.ts";
import { badMessage } from "../handshake/messages.ts";
import { RECORD } from "./record_types.ts";
import {
  type AcceptOffer,
  receiveOffer,
  receiveOffered,
  withdrawn,
  withWord,
} from "./receive.ts";
import type { SecureChannel } from "../secure_channel.ts";

/**
 * Reads the offer of a catalogue. The caller may then receive it with `receiveOffered()`,
 * or skip it with {@linkcode receiveChosen}.
 *
 * @param known The offer, if the caller has read it already.
 * @param check Throws a {@linkcode SpreadError} to decline the catalogue.
 * @throws {SpreadError} Whatever `check` throws; `PAYLOAD_UNWANTED` when the offer is not a
 *   catalogue; `BAD_MESSAGE`; whatever ended the connection.
 */
export async function receiveCatalogueOffer(
  channel: SecureChannel,
  check?: (offer: Offer) => void,
  known?: Offer,
): Promise<Offer> {
  const offer = known ?? await receiveOffer(channel);
  await withWord(channel, RECORD.decline, async () => {
    await check?.(offer);
    if (!offer.catalogue) throw unlisted();
  });
  return offer;
}

/**
 * Chooses an entry of the catalogue and receives it; the sender may first need a while to
 * pack it. The caller may choose more afterwards.
 *
 * @throws {SpreadError} As `receivePayload()`; also `NOT_OFFERED`, `CANNOT_PACK`.
 */
export async function receiveChosen(
  channel: SecureChannel,
  choice: Choice,
  accept: AcceptOffer,
  onProgress: (progress: { bytes: number; size: number }) => void,
): Promise<Offer> {
  // As after an offer: the reason of a sender that has closed is still to be read.
  await channel.send(RECORD.choose, encodeChoice(choice)).catch(() => {});
  const { type, body } = await channel.receive();
  if (type === RECORD.abort) throw notSent(choice, decodeReason(body));
  if (type !== RECORD.offer) throw badMessage("an offer was expected");
  const offer = decodeOffer(body);
  requireChoice(offer, choice);
  await receiveOffered(channel, offer, accept, onProgress);
  return offer;
}

/** Tells the sender that nothing more is wanted, and waits until it has closed. */
export async function leave(channel: SecureChannel): Promise<void> {
  await channel.send(RECORD.leave, new Uint8Array(0)).catch(() => {});
  await channel.waitForClose();
}

function requireChoice(offer: Offer, { id, encodings }: Choice): void {
  const { choice, encoding = "identity", catalogue } = offer;
  const isUnderstood = encoding === "identity" || encodings.includes(encoding);
  if (choice !== id || catalogue || !isUnderstood) {
    throw badMessage("what is offered is not what was chosen");
  }
}

function unlisted(): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNWANTED",
    "The sender offers no sessions to choose from",
    "Ask the sender for the kind of the share, and use the command for that kind",
  );
}

const NOT_SENT: Partial<
  Record<EndReason, [code: SpreadErrorCode, message: string, hint: string]>
> = {
  not_offered: [
    "NOT_OFFERED",
    "The sender does not offer the chosen session",
    "List the sessions again, and choose one of them",
  ],
  cannot_pack: [
    "CANNOT_PACK",
    "The sender cannot pack the chosen session",
    "Ask the sender, whose command shows the reason",
  ],
};

function notSent({ id }: Choice, reason: EndReason): SpreadError {
  if (reason === "not_offered" && (id === TEXT_CHOICE || id === WORK_CHOICE)) {
    return new SpreadError(
      "NOT_OFFERED",
      `The sender does not offer the ${id} that it announced`,
      "Ask the sender to share again",
    );
  }
  const words = NOT_SENT[reason];
  return words === undefined ? withdrawn(reason) : new SpreadError(...words);
}
