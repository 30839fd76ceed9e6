/**
 * Summary of a packed session, by which a person recognizes it in a catalogue.
 *
 * Reads all of it, so that a file that is cut off or broken is found before a receiver waits
 * for it. Checks the order of its parts only: whoever installs it checks every line.
 *
 * @module
 */

import type { Payload } from "../files/payload/source.ts";
import {
  type Part,
  refused,
  SEND_AGAIN,
  type SessionFacts,
} from "./container.ts";
import { type SessionSummary, SummaryReading } from "./local/summary.ts";
import type { PackedSecrets } from "./packed_secrets.ts";
import {
  type PackedItem,
  readFirstLine,
  readPayload,
} from "./rebuild/reader.ts";

/**
 * Reads the summary of a packed session. Its size is that of the file; the time of its last
 * use is that of its last message.
 *
 * @param modified Time of last use when no message states one.
 * @param how `secrets` searches the whole session.
 * @throws {SpreadError} `SESSION_REFUSED`, `PAYLOAD_TOO_LARGE`, `PAYLOAD_CHANGED`; the
 *   signal's reason.
 */
export async function summarizePacked(
  payload: Payload,
  modified: Date,
  { secrets, signal }: { secrets?: PackedSecrets; signal?: AbortSignal } = {},
): Promise<SessionSummary> {
  const reading = new PackedReading();
  secrets?.takeText(await readFirstLine(payload));
  for await (const items of readPayload(payload, signal)) {
    for (const item of items) {
      reading.take(item);
      secrets?.take(item);
    }
    await secrets?.scan();
  }
  await secrets?.finish();
  const { facts, lastUsed, ...summary } = reading.finish();
  return {
    ...summary,
    // Any text may stand there; a catalogue takes letters, digits, - and _ only.
    id: /^[\w-]{8,64}$/.test(facts.id) ? facts.id : payload.sha256,
    title: facts.title.trim() || summary.title,
    firstPrompt: facts.prompt.trim() || summary.firstPrompt,
    modified: (lastUsed ?? modified).toISOString(),
    bytes: payload.size,
    project: facts.project,
  };
}

/** The facts found so far in a packed session. */
class PackedReading {
  // Whoever packed it has taken passphrases out already.
  readonly #reading = new SummaryReading([]);
  #facts: SessionFacts | null = null;
  #part: Part["part"] | null = null;
  #lastUsed: Date | null = null;

  take(item: PackedItem): void {
    if (this.#part === "end") {
      throw refused("it continues after its end", SEND_AGAIN);
    }
    if ("part" in item) this.#begin(item.part);
    else if ("line" in item && this.#part === "transcript") {
      this.#takeLine(item.line as Record<string, unknown> | null);
    }
  }

  finish() {
    if (this.#part !== "end") throw refused("it is not complete", SEND_AGAIN);
    const summary = this.#reading.finish();
    if (summary === null) {
      throw refused("there is no conversation in it", SEND_AGAIN);
    }
    return { ...summary, facts: this.#facts!, lastUsed: this.#lastUsed };
  }

  #begin(part: Part): void {
    if ((part.part === "session") !== (this.#facts === null)) {
      throw refused("its parts are out of order", SEND_AGAIN);
    }
    if (part.part === "session") this.#facts = part;
    this.#part = part.part;
  }

  #takeLine(line: Record<string, unknown> | null): void {
    if (typeof line !== "object" || line === null) return;
    this.#reading.takeLine(line);
    const time = new Date(String(line.timestamp));
    if (!Number.isNaN(time.getTime())) this.#lastUsed = time;
  }
}
