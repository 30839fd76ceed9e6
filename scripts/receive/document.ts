/**
 * Receives a document from a connected sender: takes it, prints or stores it, and reports it.
 * `sessions/` receives sessions, from which the user chooses.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import type { PartialFile } from "../../lib/files/payload/partial_file.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type {
  AcceptOffer,
  PayloadSink,
} from "../../lib/protocol/transfer/receive.ts";
import type { SecureChannel } from "../../lib/protocol/secure_channel.ts";
import type { Sender } from "./find/sender.ts";
import type { Kind } from "../../lib/payload.ts";
import { unwanted } from "../cli/kinds.ts";
import type { LocalCheckout } from "./checkout.ts";
import type { Waiting } from "./drops/waiting.ts";
import type { ReceiveOptions } from "./options.ts";
import { sayReceived, warnOfRemoved } from "./received.ts";
import type { Receiving } from "./receiving.ts";
import { formatBytes } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";

/** Largest payload to print, in bytes: it is cleaned in memory. */
const MAX_PRINTED_BYTES = 16 * 1024 * 1024;

// Loaded while the sender computes.
const loadTransfer = () => import("../../lib/protocol/transfer/receive.ts");
const loadStore = () => import("../../lib/files/payload/partial_file.ts");
const loadCleaner = () => import("../../lib/text/clean_text.ts");

/** Loads the modules that a document needs. */
export async function preload(): Promise<void> {
  await Promise.all([loadStore(), loadTransfer(), loadCleaner()]);
}

/** A document being received. */
export class DocumentReceiving implements Receiving {
  hasMoved = false;
  keptBytes = 0;
  /** The text as it was printed. */
  #printed = "";
  /** The work beside the document. */
  #work: Offer["work"];
  /** Whether the document is in its place, and only the work beside it is missing. */
  #hasText = false;

  constructor(
    private readonly options: ReceiveOptions,
    private readonly terminal: Terminal,
    /** Folder of partial payloads. */
    private readonly folder: string,
    /** Time at which the search for the sender began, by `performance.now()`. */
    private readonly startMs: number,
    /** The checkout to compare with the sender's commit, if any. */
    private readonly checkout: LocalCheckout | null,
  ) {}

  async take(sender: Sender, offer: Offer | null): Promise<void> {
    await using _channel = sender.channel;
    await this.#keep((accept) =>
      sender.protocol === 2
        ? this.#takeNew(sender.channel, offer!, accept, sender.pair)
        : this.#takeLegacy(sender, accept)
    );
  }

  /**
   * Receives a payload that waits, and reports it; throws whatever ended the transfer.
   *
   * @returns The files that it was put in; `null` when it is to be received again.
   */
  async takeWaiting(waiting: Waiting): Promise<string[] | null> {
    const { offer, pair } = waiting;
    const { output } = this.options;
    this.#work = offer.work;
    await this.#keep(async (accept) => {
      const sink = await accept(offer);
      await waiting.fetch(sink);
      await sink.finish();
    });
    // A bundle on a screen cannot be installed: it is to be fetched again.
    const isShownOnly = offer.kind === "memory" && output === undefined &&
      Deno.stdout.isTerminal();
    await this.#report(offer, pair, isShownOnly ? "code" : null);
    if (isShownOnly) return null;
    return output === undefined ? [] : [output];
  }

  /** Runs a transfer, and keeps what has arrived of the payload when it fails. */
  async #keep(
    transfer: (accept: AcceptOffer) => Promise<void>,
  ): Promise<void> {
    this.hasMoved = false;
    using stack = new DisposableStack();
    let partial: PartialFile | undefined;
    const accept = async (offer: Offer) => {
      partial = stack.use(await this.#open(offer));
      return this.#sinkInto(partial);
    };
    try {
      await transfer(accept);
    } catch (error) {
      this.hasMoved ||= partial?.hasGrown ?? false;
      if (!this.#hasText) {
        this.keptBytes = partial?.size ?? 0;
        // A payload that the sender no longer has will never be complete.
        if (SpreadError.is(error, "PAYLOAD_CHANGED")) await partial?.remove();
      }
      throw error;
    }
  }

  /**
   * @param pair Our name for the sender, if it is paired with this machine.
   * @param secret The secret to type for receiving the payload again, unless there is a pair; `null`
   *   if it cannot be received again.
   */
  async #report(
    offer: Offer,
    pair?: string,
    secret: "words" | "code" | null = "words",
  ): Promise<void> {
    const elapsedMs = performance.now() - this.startMs;
    const checkout = await this.checkout?.compare(
      offer.git,
      offer.work !== undefined,
    );
    const facts = { elapsedMs, checkout, pair };
    sayReceived(offer, this.options, this.terminal, facts);
    await this.#search(offer.kind);
    // The sender waits for the receipt; other documents need no further step.
    if (offer.kind !== "memory") return;
    const { sayHowToInstall } = await import("./next_step.ts");
    const again = secret === null || pair === undefined ? secret : { pair };
    sayHowToInstall(this.options, this.terminal, again);
  }

  /**
   * Warns of secrets, except in a memory that a skill is about to install: the installation does.
   * The search is loaded after the receipt, so that it delays no hand-over.
   */
  async #search(kind: Kind): Promise<void> {
    const { output, isTyped } = this.options;
    if (isTyped && kind === "memory") return;
    const { searchFile, searchText } = await import("./secrets.ts");
    if (output === undefined) await searchText(this.#printed, this.terminal);
    else await searchFile(output, kind, this.terminal);
  }

  async #takeNew(
    channel: SecureChannel,
    offer: Offer,
    accept: AcceptOffer,
    pair: string | undefined,
  ): Promise<void> {
    if (offer.work !== undefined) {
      return await this.#takeWithWork(channel, offer, accept, pair);
    }
    const { receivePayload } = await loadTransfer();
    await receivePayload(channel, accept, this.#progress(channel), {
      offer,
      onTaken: (offer) => this.#report(offer, pair),
    });
  }

  #progress({ peer }: SecureChannel) {
    return ({ bytes, size }: { bytes: number; size: number }) =>
      this.terminal.progress(peer, bytes, size);
  }

  /** Takes the document and then the work beside it, each with its own receipt. */
  async #takeWithWork(
    channel: SecureChannel,
    offer: Offer,
    accept: AcceptOffer,
    pair: string | undefined,
  ): Promise<void> {
    this.#work = offer.work;
    if (!this.#hasText) {
      const { takeText } = await import("./work/take_text.ts");
      await takeText(channel, offer, accept, this.#progress(channel));
      this.#hasText = true;
      this.hasMoved = true;
      await this.#report(offer, pair);
    }
    const { WorkReceiving } = await import("./work/take_work.ts");
    const { folder, terminal, options: { isTyped } } = this;
    const from = pair ?? offer.sender;
    using work = new WorkReceiving({ folder, terminal, from, isTyped });
    await work.choose(channel, offer.work!).catch((error) => {
      this.hasMoved ||= work.hasGrown;
      this.keptBytes = work.keptBytes;
      throw error;
    });
    const { leave } = await import(
      "../../lib/protocol/transfer/receive_chosen.ts"
    );
    await leave(channel);
  }

  async #takeLegacy(
    { channel, challenge, passphrase }: Extract<Sender, { protocol: 1 }>,
    accept: AcceptOffer,
  ): Promise<void> {
    this.terminal.warn(LEGACY_WARNING);
    const { LEGACY_TIMEOUT_MS, receiveLegacy } = await import(
      "../../lib/protocol/legacy.ts"
    );
    const { withDeadline } = await import("../../lib/protocol/deadline.ts");
    // Protocol 1 names no kind: it is taken for the kind that the user asked for.
    const { kind = "distillation" } = this.options;
    const asAsked: AcceptOffer = (offer) => accept({ ...offer, kind });
    const offer = await withDeadline(
      channel,
      LEGACY_TIMEOUT_MS,
      () => receiveLegacy(channel, passphrase, asAsked, new Date(), challenge),
    );
    await this.#report(offer);
  }

  async #open(offer: Offer): Promise<PartialFile> {
    const { kind = offer.kind } = this.options;
    if (offer.kind !== kind) throw unwanted(offer.kind, kind);
    if (this.options.output === undefined && offer.size > MAX_PRINTED_BYTES) {
      throw tooLargeToPrint(offer);
    }
    const { openPartial } = await loadStore();
    return await openPartial(this.folder, offer);
  }

  #sinkInto(partial: PartialFile): PayloadSink {
    const { output } = this.options;
    return {
      offset: partial.offset,
      write: (piece) => partial.write(piece),
      finish: async () => {
        await partial.verify();
        if (output !== undefined) return await partial.moveTo(output);
        await this.#print(await Deno.readFile(partial.path));
        await partial.remove();
      },
    };
  }

  /** A text with the paths of the work tree, if the work beside it is open already. */
  async #withLocalPaths(text: string): Promise<string> {
    if (this.#work === undefined) return text;
    const { withLocalPaths } = await import("./work/opened.ts");
    return await withLocalPaths(text, this.#work, this.terminal);
  }

  async #print(bytes: Uint8Array): Promise<void> {
    const { cleanText, countRemoved, markPosingLines } = await loadCleaner();
    const cleaned = cleanText(new TextDecoder().decode(bytes));
    const local = await this.#withLocalPaths(cleaned.text);
    const { text, warning } = markPosingLines(local);
    this.#printed = text;
    this.terminal.print(text);
    if (warning !== null) this.terminal.warn(warning);
    warnOfRemoved(
      cleaned.removed,
      countRemoved(cleaned.removed),
      this.terminal,
    );
  }
}

const LEGACY_WARNING =
  "--legacy is on: anyone who watches the network, or poses as the sender, can try passphrases offline, with tables computed in advance";

function tooLargeToPrint(offer: Offer): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot print ${
      formatBytes(offer.size)
    }: at most 16 MiB of text go to standard output`,
    "Write it to a file with --output FILE",
  );
}
