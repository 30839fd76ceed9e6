/**
 * Checks the files of pairs.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { readPairs } from "../../../lib/pairs/pair_files.ts";
import { formatCount } from "../../cli/screen/format.ts";
import type { CheckFinding } from "../finding.ts";

/** Says how many pairs there are, and which files cannot be used. */
export async function checkPairs(folder: string): Promise<CheckFinding> {
  const check = "pairs";
  try {
    const { pairs, problems } = await readPairs(folder);
    const fields = { pairs: pairs.length, problems: problems.length };
    const count = pairs.length === 0
      ? "none"
      : formatCount(pairs.length, "pair");
    const [first, ...others] = problems;
    if (first === undefined) {
      return { check, state: "ok", text: count, fields };
    }
    return {
      check,
      state: "wrong",
      text: `${count}; ${formatCount(problems.length, "file")} cannot be used`,
      details: others.map(({ message }) => message),
      todo: first.message,
      fields,
    };
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    return { check, state: "wrong", text: error.message, todo: error.hint };
  }
}
