/**
 * Kit for tests of choices: a catalogue, its entries in memory, and both halves of a
 * choice.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import type { Choice, Offer } from "../protocol/transfer/offer.ts";
import type { Encoding } from "../payload.ts";
import { MemorySink, MemorySource, offerOf, payloadOf } from "./payloads.ts";
import { outcomeOf, type SecurePair } from "./protocol.ts";
import {
  leave,
  receiveCatalogueOffer,
  receiveChosen,
} from "../protocol/transfer/receive_chosen.ts";
import {
  type PayloadSink,
  receiveOffer,
  receiveOffered,
} from "../protocol/transfer/receive.ts";
import type { SecureChannel } from "../protocol/secure_channel.ts";
import {
  type ChoiceEvents,
  type Choices,
  type Chosen,
  sendChoices,
} from "../protocol/transfer/send_chosen.ts";
import type { Offered } from "../protocol/transfer/send.ts";

/** Bytes of the catalogue in these tests; the protocol does not read them. */
export const CATALOGUE = payloadOf(300);

/** Entries in memory. */
export class MemoryChoices implements Choices {
  /** Entries that were opened, in order, and the number of them still in use. */
  readonly opened: Choice[] = [];
  inUse = 0;
  /** Number of entries given out and given back. */
  given = 0;

  constructor(
    readonly payloads: Record<string, Bytes>,
    readonly options: {
      /** Encoding of each entry, if the receiver knows it. */
      encoding?: Encoding;
      /** Called before a choice is ready; may wait or throw. */
      before?: (choice: Choice) => Promise<void> | void;
      /** Fields of the offer that are wrong. */
      wrong?: Partial<Offer>;
      failAt?: number;
    } = {},
  ) {}

  async open(choice: Choice): Promise<Chosen> {
    this.opened.push(choice);
    await this.options.before?.(choice);
    const payload = this.payloads[choice.id];
    if (payload === undefined) throw failure("NOT_OFFERED");
    const { encoding = "identity", wrong, failAt } = this.options;
    this.inUse++;
    return {
      offer: {
        ...await offerOf(payload),
        kind: "session",
        choice: choice.id,
        encoding,
        ...wrong,
      },
      source: new MemorySource(payload, {
        failAt,
        failure: failure("PAYLOAD_CHANGED"),
      }),
      [Symbol.dispose]: () => {
        this.inUse--;
        this.given++;
      },
    };
  }
}

/** An error of this code. */
export function failure(code: SpreadError["code"]): SpreadError {
  return new SpreadError(code, "For the test", "");
}

/** The catalogue of these tests. */
export async function catalogue(wrong: Partial<Offer> = {}): Promise<Offered> {
  const offer: Offer = {
    ...await offerOf(CATALOGUE),
    kind: "session",
    name: "sessions.json",
    catalogue: true,
    ...wrong,
  };
  return { offer, source: new MemorySource(CATALOGUE) };
}

/** Events on the sender's side, in words. */
export class Diary implements ChoiceEvents {
  readonly lines: string[] = [];
  chosen = ({ id }: Choice) => void this.lines.push(`chosen ${id}`);
  progress = () => {};
  delivered = ({ choice }: Offer) =>
    void this.lines.push(`delivered ${choice}`);
}

/** The sender's half, to its end: the number of deliveries, or the code of its error. */
export function send(
  channel: SecureChannel,
  choices: Choices,
  events: ChoiceEvents = new Diary(),
): Promise<number | string> {
  return outcomeOf(
    channel,
    async () => await sendChoices(channel, await catalogue(), choices, events),
  );
}

/** An entry that a receiver wants, and the part of it that it already has. */
export interface Wish {
  id: string;
  sink?: MemorySink;
  encodings?: Encoding[];
}

/** A receiver that takes the catalogue, if it wants to, and then its choices, and leaves. */
export function take(
  channel: SecureChannel,
  wishes: Wish[],
  options: { wantsCatalogue?: boolean; stays?: boolean } = {},
): Promise<Bytes[] | string> {
  return outcomeOf(channel, async () => {
    const offer = await receiveCatalogueOffer(channel);
    const taken: Bytes[] = [];
    if (options.wantsCatalogue ?? true) {
      const sink = new MemorySink();
      await receiveOffered(channel, offer, into(sink), () => {});
      taken.push(sink.bytes);
    }
    for (const { id, sink = new MemorySink(), encodings = [] } of wishes) {
      await receiveChosen(channel, { id, encodings }, into(sink), () => {});
      taken.push(sink.bytes);
    }
    if (!options.stays) await leave(channel);
    return taken;
  });
}

/**
 * A receiver of a share with work, which takes these choices, then leaves; if it is `cut`, it goes
 * without a word.
 */
export function takeChoices(
  channel: SecureChannel,
  ids: string[],
  { sinks = {}, isCut = false }: {
    sinks?: Record<string, MemorySink>;
    isCut?: boolean;
  } = {},
): Promise<Bytes[] | string> {
  return outcomeOf(channel, async () => {
    await receiveOffer(channel);
    const taken: Bytes[] = [];
    for (const id of ids) {
      const sink = sinks[id] ?? new MemorySink();
      const choice = { id, encodings: [] };
      await receiveChosen(channel, choice, into(sink), () => {});
      taken.push(sink.bytes);
    }
    if (!isCut) await leave(channel);
    return taken;
  });
}

/** Both halves; returns both outcomes. */
export async function choose(
  pair: SecurePair,
  choices: Choices,
  wishes: Wish[],
  options?: Parameters<typeof take>[2],
): Promise<[sender: number | string, receiver: Bytes[] | string]> {
  return await Promise.all([
    send(pair.sender, choices),
    take(pair.receiver, wishes, options),
  ]);
}

/** Accepts every offer, into `sink`. */
export function into(sink: PayloadSink): () => Promise<PayloadSink> {
  return () => Promise.resolve(sink);
}
