/**
 * A git that answers from a table.
 *
 * @module
 */

import type { StartGit } from "../git/git.ts";

/**
 * A git that has these answers, by the words that a command contains, in a repository whose
 * root is `/x`; `null` for any other command, and for all without an answer.
 */
export function gitWith(answers: Record<string, string>): StartGit {
  return (args) => {
    const line = args.join(" ");
    const isThere = Object.keys(answers).length > 0;
    const isFirst = isThere && line.includes("--absolute-git-dir");
    const answer = isFirst
      ? "/x/.git\n.git\n/x\nfalse\n"
      : Object.entries(answers).find(([words]) => line.includes(words))?.[1];
    return { answer: () => Promise.resolve(answer ?? null) };
  };
}
