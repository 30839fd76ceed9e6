/**
 * A drop that was found at its relay. While it is held, no other receiver can take it.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { DropRelay } from "../../../lib/drops/drop_relay.ts";
import { cannotStore } from "../../../lib/files/cannot_store.ts";
import { makeDurable } from "../../../lib/files/disk.ts";
import type { DropKeys } from "../../../lib/drops/keys.ts";
import { DropTaking } from "../../../lib/drops/take.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { PayloadSink } from "../../../lib/protocol/transfer/receive.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { proxyFor } from "../../cli/proxy.ts";
import { formatPast } from "../../cli/screen/format.ts";
import { fillRandom } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { LocalCheckout } from "../checkout.ts";
import { cleanOffer } from "../find/read_offer.ts";
import { TakingFile } from "./taking_file.ts";
import type { Waiting } from "./waiting.ts";

/** A drop, by its keys and its relay. */
export interface DropPlace {
  keys: DropKeys;
  /** Address of the relay: `wss://…`, or `ws://…`. */
  url: string;
  /** Our name for the pair that has left it, if one has. */
  pair?: string;
}

/** The means of finding a drop. */
export interface DropFinding {
  terminal: Terminal;
  /** Folder of partial payloads. */
  folder: string;
  signal: AbortSignal;
}

/** The means of receiving one. */
export interface DropMeans extends DropFinding {
  checkout: LocalCheckout | null;
  /** Time at which the search began, by `performance.now()`. */
  startMs: number;
}

/** A drop whose offer has been read. */
export class FoundDrop implements Waiting, Disposable {
  /** With its texts cleaned. */
  readonly offer: Offer;

  private constructor(
    private readonly place: DropPlace,
    private readonly finding: DropFinding,
    private readonly taking: DropTaking,
    private readonly file: TakingFile,
    private readonly stack: DisposableStack,
  ) {
    this.offer = cleanOffer(taking.offer);
  }

  /**
   * Opens a drop, or goes on with it after an earlier run.
   *
   * @throws {SpreadError} As `TakingFile.open()` and `DropTaking.open()`.
   */
  static async open(
    place: DropPlace,
    finding: DropFinding,
  ): Promise<FoundDrop> {
    const { terminal, folder, signal } = finding;
    using stack = new DisposableStack();
    const { keys, url } = place;
    const proxy = await proxyFor(url, (name) => Deno.env.get(name)) ?? null;
    const file = stack.use(
      await TakingFile.open(folder, keys.id, fillRandom),
    );
    const relay = stack.use(
      new DropRelay(url, {
        proxy,
        signal,
        onRetry: () => terminal.say("the relay does not answer; trying again"),
      }),
    );
    const taking = await DropTaking.open(relay, keys, file.taking)
      .catch((error) => {
        if (SpreadError.is(error, "NO_DROP", "DROPS_OFF")) file.remove();
        throw error;
      });
    return new FoundDrop(place, finding, taking, file, stack.move());
  }

  /** Opens it again, after it was left. @throws {SpreadError} As {@linkcode open}. */
  again(): Promise<FoundDrop> {
    return FoundDrop.open(this.place, this.finding);
  }

  get pair(): string | undefined {
    return this.place.pair;
  }

  /** Says what it is, and that its sender is not there. */
  sayFound(): void {
    const { created, sender, kind } = this.offer;
    const { pair, url } = this.place;
    const now = new Date();
    const who = pair ?? sender;
    const by = who === undefined ? "" : ` by ${who}`;
    const expires = now.getTime() + this.taking.expiresS * 1000;
    this.finding.terminal.say(
      `from a drop left ${
        formatPast(new Date(created), now)
      }${by}; the sender is not connected`,
      "drop",
      {
        kind,
        pair,
        sender,
        left: created,
        relay: url,
        expires: new Date(expires).toISOString(),
      },
    );
  }

  async fetch(sink: PayloadSink): Promise<void> {
    await this.#fetch(sink, 0, this.offer.size);
  }

  async fetchWork(sink: PayloadSink): Promise<void> {
    const { size, work } = this.offer;
    await this.#fetch(sink, size, work!.size);
  }

  /** @param start Position after the offer at which the sink's bytes begin. */
  async #fetch(sink: PayloadSink, start: number, size: number): Promise<void> {
    const name = nameRelay(this.place.url);
    let bytes = sink.offset;
    await this.taking.fetch(start + bytes, start + size, async (piece) => {
      bytes += piece.length;
      await sink.write(piece);
      this.finding.terminal.progress(name, bytes, size);
    });
  }

  async acknowledge(files: string[]): Promise<void> {
    for (const file of files) {
      await makeDurable(file).catch((cause) => {
        throw cannotStore(file, cause);
      });
    }
    try {
      await this.taking.acknowledge();
    } catch (error) {
      if (!(error instanceof SpreadError)) throw error;
      this.finding.terminal.warn(
        `the relay did not accept the receipt, and may keep the drop until it expires: ${error.message}`,
      );
    }
    this.file.remove();
  }

  [Symbol.dispose](): void {
    this.stack[Symbol.dispose]();
  }
}
