/**
 * A git that answers from a table.
 *
 * @module
 */

import type { RunGit } from "../distillation/project_facts.ts";

/** A git that has these answers, by the words that a command contains; `null` for any other command. */
export function gitWith(answers: Record<string, string>): RunGit {
  return (args) => {
    const line = args.join(" ");
    const found = Object.entries(answers).find(([words]) =>
      line.includes(words)
    );
    return Promise.resolve(found?.[1] ?? null);
  };
}
