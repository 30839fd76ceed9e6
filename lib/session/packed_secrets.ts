/**
 * The search of a packed session for secrets: an older version may have packed it, or a person may
 * have kept them.
 *
 * @module
 */

import { mask } from "../secrets/mask.ts";
import type { SecretPlace } from "../secrets/places.ts";
import type { Scanner } from "../secrets/scanner.ts";
import type { Part } from "./container.ts";
import type { PackedItem } from "./rebuild/reader.ts";
import { visitTexts } from "./redact/message_texts.ts";
import { TextBatch } from "./redact/text_batch.ts";
import { isObject } from "./schema.ts";

/** Most places that are kept. */
const MAX_PLACES = 10_000;

type PartName = Pick<SecretPlace, "file" | "part">;

/** Searches the items of a packed session. */
export class PackedSecrets {
  readonly places: SecretPlace[] = [];
  readonly #batch = new TextBatch();
  /** Raw lines: the file goes as it is, with fields that no receiver reads. */
  readonly #lines = new TextBatch();
  /** Part of each text in the batch. */
  #parts: PartName[] = [];
  #part: PartName = {};

  /** @param path Path of the packed session, for allow entries that name it. */
  constructor(
    private readonly scanner: Scanner,
    private readonly path: string,
  ) {}

  take(item: PackedItem): void {
    this.takeText(item.text);
    if ("part" in item) this.#begin(item.part);
    if (!("line" in item) || !isObject(item.line)) return;
    const { message, text } = item.line;
    if (isObject(message)) visitTexts(message.content, this.#add);
    if (typeof text === "string") this.#add(text);
  }

  /** Takes a line as it is. */
  takeText(text: string): void {
    this.#lines.add(text);
  }

  /** Scans the texts, if they are enough for a batch. */
  async scan(): Promise<void> {
    const lines = this.#lines.take();
    // A secret of the texts is to be found there first.
    const texts = lines.length > 0
      ? this.#batch.takeRest()
      : this.#batch.take();
    await this.#search(texts);
    await this.#searchLines(lines);
  }

  /** Scans the rest. */
  async finish(): Promise<void> {
    await this.#search(this.#batch.takeRest());
    await this.#searchLines(this.#lines.takeRest());
  }

  readonly #add = (text: string): void => {
    this.#batch.add(text);
    this.#parts.push(this.#part);
  };

  #begin(part: Part): void {
    switch (part.part) {
      case "session":
        this.#part = { part: "its title, first prompt or path" };
        [part.title, part.prompt, part.project].forEach(this.#add);
        break;
      case "subagent":
        this.#part = { file: `subagents/agent-${part.name}.jsonl` };
        break;
      case "tool_result":
        this.#part = { file: `tool-results/${part.name}` };
        break;
      default:
        this.#part = { part: "the conversation" };
    }
  }

  /**
   * Searches the raw lines for secrets in fields that no receiver reads; only while no other
   * secret is found, because each of those would be reported a second time.
   */
  async #searchLines(lines: string[]): Promise<void> {
    if (lines.length === 0 || this.places.length > 0) return;
    const about = { part: "what no receiver reads" };
    const found = await this.scanner.scan(lines, this.path);
    for (const { kind, rule, value } of found) {
      if (this.places.length >= MAX_PLACES) return;
      this.places.push({ ...about, kind, rule, masked: mask(value) });
    }
  }

  async #search(texts: string[]): Promise<void> {
    if (texts.length === 0) return;
    const parts = this.#parts;
    this.#parts = [];
    for (const finding of await this.scanner.scan(texts, this.path)) {
      if (this.places.length >= MAX_PLACES) return;
      const { kind, rule, value, string } = finding;
      this.places.push({ ...parts[string], kind, rule, masked: mask(value) });
    }
  }
}
