/**
 * The sender's half of a choice: offers a catalogue, and sends the entries that the
 * receiver chooses.
 *
 * `send.ts` sends each payload, the catalogue included. See docs/protocol.md, section 6.6.
 *
 * @module
 */

import type { PlainRecord } from "../../crypto/records.ts";
import { SpreadError } from "../../errors.ts";
import {
  type Choice,
  decodeChoice,
  decodeReason,
  encodeOffer,
  type Offer,
  WORK_CHOICE,
} from "./offer.ts";
import { withDeadline } from "../deadline.ts";
import { badMessage } from "../handshake/messages.ts";
import { isLeave, RECORD } from "./record_types.ts";
import type { SecureChannel } from "../secure_channel.ts";
import {
  declined,
  type Offered,
  patienceFor,
  type Progress,
  sendAnswered,
  tell,
} from "./send.ts";

/** A chosen entry; disposing of it means that this receiver no longer needs it. */
export interface Chosen extends Offered, Disposable {}

/** The entries that a receiver can choose. */
export interface Choices {
  /**
   * Prepares the payload of a choice; may take long. The same choice gives the same bytes
   * each time, so that a receiver can resume after a cut.
   *
   * Its offer names the choice and one of its encodings.
   *
   * @throws {SpreadError} `NOT_OFFERED`, `CANNOT_PACK`.
   */
  open(choice: Choice): Promise<Chosen>;
}

/** Events while a receiver chooses. */
export interface ChoiceEvents {
  chosen(choice: Choice): void;
  progress(progress: Progress): void;
  /** The receiver has confirmed that it has the chosen payload. */
  delivered(offer: Offer): void;
}

/**
 * Offers a catalogue, or a payload with work beside it, and sends what the receiver chooses, until
 * it wants no more. A receiver that takes such a payload without choosing does not know of work, and
 * wants nothing else.
 *
 * @returns Number of choices delivered, without the catalogue and the work beside it: who has only
 *   that comes back for what the catalogue lists.
 * @throws {SpreadError} As `sendPayload()`; also `NOT_OFFERED`, `CANNOT_PACK`.
 */
export async function sendChoices(
  channel: SecureChannel,
  catalogue: Offered,
  choices: Choices,
  events: ChoiceEvents,
): Promise<number> {
  const hear = () =>
    withDeadline(channel, channel.answerMs, () => channel.receive());
  await channel.send(RECORD.offer, encodeOffer(catalogue.offer));
  let word = await hear();
  if (word.type === RECORD.accept || word.type === RECORD.decline) {
    const { offer } = catalogue;
    const isList = offer.catalogue === true;
    const progress = isList ? () => {} : events.progress;
    await sendAnswered(channel, catalogue, word, progress);
    if (!isList) {
      events.delivered(offer);
      return 1;
    }
    word = await hear();
  }
  for (let delivered = 0;;) {
    if (isLeave(word)) return delivered;
    if (word.type !== RECORD.choose) throw badMessage("a choice was expected");
    const choice = decodeChoice(word.body);
    await sendChosen(channel, choice, choices, events);
    const isBeside = catalogue.offer.catalogue && choice.id === WORK_CHOICE;
    if (!isBeside) delivered++;
    word = await hear();
  }
}

async function sendChosen(
  channel: SecureChannel,
  choice: Choice,
  choices: Choices,
  events: ChoiceEvents,
): Promise<void> {
  events.chosen(choice);
  const answer = channel.receive();
  using chosen = await openOrEnd(channel, choice, choices, answer);
  const { offer } = chosen;
  const accepted = await withDeadline(
    channel,
    patienceFor(channel, offer),
    () => {
      channel.send(RECORD.offer, encodeOffer(offer)).catch(() => {});
      return answer;
    },
  );
  await sendAnswered(channel, chosen, accepted, events.progress);
  events.delivered(chosen.offer);
}

/** Opens a choice, unless the receiver ends the transfer first. */
async function openOrEnd(
  channel: SecureChannel,
  choice: Choice,
  choices: Choices,
  answer: Promise<PlainRecord>,
): Promise<Chosen> {
  const opening = choices.open(choice);
  const ended = answer.then(({ type, body }) => {
    throw type === RECORD.abort
      ? declined(decodeReason(body))
      : badMessage("an answer came before the offer");
  });
  // Once there is an offer, the receiver's next message answers it.
  ended.catch(() => {});
  try {
    return await Promise.race([opening, ended]);
  } catch (error) {
    opening.then((chosen) => chosen[Symbol.dispose](), () => {});
    if (error instanceof SpreadError) await tell(channel, error);
    throw error;
  }
}
