/**
 * Secretlint's recommended preset, loaded and run without `@secretlint/core`.
 *
 * The core reads the whole environment when it is loaded, which our commands do not permit, and
 * leaves performance marks at each call, so that memory grows. The rules themselves need a place
 * to report to, and nothing else.
 *
 * @module
 */

import { PREFIX, PRESET_RULES } from "./preset_rules.ts";

/** Finds the secrets of one rule of the preset in a text. */
export type PresetFinder = (
  text: string,
) => Iterable<[at: number, value: string]>;

/** The part of a rule's creator that we use. */
interface Creator {
  meta: { id: string };
  create(context: Context, options: object): {
    file(source: { content: string; ext: string }): void;
  };
}

/** The part of a context that rules use: the message of a report carries what was found. */
interface Context {
  createTranslator(): (id: string, found: Record<string, string>) => string;
  report(report: { message: string; range: readonly [number, number] }): void;
}

/** Names under which rules keep what they found, in their messages. */
const FOUND = ["KEY", "TOKEN", "ID", "URL"];

/** Loads the preset. */
export async function loadPreset(): Promise<Map<string, PresetFinder>> {
  const { rules } = await import(
    "@secretlint/secretlint-rule-preset-recommend"
  );
  const finders = new Map<string, PresetFinder>();
  for (const creator of rules as unknown as Creator[]) {
    const name = creator.meta.id.slice(PREFIX.length);
    if (Object.hasOwn(PRESET_RULES, name)) finders.set(name, finderOf(creator));
  }
  return finders;
}

function finderOf(creator: Creator): PresetFinder {
  let text = "";
  let found: [at: number, value: string][] = [];
  const { file } = creator.create({
    createTranslator: () => (_id, what) =>
      FOUND.map((name) => what[name]).find((value) => value) ?? "",
    report: ({ message, range: [at] }) => {
      // Some ranges begin before what was found, or have another length.
      const start = text.indexOf(message, at);
      if (message !== "" && start !== -1) found.push([start, message]);
    },
  }, {});
  return (content) => {
    text = content;
    found = [];
    file({ content, ext: "" });
    return found;
  };
}
