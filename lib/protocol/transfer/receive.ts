/**
 * The receiver's half of a transfer: OFFER → ACCEPT → DATA … END → RECEIPT.
 *
 * See docs/protocol.md, section 6.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { badMessage } from "../handshake/messages.ts";
import { encodePosition, RECORD } from "./record_types.ts";
import {
  decodeOffer,
  decodeReason,
  encodeReason,
  type EndReason,
  type Offer,
} from "./offer.ts";
import type { SecureChannel } from "../secure_channel.ts";

/** Bytes stored between two reports of the receiver's position. */
export const CREDIT_STEP_BYTES = 1024 * 1024;

/** Least number of reports within the time limit for a step of the payload: one every 5 seconds. */
const REPORTS_IN_TIME = 24;

/** Destination of a payload. */
export interface PayloadSink {
  /** Bytes of the payload that an interrupted transfer has left there. */
  readonly offset: number;

  /**
   * Stores the next piece; its memory is freed once the call has ended.
   *
   * @throws {SpreadError} `CANNOT_STORE`.
   */
  write(piece: Bytes): void | Promise<void>;

  /**
   * Checks the hash and puts the payload in its place; called once all bytes are written.
   *
   * @throws {SpreadError} `PAYLOAD_CORRUPT`, `CANNOT_STORE`.
   */
  finish(): Promise<void>;
}

/**
 * Chooses the destination of an offered payload.
 *
 * Throwing a {@linkcode SpreadError} (`PAYLOAD_UNWANTED`, `PAYLOAD_TOO_LARGE`,
 * `CANNOT_STORE`) declines the offer.
 */
export type AcceptOffer = (offer: Offer) => Promise<PayloadSink>;

/** Further options of a receiver. */
export interface ReceiveMore {
  /** The offer, if the caller has read it already. */
  offer?: Offer;
  /** Called while the receipt is being sent and the sender closes. */
  onTaken?: (offer: Offer) => Promise<void>;
}

/**
 * Receives one payload.
 *
 * @returns The offer, once the payload is stored and checked and the receipt is sent.
 * @throws {SpreadError} Whatever `accept` or the sink threw; `PAYLOAD_CHANGED` when the
 *   sender withdrew; `PAYLOAD_CORRUPT`, `PEER_GONE`, `PEER_SILENT`, `RECORD_REFUSED`,
 *   `BAD_MESSAGE`.
 */
export async function receivePayload(
  channel: SecureChannel,
  accept: AcceptOffer,
  onProgress: (progress: { bytes: number; size: number }) => void,
  more: ReceiveMore = {},
): Promise<Offer> {
  const offer = more.offer ?? await receiveOffer(channel);
  await receiveOffered(channel, offer, accept, onProgress);
  await Promise.all([channel.waitForClose(), more.onTaken?.(offer)]);
  return offer;
}

/**
 * Receives a payload that was offered, up to the receipt; the connection stays open.
 *
 * @throws {SpreadError} As {@linkcode receivePayload}.
 */
export async function receiveOffered(
  channel: SecureChannel,
  offer: Offer,
  accept: AcceptOffer,
  onProgress: (progress: { bytes: number; size: number }) => void,
): Promise<void> {
  const sink = await withWord(channel, RECORD.decline, () => accept(offer));
  // A sender that has closed may have sent a reason, which is still to be read.
  await channel.send(RECORD.accept, encodePosition(sink.offset)).catch(
    () => {},
  );
  await withWord(channel, RECORD.abort, async () => {
    await receiveData(channel, offer, sink, onProgress);
    await sink.finish();
  });
  // The payload is in its place, whether or not the sender still gets the receipt.
  await channel.send(RECORD.receipt, Uint8Array.fromHex(offer.sha256)).catch(
    () => {},
  );
}

/**
 * Reads the sender's offer.
 *
 * @throws {SpreadError} `PAYLOAD_UNWANTED` when the words make a pair; `BAD_MESSAGE`, or whatever
 *   ended the connection.
 */
export async function receiveOffer(channel: SecureChannel): Promise<Offer> {
  const { type, body } = await channel.receive();
  if (type === RECORD.pair) return await refusePair(channel);
  if (type !== RECORD.offer) throw badMessage("an offer was expected");
  return decodeOffer(body);
}

async function refusePair(channel: SecureChannel): Promise<never> {
  const { refusePairing } = await import("../pairing.ts");
  return await refusePairing(channel);
}

async function receiveData(
  channel: SecureChannel,
  offer: Offer,
  sink: PayloadSink,
  onProgress: (progress: { bytes: number; size: number }) => void,
): Promise<void> {
  let stored = sink.offset;
  let reported = stored;
  let reportedMs = performance.now();
  const reportMs = channel.answerMs / REPORTS_IN_TIME;
  using pace = channel.keepPace(() => channel.traffic.received);
  for (;;) {
    const { type, body } = await channel.receive();
    if (type === RECORD.abort) throw withdrawn(decodeReason(body));
    if (type === RECORD.end) {
      if (stored !== offer.size) {
        throw badMessage(`${stored} of ${offer.size} bytes were sent`);
      }
      return;
    }
    if (type !== RECORD.data) {
      throw badMessage(`a record of type ${type} does not belong here`);
    }
    if (stored + body.length > offer.size) {
      throw badMessage("more was sent than offered");
    }
    const { length } = body;
    pace.isPeersTurn = false;
    await sink.write(body);
    pace.isPeersTurn = true;
    // Frees the memory at once; the garbage collector would let tens of megabytes pile
    // up.
    body.buffer.transfer(0);
    stored += length;
    const nowMs = performance.now();
    if (
      stored - reported >= CREDIT_STEP_BYTES ||
      nowMs - reportedMs >= reportMs
    ) {
      reported = stored;
      reportedMs = nowMs;
      await channel.send(RECORD.credit, encodePosition(stored)).catch(() => {});
      onProgress({ bytes: stored, size: offer.size });
    }
  }
}

/**
 * Runs `body`; if it fails for a reason that the sender should know, sends it in a record
 * of `type`.
 */
export async function withWord<T>(
  channel: SecureChannel,
  type: number,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const reason = error instanceof SpreadError
      ? REASONS[error.code]
      : undefined;
    if (reason !== undefined) {
      await channel.send(type, encodeReason(reason)).catch(() => {});
    }
    throw error;
  }
}

const REASONS: Partial<Record<SpreadError["code"], EndReason>> = {
  PAYLOAD_UNWANTED: "unwanted",
  PAYLOAD_TOO_LARGE: "too_large",
  PAYLOAD_CORRUPT: "corrupt",
  WORK_REFUSED: "corrupt",
  CANNOT_STORE: "cannot_store",
};

/** Error for a sender that withdraws its offer. */
export function withdrawn(reason: EndReason): SpreadError {
  return new SpreadError(
    "PAYLOAD_CHANGED",
    reason === "changed"
      ? "The sender withdrew its offer: the file changed or vanished during the transfer"
      : "The sender withdrew its offer",
    "Ask the sender to share again",
  );
}
