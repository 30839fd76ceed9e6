/**
 * An index of a transcript: where each line is, and how the lines hang together.
 *
 * Reads the whole transcript once and keeps a few hundred bytes of each line. Counts what
 * does not leave, and has what may leave searched for what is secret.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { SpreadError } from "../../errors.ts";
import { MAX_LINE_BYTES, parseJson } from "../container.ts";
import {
  readTranscript,
  type TranscriptLine,
} from "../local/transcript_lines.ts";
import { isObject, leaveOut, queuedMessage } from "../schema.ts";
import type { SessionTally } from "../tally.ts";
import { Entries, type Entry, type Kept, MISSING, NONE } from "./entries.ts";
import { NumberColumn, numberFor, RowsByName } from "./numbers.ts";
import { replacementOf } from "./long_line.ts";
import { cannotReadSession } from "./unreadable.ts";

/** Most lines of one transcript. */
export const MAX_ENTRIES = 500_000;

/** Longest name by which lines refer to each other, in UTF-16 units: a UUID in practice. */
const MAX_NAME_LENGTH = 64;

/** Most messages that a compaction may name. */
const MAX_KEPT = 10_000;

/** The index of one transcript: a row for each of its lines. */
export interface TranscriptIndex {
  entries: Entries;
  /** Positions in the file, in bytes. */
  starts: NumberColumn;
  /** Lengths in bytes. */
  lengths: NumberColumn;
  /** Checksums, because the file may change before its lines are read again. */
  checksums: NumberColumn;
  /** Numbers of the lines in the file, from 1. */
  lines: NumberColumn;
  /** Lines in which `learn` has found something. */
  marked: Set<number>;
  /** For lines that are too long: what goes in their place. */
  replacements: Map<number, Fields>;
  /** Row of the line that was used last, or {@linkcode MISSING}. */
  lastUsed: number;
}

/** Options for reading an index. */
export interface IndexOptions {
  /** Whether the transcript is a subagent's own. */
  isSubagent: boolean;
  tally: SessionTally;
  /** Takes each message, in the order of the file; tells whether its line is to be marked. */
  learn: (message: Fields) => boolean;
  /** Called after each group of lines; the reading waits for it. */
  pause: () => Promise<void>;
}

/**
 * Reads the index of a transcript.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`.
 */
export async function readIndex(
  path: string,
  options: IndexOptions,
): Promise<TranscriptIndex> {
  const indexing = new Indexing(options);
  try {
    for await (const lines of readTranscript(path, MAX_LINE_BYTES)) {
      for (const line of lines) indexing.take(line);
      await options.pause();
    }
  } catch (cause) {
    throw cause instanceof SpreadError ? cause : cannotReadSession(path, cause);
  }
  return indexing.finish();
}

class Indexing {
  readonly #index: TranscriptIndex = {
    entries: new Entries(),
    starts: new NumberColumn(0),
    lengths: new NumberColumn(0),
    checksums: new NumberColumn(NONE),
    lines: new NumberColumn(0),
    marked: new Set(),
    replacements: new Map(),
    lastUsed: MISSING,
  };
  /** Rows of lines by their names. */
  readonly #rows = new RowsByName();
  /** Tasks that wait for all lines to have a row. */
  readonly #later: (() => void)[] = [];
  readonly #decoder = new TextDecoder();

  constructor(private readonly options: IndexOptions) {}

  take({ bytes, length, at, number }: TranscriptLine): void {
    const text = this.#decoder.decode(bytes);
    if (length > bytes.length) return this.#takeLong(text, number);
    const { tally, learn } = this.options;
    const line = parseJson(text);
    if (!isObject(line)) return tally.leaveOut("broken_lines");
    if (line.type === "last-prompt") this.#takeLastUsed(line.leafUuid);
    const message = messageOf(line);
    if (message === null) leaveOut(line, tally);
    if (message === null && nameOf(line.uuid) === null) return;
    const row = this.#add(line, message);
    if (message !== null && learn(message)) this.#index.marked.add(row);
    this.#index.starts.set(row, at);
    this.#index.lengths.set(row, length);
    this.#index.checksums.set(row, crc32(bytes));
    this.#index.lines.set(row, number);
  }

  finish(): TranscriptIndex {
    for (const task of this.#later) task();
    return this.#index;
  }

  #takeLastUsed(name: unknown): void {
    this.#later.push(() => {
      const row = this.#rowOf(name);
      if (row !== MISSING) this.#index.lastUsed = row;
    });
  }

  #takeLong(head: string, number: number): void {
    const { tally, learn } = this.options;
    tally.leaveOut("long_lines");
    const replacement = replacementOf(head);
    if (replacement === null) return;
    const message = messageOf(replacement);
    const row = this.#add(replacement, message);
    if (message !== null && learn(message)) this.#index.marked.add(row);
    this.#index.replacements.set(row, replacement);
    this.#index.lines.set(row, number);
  }

  /**
   * Adds a line. Of lines with one name, Claude Code reads the last, in the place of the first.
   *
   * @returns Its row.
   */
  #add(line: Fields, message: Fields | null): number {
    const { entries, replacements } = this.#index;
    const row = this.#newRow(nameOf(line.uuid));
    const parent = nameOf(line.parentUuid);
    entries.set(row, {
      parent: parent === null ? NONE : this.#rowOf(parent),
      isAside: line.isSidechain === true && !this.options.isSubagent,
      ...this.#partsOf(line, message),
    });
    replacements.delete(row);
    if (entries.kind(row) === "compaction") this.#takeCompaction(line, row);
    if (entries.parent(row) === MISSING) {
      // It may come later.
      this.#later.push(() => entries.setParent(row, this.#rowOf(parent)));
    }
    return row;
  }

  #newRow(name: string | null): number {
    const next = this.#index.entries.length;
    const row = name === null ? next : this.#rows.get(name) ?? next;
    if (row >= MAX_ENTRIES) throw tooLong();
    if (row < next) this.options.tally.leaveOut("repeated_lines");
    if (name !== null) this.#rows.set(name, row);
    return row;
  }

  #rowOf(name: unknown): number {
    return this.#rows.get(nameOf(name) ?? "") ?? MISSING;
  }

  #partsOf(line: Fields, message: Fields | null): Parts {
    if (message === null) return { kind: kindOf(line) };
    const blocks = Array.isArray(message.content) ? message.content : [];
    if (line.type !== "assistant") {
      return { kind: "user", results: this.#callsIn(blocks, "tool_use_id") };
    }
    const { id } = message;
    const answer = typeof id === "string" ? numberFor(id) : undefined;
    return { kind: "assistant", answer, calls: this.#callsIn(blocks, "id") };
  }

  /** Numbers of the calls that blocks name; `undefined` when there are none. */
  #callsIn(
    blocks: unknown[],
    field: "id" | "tool_use_id",
  ): number[] | undefined {
    let calls: number[] | undefined;
    for (const block of blocks) {
      const id = isObject(block) ? block[field] : undefined;
      if (typeof id === "string") (calls ??= []).push(numberFor(id));
    }
    return calls;
  }

  #takeCompaction(line: Fields, row: number): void {
    const { logicalParentUuid, compactMetadata } = line;
    this.#later.push(() => {
      const metadata = isObject(compactMetadata) ? compactMetadata : {};
      const before = this.#rowOf(logicalParentUuid);
      const kept = this.#keptOf(metadata);
      this.#index.entries.compactions.set(row, { before, kept });
    });
  }

  #keptOf({ preservedMessages, preservedSegment }: Fields): Kept | undefined {
    if (isObject(preservedMessages)) {
      const { anchorUuid, uuids } = preservedMessages;
      const isList = Array.isArray(uuids) && uuids.length <= MAX_KEPT;
      if (isList) {
        const messages = uuids.map((uuid) => this.#rowOf(uuid));
        return { anchor: this.#rowOf(anchorUuid), messages };
      }
    }
    if (!isObject(preservedSegment)) return undefined;
    const { anchorUuid, headUuid, tailUuid } = preservedSegment;
    return {
      anchor: this.#rowOf(anchorUuid),
      head: this.#rowOf(headUuid),
      tail: this.#rowOf(tailUuid),
    };
  }
}

/** An entry without its links to other lines. */
type Parts = Omit<Entry, "parent" | "isAside">;

function kindOf({ type, subtype }: Fields): "compaction" | "other" {
  return type === "system" && subtype === "compact_boundary"
    ? "compaction"
    : "other";
}

/** The message in a line, also one that was typed while Claude worked; `null` if there is none. */
function messageOf(line: Fields): Fields | null {
  const isMessage = line.type === "user" || line.type === "assistant";
  const { message } = (isMessage ? line : queuedMessage(line)) ?? {};
  return isObject(message) ? message : isMessage ? {} : null;
}

function nameOf(value: unknown): string | null {
  const isName = typeof value === "string" && value !== "" &&
    value.length <= MAX_NAME_LENGTH;
  return isName ? value : null;
}

type Fields = Record<string, unknown>;

function tooLong(): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot hand over a session of more than ${MAX_ENTRIES} lines`,
    "Compact it, or share a distillation instead",
  );
}
