/**
 * Commits on their way: nothing secret in them leaves unseen, wherever it stands; and what others
 * have of them does not get in the way.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import type { Repository } from "../support/repository.ts";
import { Bench } from "./_checkout.ts";
import { assertSame, handOver, pack } from "./_hand_over.ts";

/** A token in a form that is known; of nobody. */
const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

async function furnish(bench: Bench, message = "first") {
  const origin = await bench.init("origin");
  await origin.write({ "a": "1\n" });
  await origin.commitAll(message);
  const receiver = await bench.clone(origin, "receiver");
  const sender = await bench.clone(origin, "sender");
  return { receiver, sender };
}

/** Makes a commit of any form the newest one. */
async function commitAs(
  checkout: Repository,
  bench: Bench,
  change: (commit: string) => string,
): Promise<void> {
  const commit = await checkout.git("cat-file", "commit", "HEAD");
  const file = `${bench.folder}/commit`;
  await Deno.writeTextFile(file, change(`${commit}\n`));
  const hash = await checkout.git(
    "hash-object",
    "-t",
    "commit",
    "--literally",
    "-w",
    file,
  );
  await checkout.git("update-ref", "HEAD", hash);
}

// Breaks when only the message is searched, or only as git would show it.
Deno.test("packWork() finds secrets in all parts of a commit, and none in hashes and signatures", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench);
  await sender.commitAll("mine");
  const mine = await sender.git("rev-parse", "HEAD");
  const encoding = `\nencoding UTF-16\n\n`;
  const signature = `\ngpgsig -----BEGIN SSH SIGNATURE-----\n token=${TOKEN}\n`;
  const parts: [string, (commit: string) => string, string | null][] = [
    ["author", (text) => text.replace("author t", `author ${TOKEN}`), "beside"],
    ["encoding", (text) => text.replace("\n\n", encoding) + TOKEN, "line 2"],
    ["NUL", (text) => `${text}\0\n${TOKEN}\n`, "line 3"],
    ["header", (text) => text.replace("\n\n", `\nx ${TOKEN}\n\n`), "beside"],
    ["signature", (text) => text.replace("\n\n", `${signature}\n`), null],
  ];
  for (const [name, change, place] of parts) {
    await sender.git("update-ref", "HEAD", mine);
    await commitAs(sender, bench, change);
    if (place === null) {
      await pack(bench, sender);
      continue;
    }
    const error = await assertRejects(
      () => pack(bench, sender),
      SpreadError,
      "Cannot send the commits: there are secrets in",
    );
    const [found] = error.fields!.places as { line?: number; part?: string }[];
    const { line, part } = found!;
    assertEquals(part === undefined ? `line ${line}` : "beside", place, name);
  }
});

// Breaks when git writes the subject of the base into the bundle: a receiver reads 64 KiB of that.
Deno.test("packWork() packs work on a commit whose subject is long and in no encoding", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench, "é\r".repeat(40_000));
  await sender.write({ "a": "2\n" });
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals(packed.payload.size < 4096, true);
  await assertSame(opened, sender);
});

// Breaks when grafts count, which only some git here knows: the numbers would be those of another
// history than the one that leaves.
Deno.test("packWork() counts commits as others see them, whatever is grafted here", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench);
  await sender.commitAll("second");
  await sender.commitAll("third");
  await Deno.mkdir(`${sender.folder}/.git/info`, { recursive: true });
  const newest = await sender.git("rev-parse", "HEAD");
  await Deno.writeTextFile(`${sender.folder}/.git/info/grafts`, `${newest}\n`);
  const { header } = await pack(bench, sender);
  assertEquals([header?.commits, header?.base.length], [2, 1]);
});

// Breaks when such changes are sent, or stay behind without a word.
Deno.test("packWork() names changes that git is told to overlook, and leaves them behind", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench);
  await sender.write({ "skip": "1\n", "skip same": "1\n", "assume": "1\n" });
  await sender.commitAll("mine");
  await sender.write({ "assume": "staged\n" });
  await sender.git("add", "assume");
  await sender.git("update-index", "--skip-worktree", "skip", "skip same");
  await sender.git("update-index", "--assume-unchanged", "assume");
  await sender.write({ "skip": "mine\n", "assume": "mine\n", "a": "2\n" });
  const { leftOut, header } = await pack(bench, sender);
  assertEquals(leftOut, [
    { path: "assume", reason: "overlooked" },
    { path: "skip", reason: "overlooked" },
  ]);
  // The staged change of `assume` does come along.
  assertEquals(header?.files, 2);
});
