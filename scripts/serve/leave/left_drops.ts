/**
 * The drops that a command has left, while it also shares the same: whoever of the pairs takes it
 * from the share needs the drop no more.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { type DropEntry, writeDropEntry } from "../../../lib/drops/entries.ts";
import { takeBackDrop } from "../../../lib/drops/own_drops.ts";
import {
  type Offer,
  WORK_CHOICE,
} from "../../../lib/protocol/transfer/offer.ts";
import { proxyFor } from "../../cli/proxy.ts";
import { dropsFolder } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** Time for a relay to answer, in milliseconds. */
const ANSWER_MS = 10_000;

/** Drops whose entries `status` and `stop` find. */
export class LeftDrops implements AsyncDisposable {
  readonly #entries: DropEntry[] = [];
  /** Pairs that have the payload, if not the work beside it. */
  readonly #served = new Set<string>();
  readonly #ending: Promise<void>[] = [];

  constructor(private readonly terminal: Terminal) {}

  /** IDs for `stop`. */
  get ids(): string[] {
    return this.#entries.map(({ id }) => id);
  }

  /** Adds a drop. */
  add(entry: DropEntry): void {
    this.#entries.push(entry);
  }

  /** Notes what a pair has received from the share. */
  hasReceived(pair: string, { choice }: Pick<Offer, "choice">): void {
    if (choice !== WORK_CHOICE) this.#served.add(pair);
  }

  /** Takes back the drop for a pair that has received all that it wants of the same. */
  isDone(pair: string): void {
    if (!this.#served.has(pair)) return;
    const at = this.#entries.findIndex(({ to }) => to === pair);
    const [entry] = at === -1 ? [] : this.#entries.splice(at, 1);
    if (entry !== undefined) this.#ending.push(this.#takeBack(entry));
  }

  async #takeBack(before: DropEntry): Promise<void> {
    const { relay, to } = before;
    try {
      const proxy = await proxyFor(relay, (name) => Deno.env.get(name)) ?? null;
      const signal = AbortSignal.timeout(ANSWER_MS);
      const asking = { proxy, signal, now: new Date() };
      const { state, entry } = await takeBackDrop(before, asking);
      // Without it, `status` and `stop` learn from the relay that the drop is back.
      await writeDropEntry(dropsFolder(), entry).catch((error) => {
        if (!(error instanceof SpreadError)) throw error;
      });
      if (state !== "back") return;
      this.terminal.say(
        `took back the drop for ${to}, which has received it directly`,
      );
    } catch (error) {
      // It waits as before, and may be taken a second time.
      if (!(error instanceof SpreadError)) throw error;
      this.terminal.warn(
        `the drop for ${to} may still wait at the relay: ${error.message}`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ending);
  }
}
