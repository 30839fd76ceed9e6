/**
 * The frontmatter of a memory: its values, whichever way its YAML is written.
 *
 * It may come from another machine, so length, depth and what aliases expand to are bounded.
 * A block that YAML cannot read is not a frontmatter; but Claude writes values such as
 * `description: Build: make`, which lack their quotes, and these are read as meant.
 *
 * @module
 */

import { parse, stringify } from "@std/yaml";
import { cleanLine, cleanText } from "../text/clean_text.ts";
import { mapStrings } from "../text/map_strings.ts";
import { skeleton } from "../text/skeleton.ts";

/** The values of a frontmatter by key. */
export type Values = Record<string, unknown>;

/** A memory in two parts. */
export interface Memory {
  values: Values;
  /** The lines of the frontmatter; empty when there are no values. */
  yaml: string;
  /** All that follows; the whole text when there is no frontmatter. */
  body: string;
}

/** Longest frontmatter without an origin, in UTF-16 units; those of Claude Code have hundreds. */
const MAX_LENGTH = 16 * 1024;

/** Deepest nesting of values. */
const MAX_DEPTH = 32;

/** Longest values with their aliases expanded, in UTF-16 units and as many in parts. */
const MAX_CANONICAL_LENGTH = 8 * MAX_LENGTH;

/** Most lines that are looked at one by one; those of Claude Code have about ten. */
const MAX_MENDED_LINES = 100;

/** Longest key that is compared with others, in UTF-16 units. */
const MAX_KEY_LENGTH = 100;

/** The block between a first line `---` and the next one. Sticky: only at the beginning. */
const BLOCK = /\ufeff?---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/my;

/**
 * Splits a memory, without some of its values.
 *
 * @param keys Keys of values to drop at whatever depth, also where they are written another
 *   way (`originSessionId`, `"Origin_Session_ID"`).
 */
export function splitMemory(text: string, keys: string[] = []): Memory {
  const block = blockOf(text);
  if (block === null) return { values: {}, yaml: "", body: text };
  const fewer = withoutLines(block.yaml, keys);
  const read = without(block.yaml, fewer, keys) ?? without(fewer, fewer, keys);
  // Without its lines of these keys even where nothing else can be told of it.
  return read === null
    ? {
      values: {},
      yaml: "",
      body: fewer === block.yaml ? text : joined(fewer, block.body),
    }
    : { ...read, body: block.body };
}

/** Puts the parts of a memory together. */
export function joinMemory({ yaml, body }: Omit<Memory, "values">): string {
  return yaml === "" ? body : joined(yaml, body);
}

function joined(yaml: string, body: string): string {
  return `---\n${yaml}---\n${body}`;
}

/** All values that can be told, of a damaged frontmatter too. */
export function readValues(text: string): Values {
  const yaml = blockOf(text)?.yaml ?? "";
  return valuesIn(yaml) ??
    parsed(mended(yaml), { allowDuplicateKeys: true }) ?? {};
}

/** A memory with a first line in its frontmatter, which is made if there is none. */
export function withLine(memory: Memory, key: string, value: string): string {
  // JSON is YAML, and keeps a quote or a colon from ending the value.
  const line = `${key}: ${JSON.stringify(value)}\n`;
  const isBlock = says(line + memory.yaml, { [key]: value, ...memory.values });
  const yaml = isBlock ? memory.yaml : written(memory.values);
  return joined(line + yaml, memory.body);
}

/**
 * A memory with every text in it changed, whose frontmatter still has the same fields: YAML would
 * take a part of some changed texts for a comment, or for a list.
 *
 * @param change Called with the whole and with its parts; leaves its own results as they are.
 */
export function mapMemory(
  memory: string,
  change: (text: string) => string,
): string {
  const changed = change(memory);
  const block = blockOf(memory);
  if (changed === memory || block === null) return changed;
  // A frontmatter that needs mending before may need it afterwards too.
  const mend = parsed(block.yaml) === null ? mended : (yaml: string) => yaml;
  const yaml = mend(block.yaml);
  const values = parsed(yaml);
  if (values === null) return changed;
  // Numbers too, as the texts that they are written as.
  const texts = parsed(yaml, { schema: "failsafe" });
  const wanted = withChanges(values, texts, change) as Values;
  if (says(mend(blockOf(changed)?.yaml ?? ""), wanted)) return changed;
  const rewritten = joined(written(wanted), change(block.body));
  return change(rewritten) === rewritten ? rewritten : changed;
}

/** Values, with those replaced whose texts change. */
function withChanges(
  value: unknown,
  text: unknown,
  change: (text: string) => string,
): unknown {
  if (typeof text === "string") {
    const changed = change(text);
    return changed === text ? value : changed;
  }
  if (typeof text !== "object" || text === null) return value;
  if (Array.isArray(text)) {
    const items = value as unknown[];
    return text.map((item, i) => withChanges(items[i], item, change));
  }
  const values = value as Values;
  return Object.fromEntries(
    Object.entries(text).map(([key, item]) => [
      change(key),
      withChanges(values[key], item, change),
    ]),
  );
}

/** A text that is the same for memories that say the same, however YAML and line ends are written. */
export function comparable({ values, body }: Memory): string {
  return `${canonical(values)}\n${body.replaceAll("\r\n", "\n")}`;
}

function blockOf(text: string): { yaml: string; body: string } | null {
  BLOCK.lastIndex = 0;
  const match = BLOCK.exec(text);
  return match && { yaml: match[1]!, body: text.slice(match[0].length) };
}

/**
 * The values of a frontmatter without those of `keys`, and valid YAML of them; `null` when
 * YAML cannot read it.
 *
 * @param fewer The YAML without the lines of these keys: right unless they are written in
 *   an unusual way.
 */
function without(
  yaml: string,
  fewer: string,
  keys: string[],
): Omit<Memory, "body"> | null {
  const all = fewer.length > MAX_LENGTH ? null : valuesIn(yaml);
  if (all === null) return null;
  // An escape can hold what cleaning takes out of a text.
  const values = mapStrings(
    pruned(all, keys.map(keyOf)),
    (text) => cleanText(text).text,
  ) as Values;
  const own = written(values);
  if (own.length > MAX_LENGTH || !says(own, values)) return null;
  // A first line of ours goes; other text that looks like one may be part of a value.
  const texts = [yaml, yaml.replace(/^.*\n/, ""), fewer];
  return { values, yaml: texts.find((text) => says(text, values)) ?? own };
}

function withoutLines(yaml: string, keys: string[]): string {
  if (keys.length === 0) return yaml;
  const pattern = `^[ \\t]*["']?(?:${keys.join("|")})["']?[ \\t]*:.*\\n?`;
  return yaml.replace(new RegExp(pattern, "gim"), "");
}

function pruned(value: unknown, keys: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => pruned(item, keys));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !keys.includes(keyOf(key)))
      .map(([key, item]) => [key, pruned(item, keys)]),
  );
}

/** A key without differences that a reader would overlook. */
function keyOf(key: string): string {
  return skeleton(cleanLine(key, MAX_KEY_LENGTH))
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function says(yaml: string, values: Values): boolean {
  const read = parsed(yaml);
  return read !== null && canonical(read) === canonical(values);
}

function valuesIn(yaml: string): Values | null {
  return parsed(yaml) ?? parsed(mended(yaml));
}

function parsed(
  yaml: string,
  options: Parameters<typeof parse>[1] = {},
): Values | null {
  // Directives are of no use here, and the parser is slow on many of them.
  if (yaml.length > 2 * MAX_LENGTH || /^%/m.test(yaml)) return null;
  try {
    const value = parse(yaml, { schema: "core", ...options }) ?? {};
    if (typeof value !== "object" || Array.isArray(value)) return null;
    canonical(value);
    return value as Values;
  } catch {
    return null;
  }
}

/** YAML in which lines `key: value` that cannot be read alone have their value in quotes. */
function mended(yaml: string): string {
  const lines = yaml.split("\n");
  // After the end of the last line there is nothing.
  if (lines.length - 1 > MAX_MENDED_LINES) return yaml;
  return lines.map((line) => {
    const spaced = line.replace(/^\t+/, (tabs) => "  ".repeat(tabs.length));
    const [, key, value] = /^( *(?:- )?[\w-]+:[ \t]+)(\S.*)$/.exec(spaced) ??
      [];
    if (value === undefined || parsed(`x: ${value}`) !== null) return spaced;
    return key + JSON.stringify(value.trim());
  }).join("\n");
}

function written(values: Values): string {
  if (Object.keys(values).length === 0) return "";
  return stringify(values, {
    schema: "core",
    lineWidth: -1,
    useAnchors: false,
  });
}

/**
 * Values as text, the same whatever the order of their keys.
 *
 * @throws {RangeError} When they are too deep, or too long with their aliases expanded.
 */
function canonical(values: unknown): string {
  let length = 0;
  const write = (value: unknown, depth: number): string => {
    length += 1 + (typeof value === "string" ? value.length : 0);
    if (depth > MAX_DEPTH || length > MAX_CANONICAL_LENGTH) {
      throw new RangeError("The values are too deep or too long");
    }
    if (Array.isArray(value)) {
      return `[${value.map((item) => write(item, depth + 1)).join()}]`;
    }
    if (typeof value === "object" && value !== null) {
      const parts = Object.keys(value).sort().map((key) =>
        `${write(key, depth)}:${write((value as Values)[key], depth + 1)}`
      );
      return `{${parts.join()}}`;
    }
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  };
  return write(values, 0);
}
