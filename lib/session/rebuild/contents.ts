/**
 * Contents of received messages: texts cleaned, with the paths of this machine, and
 * documents as files.
 *
 * Claude Code sends a PDF in a message to the model and shows nobody that it is there. So a
 * line of text takes its place, and names the file in which it is.
 *
 * @module
 */

import { cleanText, countRemoved } from "../../text/clean_text.ts";
import { growsTooLarge } from "../container.ts";
import { asTyped } from "../local/typed_command.ts";
import { mapStrings } from "../../text/map_strings.ts";
import type { Block, Message } from "../schema.ts";
import type { SessionTally } from "../tally.ts";
import { MAX_GROWTH, type Move, PathRewriter } from "./path_rewriter.ts";

/** Stores the bytes of a PDF, and returns the path at which it will be. */
export type KeepDocument = (bytes: Uint8Array<ArrayBuffer>) => string;

type Content = Message["message"]["content"];
type Document = Extract<Block, { type: "document" }>;

/** Changes the contents of one session. */
export class Contents {
  #rewriter = new PathRewriter([]);
  /** UTF-16 units by which the texts of this line may still grow. */
  #room = MAX_GROWTH;

  constructor(
    private readonly tally: SessionTally,
    private readonly keepDocument: KeepDocument,
    /** Called with every text, as the receiver stores it. */
    private readonly onText: (text: string) => void,
  ) {}

  /** Sets the paths that change from now on. */
  setMoves(moves: Move[]): void {
    this.countPaths();
    this.#rewriter = new PathRewriter(moves);
  }

  /** Counts the paths that have changed since the moves were set. */
  countPaths(): void {
    this.tally.change("paths", this.#rewriter.count);
  }

  /**
   * A line of text, cleaned, and with the paths of this machine.
   *
   * @throws {SpreadError} `PAYLOAD_TOO_LARGE`.
   */
  readonly line = (text: string): string => {
    this.#room = MAX_GROWTH;
    return this.#text(text);
  };

  readonly #text = (text: string): string => {
    const typed = asTyped(text);
    const { text: cleaned, removed } = cleanText(typed);
    if (cleaned !== typed) this.tally.change("cleaned", countRemoved(removed));
    const rewritten = this.#rewriter.rewrite(cleaned, this.#room);
    if (rewritten === null) throw growsTooLarge();
    this.#room -= rewritten.length - cleaned.length;
    this.onText(rewritten);
    return rewritten;
  };

  /**
   * The blocks of a message; none of them is blank, and there may be none.
   *
   * @throws {SpreadError} `PAYLOAD_TOO_LARGE`.
   */
  readonly blocks = (content: Content): Block[] => {
    this.#room = MAX_GROWTH;
    if (typeof content !== "string") return this.#changed(content);
    const text = this.#text(content);
    return /\S/.test(text) ? [{ type: "text", text }] : [];
  };

  #changed(blocks: Block[]): Block[] {
    const changed: Block[] = [];
    for (const block of blocks) this.#change(block, changed);
    return changed;
  }

  /** Adds what a block becomes. */
  #change(block: Block, changed: Block[]): void {
    switch (block.type) {
      case "text": {
        const text = this.#text(block.text);
        // The model's service refuses a blank text.
        if (/\S/.test(text)) changed.push({ type: "text", text });
        return;
      }
      case "tool_use":
        changed.push({
          ...block,
          name: this.#text(block.name),
          input: mapStrings(block.input, this.#text),
        });
        return;
      case "tool_result": {
        const content = typeof block.content === "string"
          ? this.#text(block.content)
          : this.#changed(block.content as Block[]);
        changed.push({ ...block, content });
        return;
      }
      case "document":
        return this.#addLineFor(block, changed);
      default:
        changed.push(block);
    }
  }

  #addLineFor({ source }: Document, changed: Block[]): void {
    const bytes = pdfIn(source.data);
    if (bytes === null) return this.tally.leaveOut("blocks");
    this.tally.change("documents");
    const path = this.keepDocument(bytes);
    const text = `[Document: PDF, ${bytes.length} bytes, in ${path}]`;
    changed.push({ type: "text", text });
  }
}

/** The bytes of a PDF; `null` when it is something else. */
function pdfIn(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.fromBase64(base64);
    const beginning = new TextDecoder().decode(bytes.subarray(0, 5));
    return beginning === "%PDF-" ? bytes : null;
  } catch {
    return null;
  }
}
