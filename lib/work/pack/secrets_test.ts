import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../bytes.ts";
import type { StreamedGit } from "../../git/git.ts";
import { openScanner } from "../../secrets/scanner.ts";
import { WorkSecrets } from "./secrets.ts";

const HASH = "a".repeat(40);
const TEXT = "DB_PASSWORD=k7Pq2v9Xm4Zr8tLw\n".repeat(5);

/** A git in which each object is this text. */
function git(): StreamedGit {
  async function* output() {
    yield utf8(`${HASH} blob ${TEXT.length}\n${TEXT}\n`);
  }
  return { output } as unknown as StreamedGit;
}

/** Searches a file that many commits change; returns the places, and the time in milliseconds. */
async function inVersions(count: number) {
  const secrets = new WorkSecrets(git, openScanner(), undefined);
  const change = { path: "a", hash: HASH, mode: "100644" };
  const start = performance.now();
  const found = await secrets.inFiles(Array(count).fill(change));
  return { places: found.get("a")!.length, ms: performance.now() - start };
}

Deno.test("WorkSecrets need a time for the versions of a file that grows as their number does", async () => {
  const { ms } = await inVersions(2_500);
  // A time that grows with the square would be 256 times as long.
  const more = await inVersions(40_000);
  assert(more.ms < 60 * ms + 1_000, `${ms} ms, then ${more.ms} ms`);
  assertEquals(more.places, 5 * 40_000);
});
