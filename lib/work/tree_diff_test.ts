import { assertEquals, assertRejects } from "@std/assert";
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import type { StreamedGit } from "../git/git.ts";
import { inWords, TooMuch } from "./errors.ts";
import { diffTrees, MAX_DIFFERENCES } from "./tree_diff.ts";

const HASH = "a".repeat(40);

/** A git that says that this many files differ. */
function gitWith(files: number): () => StreamedGit {
  const field = utf8(`:100644 100644 ${HASH} ${HASH} M\0a\0`);
  async function* output(): AsyncGenerator<Bytes> {
    for (let i = 0; i < files; i++) yield await field;
  }
  return () => ({ output }) as unknown as StreamedGit;
}

// Breaks when the sender, or who takes work away, is told what a receiver should do.
Deno.test("diffTrees() leaves it to its caller to say what cannot be done with too many files", async () => {
  const error = await assertRejects(
    () => diffTrees(gitWith(MAX_DIFFERENCES + 1), HASH, HASH),
    TooMuch,
  );
  const words = inWords(error, "WORK_UNUSABLE", "Cannot pack the work", "Less");
  if (!(words instanceof SpreadError)) throw words;
  assertEquals([words.code, words.message, words.hint], [
    "WORK_UNUSABLE",
    "Cannot pack the work: more than 200000 files differ",
    "Less",
  ]);
});
