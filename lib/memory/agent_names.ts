/**
 * Names that no memory may have: those of files that coding agents load as instructions wherever
 * they find them, so that it would speak with the weight of the user's own; and those that read
 * as a tag of the client, because names stand in the index.
 *
 * Of the first, only names that stand for nothing else: words such as `rules.md` or `context.md`, which a
 * few agents look for too, are good names for a memory. What is loaded from a folder that
 * begins with a dot cannot occur (`safe_name.ts`).
 *
 * @module
 */

import { nameKey } from "../files/safe_name.ts";
import { cleanText } from "../text/clean_text.ts";

/** `AGENTS.md` and the agents' own, with their variants for one machine. */
const OWN =
  /^(?:agents?|claude|codebuddy|cortex|crush|gemini|iflow|qwen|replit|warp)(?:\.(?:local|override))?\.md$/;

/** Instructions, prompts, agents and skills, by the form of their names. */
const FORMS =
  /^(?:copilot-instructions|skill|.*\.(?:agent|chatmode|instructions|prompt))\.md$/;

/** The reason why a memory may not have a name, as the end of a sentence; `null` when it may. */
export function problemOfMemoryName(name: string): string | null {
  const file = nameKey(name.slice(name.lastIndexOf("/") + 1));
  if (OWN.test(file) || FORMS.test(file)) {
    return "is one that coding agents load as instructions";
  }
  return cleanText(name).text === name ? null : "reads as a tag";
}
