/**
 * One picked session on its way: kept while it arrives, then installed or put where the user wants
 * the file, and reported.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../../../lib/errors.ts";
import {
  openPartial,
  type PartialFile,
} from "../../../lib/files/payload/partial_file.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { PayloadSink } from "../../../lib/protocol/transfer/receive.ts";
import {
  type InstallResult,
  installSession,
} from "../../../lib/session/install.ts";
import { claudeSurroundings } from "../../cli/claude.ts";
import { sessionHistory } from "../../cli/surroundings.ts";
import { formatBytes } from "../../cli/screen/format.ts";
import { installedFields, showInstalled } from "../../cli/sessions/report.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { ReceiveOptions } from "../options.ts";

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
    const partial = await openPartial(this.how.folder, offer);
    this.#partial = partial;
    return {
      offset: partial.offset,
      write: (piece) => partial.write(piece),
      finish: async () => {
        await this.verify();
        await this.place();
      },
    };
  }

  /**
   * Checks the session, once all of it has arrived.
   *
   * @returns The path of the file.
   * @throws {SpreadError} `PAYLOAD_CORRUPT`, `CANNOT_STORE`.
   */
  async verify(): Promise<string> {
    const partial = this.#partial!;
    await partial.verify();
    return partial.path;
  }

  /** Installs the checked session, or puts the file in its place. */
  async place(): Promise<void> {
    const { options: { output, project, checkout }, signal, from } = this.how;
    const partial = this.#partial!;
    if (output !== undefined) return await partial.moveTo(output);
    this.installed = await installSession(partial.path, {
      surroundings: claudeSurroundings(project),
      history: sessionHistory(),
      now: new Date(),
      from,
      checkout,
      signal,
    });
    await partial.remove();
  }

  /** Reports a session that is in its place. @param startMs By `performance.now()`. */
  tell(offer: Offer, startMs: number, terminal: Terminal): void {
    const seconds = Number(((performance.now() - startMs) / 1000).toFixed(3));
    const { output } = this.how.options;
    const where = output === undefined ? "" : ` in "${output}"`;
    terminal.say(`received ${formatBytes(offer.size)}${where} in ${seconds} s`);
    const facts = { choice: offer.choice, bytes: offer.size, seconds };
    if (this.installed === null) {
      return terminal.event("delivered", { ...facts, path: output });
    }
    const fields = installedFields(this.installed);
    terminal.event("delivered", { ...facts, ...fields });
    showInstalled(this.installed, terminal);
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
