/**
 * A git that answers from a table.
 *
 * @module
 */

import type { RunGit } from "../distillation/repository.ts";

/**
 * A git that has these answers, by the words that a command contains, in a repository whose
 * root is `/x`; `null` for any other command, and for all without an answer.
 */
export function gitWith(answers: Record<string, string>): RunGit {
  return (args) => {
    const line = args.join(" ");
    const isThere = Object.keys(answers).length > 0;
    if (isThere && line.includes("--absolute-git-dir")) {
      return Promise.resolve("/x/.git\n.git\n/x\n");
    }
    const found = Object.entries(answers).find(([words]) =>
      line.includes(words)
    );
    return Promise.resolve(found?.[1] ?? null);
  };
}
