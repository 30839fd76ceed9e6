/**
 * One picked session on its way: kept while it arrives, then installed or put where the user wants
 * the file.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../../lib/errors.ts";
import { openPartial, type PartialFile } from "../../lib/files/partial_file.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { PayloadSink } from "../../lib/protocol/transfer/receive.ts";
import {
  type InstallResult,
  installSession,
} from "../../lib/session/install.ts";
import { claudeSurroundings } from "../cli/claude.ts";
import { sessionHistory } from "../cli/surroundings.ts";
import type { ReceiveOptions } from "./options.ts";

/** A packed session being received, until it is installed or stored. */
export class PackedSession implements Disposable {
  /** The installed session, if it was installed. */
  installed: InstallResult | null = null;
  #partial: PartialFile | null = null;

  constructor(
    private readonly how: {
      /** Folder of partial payloads. */
      folder: string;
      options: ReceiveOptions;
      signal: AbortSignal;
      /** The sender's own name for itself. */
      from?: string;
    },
  ) {}

  async accept(offer: Offer): Promise<PayloadSink> {
    const { folder, options, signal, from } = this.how;
    const partial = await openPartial(folder, offer);
    this.#partial = partial;
    return {
      offset: partial.offset,
      write: (piece) => partial.write(piece),
      finish: async () => {
        await partial.verify();
        const { output, project } = options;
        if (output !== undefined) return await partial.moveTo(output);
        this.installed = await installSession(partial.path, {
          surroundings: claudeSurroundings(project),
          history: sessionHistory(),
          now: new Date(),
          from,
          signal,
        });
        await partial.remove();
      },
    };
  }

  /** Whether anything of it has arrived. */
  get hasGrown(): boolean {
    return this.#partial?.hasGrown ?? false;
  }

  /** Bytes that have arrived so far. */
  get keptBytes(): number {
    return this.#partial?.size ?? 0;
  }

  /** Keeps the bytes received for another attempt, unless that attempt would fail too. */
  async giveUp(error: unknown): Promise<never> {
    const isHopeless = error instanceof SpreadError && HOPELESS.has(error.code);
    if (isHopeless) await this.#partial?.remove().catch(() => {});
    throw error;
  }

  [Symbol.dispose](): void {
    this.#partial?.[Symbol.dispose]();
  }
}

/** Errors that every further attempt would meet again, such as a payload that has changed. */
const HOPELESS = new Set<SpreadErrorCode>([
  "PAYLOAD_CHANGED",
  "PAYLOAD_CORRUPT",
  "PAYLOAD_TOO_LARGE",
  "SESSION_REFUSED",
]);
