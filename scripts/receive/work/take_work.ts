/**
 * Receives the unfinished work that comes along with a document or with sessions. It is kept as it
 * came: only `claude-spread work`, which reaches no network, looks into it.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { cannotStore } from "../../../lib/files/cannot_store.ts";
import {
  openPartial,
  type PartialFile,
} from "../../../lib/files/payload/partial_file.ts";
import {
  type Offer,
  WORK_CHOICE,
} from "../../../lib/protocol/transfer/offer.ts";
import type { PayloadSink } from "../../../lib/protocol/transfer/receive.ts";
import { receiveChosen } from "../../../lib/protocol/transfer/receive_chosen.ts";
import type { SecureChannel } from "../../../lib/protocol/secure_channel.ts";
import {
  addKept,
  entryPath,
  type KeptWork,
  payloadPath,
  renewKept,
  workId,
} from "../../../lib/work/open/kept.ts";
import {
  MAX_WORK_BYTES,
  readHeader,
  type WorkHeader,
} from "../../../lib/work/work_file.ts";
import { formatBytes } from "../../cli/screen/format.ts";
import { workFolder } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import {
  describeLeftOut,
  describeWork,
  workFields,
} from "../../cli/work/report.ts";

/** Size and hash of work, as an offer has them. */
export type OfferedWork = NonNullable<Offer["work"]>;

/** Work on its way, over as many connections as necessary. */
export class WorkReceiving {
  #partial: PartialFile | null = null;

  constructor(
    private readonly how: {
      /** Folder of partial payloads. */
      folder: string;
      terminal: Terminal;
      /** Our name for the sender, or its own; cleaned. */
      from?: string;
      /** Whether a skill runs the command, which says itself how to go on. */
      isTyped: boolean;
    },
  ) {}

  /**
   * Chooses the work and receives it, unless it is here already; says what it is.
   *
   * @throws {SpreadError} Whatever ended the transfer; `WORK_REFUSED`.
   */
  async choose(channel: SecureChannel, offered: OfferedWork): Promise<void> {
    if (await this.isHere(offered)) return;
    const { terminal } = this.how;
    const choice = { id: WORK_CHOICE, encodings: [] };
    try {
      await receiveChosen(
        channel,
        choice,
        (offer) => this.accept(offer, offered),
        ({ bytes, size }) => terminal.progress(channel.peer, bytes, size),
      );
    } catch (error) {
      // Work that the sender no longer has will never be complete.
      if (SpreadError.is(error, "PAYLOAD_CHANGED")) {
        await this.#partial?.remove();
      }
      throw error;
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** The place for work that was offered. */
  accept(
    { size, sha256 }: Pick<Offer, "size" | "sha256">,
    offered: OfferedWork,
  ): Promise<PayloadSink> {
    if (size !== offered.size || sha256 !== offered.sha256) throw changed();
    if (size > MAX_WORK_BYTES) throw tooLarge(size);
    return this.#open(offered);
  }

  /** Opens the place, with what has arrived before. */
  async #open(offered: OfferedWork): Promise<PayloadSink> {
    const partial = await openPartial(this.how.folder, offered);
    this.#partial = partial;
    return {
      offset: partial.offset,
      write: (piece) => partial.write(piece),
      finish: async () => {
        await partial.verify().catch((error) => {
          throw SpreadError.is(error, "PAYLOAD_CORRUPT") ? corrupt() : error;
        });
        await this.#keep(partial, offered);
      },
    };
  }

  /** Whether the last connection brought any of it. */
  get hasGrown(): boolean {
    return this.#partial?.hasGrown ?? false;
  }

  /** Bytes that have arrived so far. */
  get keptBytes(): number {
    return this.#partial?.size ?? 0;
  }

  /** Whether it is here already, from an earlier receipt; says so. */
  async isHere({ sha256 }: OfferedWork): Promise<boolean> {
    const kept = await renewKept(workFolder(), sha256, new Date());
    if (kept === null) return false;
    const { opened, id } = kept;
    if (opened !== undefined) {
      this.how.terminal.say(
        `the work that comes along is open in "${opened.worktree}"`,
        "work",
        { id, opened },
      );
      return true;
    }
    const path = payloadPath(workFolder(), kept);
    this.#tell(
      kept,
      (await readHeader(path)).header,
      (await Deno.stat(path)).size,
    );
    return true;
  }

  async #keep(
    partial: PartialFile,
    { sha256, size }: OfferedWork,
  ): Promise<void> {
    const { header } = await readHeader(partial.path).catch(async (error) => {
      await partial.remove();
      throw error;
    });
    const kept: KeptWork = {
      version: 1,
      id: workId(sha256),
      sha256,
      received: new Date().toISOString(),
      from: this.how.from,
    };
    await Deno.mkdir(workFolder(), { recursive: true, mode: 0o700 })
      .catch((cause) => {
        throw cannotStore(workFolder(), cause);
      });
    await removeOrphan(kept);
    await partial.moveTo(payloadPath(workFolder(), kept));
    await addKept(workFolder(), kept);
    this.#tell(kept, header, size);
  }

  #tell(
    { id, from, asked }: KeptWork,
    header: WorkHeader,
    bytes: number,
  ): void {
    const { terminal, isTyped } = this.how;
    terminal.say(
      `the work came along: ${describeWork(header)} (${formatBytes(bytes)})`,
      "work",
      { id, from, asked, bytes, ...workFields(header) },
    );
    const behind = describeLeftOut(header);
    if (behind !== "") terminal.say(`stayed behind: ${behind}`);
    if (isTyped) return;
    terminal.say("to look at it and to open it, type in your checkout:");
    terminal.show(
      "\n    claude-spread work show\n    claude-spread work open\n",
    );
  }

  [Symbol.dispose](): void {
    this.#partial?.[Symbol.dispose]();
  }
}

/** Removes a payload that a command left which was killed before it wrote the entry. */
async function removeOrphan(kept: KeptWork): Promise<void> {
  const entry = await Deno.lstat(entryPath(workFolder(), kept))
    .catch(() => null);
  if (entry !== null) return;
  await Deno.remove(payloadPath(workFolder(), kept)).catch(() => {});
}

function changed(): SpreadError {
  return new SpreadError(
    "PAYLOAD_CHANGED",
    "The sender's work is no longer what it offered",
    "Ask the sender to share again",
  );
}

function corrupt(): SpreadError {
  return new SpreadError(
    "PAYLOAD_CORRUPT",
    "Cannot use the work that came along: it is not what the sender offered",
    "The document or the sessions stay; receive again, or ask the sender to share again",
  );
}

function tooLarge(size: number): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `The work that comes along is larger than 200 MiB: ${formatBytes(size)}`,
    "Ask the sender to push the branch first, or to share without --with-work",
  );
}
