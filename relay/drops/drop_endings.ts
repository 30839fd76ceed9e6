/**
 * Ends of drops: by a receipt, by their sender, by time. See RELAY_SERVER_SPEC.md, sections 17.6
 * and 17.11.
 *
 * @module
 */

import type { DropJournal, DropOutcome } from "./drop_journal.ts";
import { type DropRow, dueMs, isComplete } from "./drop_row.ts";
import type { DropStore, StoredDrop } from "./drop_store.ts";

/** Surroundings of the ends of drops. */
export interface EndingsOptions {
  store: DropStore;
  journal: DropJournal;
  /** Milliseconds since 1970. */
  wallClock(): number;
}

/** Ends drops, and notes how. */
export class DropEndings {
  constructor(private readonly options: EndingsOptions) {}

  /** Finds a drop that has neither expired nor been abandoned. */
  async find(id: string): Promise<StoredDrop | null> {
    const { store, wallClock } = this.options;
    const found = await store.find(id);
    if (found === null || dueMs(found.row) > wallClock()) return found;
    await this.#expire(found);
    return null;
  }

  /** Ends a drop, and remembers `rest` of it; `false` when the drop has changed. */
  async end(
    found: StoredDrop,
    outcome: DropOutcome,
    rest: DropRow | null,
  ): Promise<boolean> {
    const { store, journal } = this.options;
    if (!await store.end(found, rest)) return false;
    journal.ended(found.row, outcome);
    return true;
  }

  /** Deletes drops that have expired or are abandoned. Never rejects; the next sweep goes on. */
  async sweep(): Promise<void> {
    const { store, journal, wallClock } = this.options;
    const due = await store.due(wallClock()).catch((error) => {
      journal.refusalOf(error);
      return [];
    });
    for (const found of due) {
      // A drop that cannot be deleted does not stop the deletion of the others.
      await this.#expire(found).catch((error) => journal.refusalOf(error));
    }
  }

  async #expire(found: StoredDrop): Promise<void> {
    const { row } = found;
    if (row.takenMs !== null) {
      await this.options.store.end(found, null);
      return;
    }
    await this.end(found, isComplete(row) ? "expired" : "abandoned", null);
  }
}
