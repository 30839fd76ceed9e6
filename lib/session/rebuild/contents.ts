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
import { asTyped } from "../local/typed_command.ts";
import { type Block, mapTexts, type Message } from "../schema.ts";
import type { SessionTally } from "../tally.ts";
import { type Move, PathRewriter } from "./path_rewriter.ts";

/** Stores the bytes of a PDF, and returns the path at which it will be. */
export type KeepDocument = (bytes: Uint8Array<ArrayBuffer>) => string;

type Content = Message["message"]["content"];
type Document = Extract<Block, { type: "document" }>;

/** Changes the contents of one session. */
export class Contents {
  #rewriter = new PathRewriter([]);

  constructor(
    private readonly tally: SessionTally,
    private readonly keepDocument: KeepDocument,
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

  /** Cleans a text and rewrites its paths to those of this machine. */
  readonly text = (text: string): string => {
    const typed = asTyped(text);
    const { text: cleaned, removed } = cleanText(typed);
    if (cleaned !== typed) this.tally.change("cleaned", countRemoved(removed));
    return this.#rewriter.rewrite(cleaned);
  };

  /** The blocks of a message; none of them is blank, and there may be none. */
  readonly blocks = (content: Content): Block[] => {
    const blocks = typeof content === "string"
      ? [{ type: "text" as const, text: content }]
      : content;
    return this.#changed(mapTexts(blocks, this.text) as Block[]);
  };

  #changed(blocks: Block[]): Block[] {
    return blocks.flatMap((block) => {
      if (block.type === "document") return this.#lineFor(block);
      // The model's service refuses a blank text.
      if (block.type === "text") return block.text.trim() === "" ? [] : [block];
      if (block.type !== "tool_result" || typeof block.content === "string") {
        return [block];
      }
      return [{ ...block, content: this.#changed(block.content as Block[]) }];
    });
  }

  #lineFor({ source }: Document): Block[] {
    const bytes = pdfIn(source.data);
    if (bytes === null) {
      this.tally.leaveOut("blocks");
      return [];
    }
    this.tally.change("documents");
    const path = this.keepDocument(bytes);
    const text = `[Document: PDF, ${bytes.length} bytes, in ${path}]`;
    return [{ type: "text", text }];
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
