/**
 * The sender's half of a transfer: OFFER → ACCEPT → DATA … END → RECEIPT.
 *
 * See docs/protocol.md, section 6. Only a receipt counts as delivered.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import type { PlainRecord } from "../../crypto/records.ts";
import { SpreadError } from "../../errors.ts";
import { Notifier } from "../../waiting.ts";
import { type Pace, withDeadline } from "../deadline.ts";
import { badMessage } from "../handshake/messages.ts";
import { decodePosition, isLeave, RECORD } from "./record_types.ts";
import {
  decodeReason,
  encodeOffer,
  encodeReason,
  type EndReason,
  type Offer,
} from "./offer.ts";
import { RECORDS_IN_FLIGHT, type SecureChannel } from "../secure_channel.ts";

/** Most bytes sent and not yet reported as stored: no relay has to hold more. */
export const CREDIT_WINDOW_BYTES = 4 * 1024 * 1024;

/** Largest part of a payload in one record, in bytes. */
const MAX_DATA_BYTES = 256 * 1024;

/**
 * Time that a record may take on the link, in milliseconds: a record that is cut off is lost as a
 * whole, and no other message passes it.
 */
const RECORD_MS = 2_000;

/** Lowest speed at which a receiver reads or copies the part of a payload on its disk. */
const DISK_BYTES_PER_S = 16 * 1024 * 1024;

/** Origin of a payload. */
export interface PayloadSource {
  /**
   * Reads the payload from `offset` on, in pieces of at most one record's body.
   *
   * A piece stays unchanged until the caller has asked for {@linkcode RECORDS_IN_FLIGHT}
   * more.
   *
   * @throws {SpreadError} `PAYLOAD_CHANGED` when the payload differs from the offered one;
   *   at the latest after the last piece.
   */
  read(offset: number): AsyncIterable<Bytes>;
}

/** Position of a transfer, in bytes. */
export interface Progress {
  /** Stored by the receiver. */
  bytes: number;
  size: number;
}

/**
 * Offers a payload and sends the part that the receiver lacks.
 *
 * @returns Whether the receiver has confirmed, by its receipt, that it has the payload; `false`
 *   when it has looked at the offer and left.
 * @throws {SpreadError} `DECLINED`, `PAYLOAD_CHANGED`, `PEER_GONE`, `PEER_SILENT`,
 *   `BAD_MESSAGE`, `RECORD_REFUSED`.
 */
export async function sendPayload(
  channel: SecureChannel,
  offer: Offer,
  source: PayloadSource,
  onProgress: (progress: Progress) => void,
): Promise<boolean> {
  const answer = await withDeadline(
    channel,
    patienceFor(channel, offer),
    () => {
      channel.send(RECORD.offer, encodeOffer(offer)).catch(() => {});
      return channel.receive();
    },
  );
  if (isLeave(answer)) return false;
  await sendAnswered(channel, { offer, source }, answer, onProgress);
  return true;
}

/**
 * Time limit for an answer before which the receiver may have to read or copy the whole
 * payload, in milliseconds.
 */
export function patienceFor(channel: SecureChannel, { size }: Offer): number {
  return channel.answerMs + size / DISK_BYTES_PER_S * 1000;
}

/** A payload and its description. */
export interface Offered {
  offer: Offer;
  source: PayloadSource;
}

/**
 * Sends the part that the receiver lacks of a payload that was offered.
 *
 * @param answer The receiver's answer to the offer.
 * @returns Once the receiver has confirmed, by its receipt, that it has the payload.
 * @throws {SpreadError} As {@linkcode sendPayload}.
 */
export async function sendAnswered(
  channel: SecureChannel,
  { offer, source }: Offered,
  answer: PlainRecord,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const sending = new Sending(channel, offer, onProgress);
  const offset = sending.readAnswer(answer);
  // The first failure ends both: the receiver may stop us, or our file may change.
  const receipt = sending.receiveReceipt();
  try {
    await Promise.race([sending.sendFrom(offset, source), receipt]);
  } catch (error) {
    sending.stop(error as Error);
    // A receiver that closed may have sent a reason, which explains more than a failed
    // send.
    if (isGone(error)) throw await receipt.then(() => error, (word) => word);
    receipt.catch(() => {});
    if (error instanceof SpreadError) await tell(channel, error);
    throw error;
  }
  using _pace = sending.keepPace(patienceFor(channel, offer));
  await receipt;
}

/** One transfer in progress. */
class Sending {
  #acknowledged = 0;
  #sent = 0;
  #isEnded = false;
  #failure: Error | null = null;
  readonly #stored = new Notifier();
  /** Largest part of the payload in one record: small until the link is known to be fast. */
  #dataBytes: number;
  #creditedMs = performance.now();

  constructor(
    readonly channel: SecureChannel,
    readonly offer: Offer,
    readonly onProgress: (progress: Progress) => void,
  ) {
    this.#dataBytes = channel.firstDataBytes;
  }

  /** Watches that the connection takes bytes, or that the receiver stores some. */
  keepPace(limitMs?: number): Pace {
    const { channel } = this;
    const moved = () => channel.traffic.sent + this.#acknowledged;
    return channel.keepPace(moved, limitMs);
  }

  /** The offset from which the receiver wants the payload. */
  readAnswer({ type, body }: PlainRecord): number {
    if (type === RECORD.decline) throw declined(decodeReason(body));
    if (type !== RECORD.accept) {
      throw badMessage("an answer to the offer was expected");
    }
    const offset = decodePosition(body, this.offer.size);
    this.#sent = offset;
    this.#acknowledged = offset;
    return offset;
  }

  async sendFrom(offset: number, source: PayloadSource): Promise<void> {
    using pace = this.keepPace();
    const underWay: Promise<void>[] = [];
    pace.isPeersTurn = false;
    for await (const piece of source.read(offset)) {
      pace.isPeersTurn = true;
      for (let rest = piece; rest.length > 0;) {
        const part = rest.subarray(0, this.#dataBytes);
        rest = rest.subarray(part.length);
        await this.#waitForCredit(part.length);
        this.#sent += part.length;
        underWay.push(this.channel.send(RECORD.data, part));
        if (underWay.length >= RECORDS_IN_FLIGHT) await underWay.shift();
      }
      // What the source takes to read on is not the receiver's doing.
      pace.isPeersTurn = false;
    }
    pace.isPeersTurn = true;
    await Promise.all(underWay);
    this.#isEnded = true;
    await this.channel.send(RECORD.end, new Uint8Array(0));
  }

  async #waitForCredit(bytes: number): Promise<void> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const ahead = this.#sent + bytes - this.#acknowledged;
      if (ahead <= CREDIT_WINDOW_BYTES) return;
      await this.#stored.wait();
    }
  }

  /**
   * Ends `sendFrom()` at its next piece, even while it waits for credit, so that it closes
   * its source.
   */
  stop(failure: Error): void {
    this.#failure = failure;
    this.#stored.notify();
  }

  /** Reads the receiver's reports until its receipt. */
  async receiveReceipt(): Promise<void> {
    for (;;) {
      const { type, body } = await this.channel.receive();
      switch (type) {
        case RECORD.credit:
          this.#credit(decodePosition(body, this.#sent));
          break;
        case RECORD.receipt:
          if (!this.#isEnded || body.toHex() !== this.offer.sha256) {
            throw badMessage("its receipt is not for what was sent");
          }
          return;
        case RECORD.abort:
          throw declined(decodeReason(body));
        default:
          throw badMessage(`a record of type ${type} does not belong here`);
      }
    }
  }

  #credit(position: number): void {
    if (position < this.#acknowledged) {
      throw badMessage("its count of stored bytes went back");
    }
    this.#adapt(position - this.#acknowledged);
    this.#acknowledged = position;
    this.#stored.notify();
    this.onProgress({ bytes: position, size: this.offer.size });
  }

  /** Fits records to the speed at which the receiver has stored the last `bytes`. */
  #adapt(bytes: number): void {
    const nowMs = performance.now();
    const fitting = bytes * RECORD_MS / (nowMs - this.#creditedMs);
    this.#creditedMs = nowMs;
    const { firstDataBytes } = this.channel;
    this.#dataBytes = Math.max(
      firstDataBytes,
      Math.min(MAX_DATA_BYTES, Math.floor(fitting)),
    );
  }
}

function isGone(error: unknown): boolean {
  return SpreadError.is(error, "PEER_GONE");
}

const WITHDRAWALS: Partial<Record<SpreadError["code"], EndReason>> = {
  PAYLOAD_CHANGED: "changed",
  PAYLOAD_UNREADABLE: "changed",
  NOT_OFFERED: "not_offered",
  CANNOT_PACK: "cannot_pack",
};

/** Tells the receiver why nothing more will come, if there is a reason that it may know. */
export async function tell(
  channel: SecureChannel,
  error: SpreadError,
): Promise<void> {
  const reason = WITHDRAWALS[error.code];
  if (reason !== undefined) {
    await channel.send(RECORD.abort, encodeReason(reason)).catch(() => {});
  }
}

const DECLINE_WORDS: Record<EndReason, string> = {
  unwanted: "it is not of the kind that the receiver asked for",
  too_large: "it is too large for the receiver",
  cannot_store: "the receiver cannot store it",
  changed: "it changed on the way",
  corrupt: "the data that arrived is not what was offered",
  not_offered: "it was not offered",
  cannot_pack: "it cannot be packed",
  declined: "the person there declined it",
};

/** Error for a receiver that declines. */
export function declined(reason: EndReason): SpreadError {
  return new SpreadError(
    "DECLINED",
    `The receiver did not take what was offered: ${DECLINE_WORDS[reason]}`,
    "Ask the receiver for details; the share continues",
  );
}
