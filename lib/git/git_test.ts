import { assertEquals } from "@std/assert";
import { GitProgram } from "./git.ts";

/** `git hash-object` of "text\n", a constant of git's format. */
const HASH_OF_TEXT = "8e27be7d6154a1f68ea9160ef0e18691d20560dc\n";

const HASH = ["hash-object", "--stdin"];

function makeGit(): GitProgram {
  const { signal } = new AbortController();
  return new GitProgram({ timeoutMs: 30_000, signal });
}

Deno.test("GitProgram.start() starts a git that waits for its input", async () => {
  using git = makeGit();
  const [first, second] = [git.start(HASH), git.start(HASH)];
  assertEquals(await second.answer("text\n"), HASH_OF_TEXT);
  assertEquals(await first.answer("text\n"), HASH_OF_TEXT);
});

Deno.test("GitProgram.start() has no answer, when git fails, or when it is over", async () => {
  using git = makeGit();
  assertEquals(await git.start(["no-such-command"]).answer(), null);
  // It ends without reading all of this.
  const long = "x".repeat(1024 * 1024);
  assertEquals(await git.start(["no-such-command"]).answer(long), null);
  git[Symbol.dispose]();
  assertEquals(await git.start(HASH).answer("text\n"), null);
});
