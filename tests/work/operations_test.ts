/**
 * Work of checkouts in the middle of something: merges and rebases under way, no branch, no commit,
 * no remote, submodules.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { Repository } from "../support/repository.ts";
import { Bench } from "./_checkout.ts";
import { assertSame, behind, handOver, pack } from "./_hand_over.ts";

/** A sender with a branch `side` that changes the same file as `main`, and another one. */
async function furnish(bench: Bench) {
  const origin = await bench.init("origin");
  await origin.write({ "a": "1\n", "b": "1\n" });
  await origin.commitAll();
  const receiver = await bench.clone(origin, "receiver");
  const sender = await bench.clone(origin, "sender");
  await sender.git("checkout", "-q", "-b", "side");
  await sender.write({ "a": "side\n", "side": "1\n" });
  await sender.commitAll("side");
  await sender.write({ "side": "2\n" });
  await sender.commitAll("side again");
  await sender.git("checkout", "-q", "main");
  await sender.write({ "a": "main\n" });
  await sender.commitAll("main");
  return { receiver, sender };
}

/** Runs git where it stops with conflicts. */
async function stopping(sender: Repository, ...args: string[]): Promise<void> {
  await assertRejects(() => sender.git("-c", "core.editor=true", ...args));
}

// Breaks when a conflict is sent as a file with marks in it, or an operation is not named.
Deno.test("packWork() refuses conflicts, and names the operation once they are resolved", async () => {
  const table = [
    ["merge", "merge", "side"],
    ["cherry-pick", "cherry-pick", "side~"],
    ["revert", "revert", "--no-edit", "HEAD~"],
    ["rebase", "rebase", "side"],
  ];
  for (const [operation, ...args] of table) {
    await using bench = await Bench.make();
    const { sender, receiver } = await furnish(bench);
    if (operation === "revert") {
      await sender.write({ "a": "other\n" });
      await sender.commitAll("other");
    }
    await stopping(sender, ...args);
    await assertRejects(
      () => pack(bench, sender),
      SpreadError,
      'Cannot send the work: "a" has an unresolved conflict',
    );
    await sender.write({ "a": "resolved\n" });
    await sender.git("add", "a");
    const { packed, opened } = await handOver(bench, sender, receiver);
    assertEquals(packed.header.under_way, [operation], operation);
    assertEquals(
      packed.header.branch,
      operation === "rebase" ? undefined : "main",
    );
    await assertSame(opened, sender);
  }
});

Deno.test("packWork() names a merge and a rebase that have stopped without conflicts", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench);
  await sender.git("checkout", "-q", "-B", "other", "main~");
  await sender.write({ "b": "2\n" });
  await sender.commitAll("other");
  await sender.git("merge", "-q", "--no-commit", "--no-ff", "side");
  const merging = await pack(bench, sender);
  assertEquals(merging.header?.under_way, ["merge"]);
  await sender.git("merge", "--abort");
  await sender.git(
    "-c",
    "sequence.editor=echo break >",
    "rebase",
    "-q",
    "-i",
    "main~",
  );
  await sender.write({ "b": "3\n" });
  const rebasing = await pack(bench, sender);
  assertEquals(rebasing.header?.under_way, ["rebase"]);
});

Deno.test("packWork() packs work without a branch", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  await sender.git("checkout", "-q", "--detach", "side");
  await sender.write({ "a": "changed\n" });
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals([packed.header.branch, packed.header.commits], [undefined, 2]);
  await assertSame(opened, sender);
});

// Breaks when work builds on the branch of main only, or on a commit that is not an ancestor.
Deno.test("packWork() builds on the newest commits that any remote has", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench);
  await sender.git("update-ref", "refs/remotes/fork/topic", "side~");
  await sender.git("merge", "-q", "-s", "ours", "-m", "merged", "side");
  const hashes = await sender.git("rev-parse", "side~", "main~2");
  const packed = await pack(bench, sender);
  assertEquals(packed.header?.base.join("\n"), hashes);
  assertEquals(packed.header?.commits, 3);
  // All is pushed, but to a branch that is further.
  await sender.git("update-ref", "refs/remotes/fork/topic", "HEAD");
  await sender.git("reset", "-q", "--hard", "HEAD~");
  assertEquals((await pack(bench, sender)).header, null);
  await sender.write({ "b": "2\n" });
  const again = await pack(bench, sender);
  assertEquals(again.header?.base, [await sender.git("rev-parse", "HEAD")]);
  assertEquals(again.header?.commits, 0);
});

Deno.test("packWork() sends the whole history where no remote has any of it", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  await sender.git("remote", "remove", "origin");
  // A second first commit.
  await sender.git("checkout", "-q", "--orphan", "unrelated");
  await sender.git("rm", "-rqf", ".");
  await sender.write({ "c": "1\n" });
  await sender.commitAll("unrelated");
  await sender.git("checkout", "-q", "main");
  await sender.git(
    "merge",
    "-q",
    "-m",
    "both",
    "--allow-unrelated-histories",
    "unrelated",
  );
  const { packed, opened } = await handOver(bench, sender, receiver);
  const { base, commits, roots } = packed.header;
  assertEquals([base, commits, roots.length], [[], 4, 2]);
  await assertSame(opened, sender);
});

Deno.test("packWork() packs what was never committed, and finds nothing where there is nothing", async () => {
  await using bench = await Bench.make();
  const sender = await bench.init("sender");
  assertEquals((await pack(bench, sender)).header, null);
  await sender.write({ "a": "1\n", "b": "2\n" });
  await sender.git("add", "a");
  const { header } = await pack(bench, sender);
  const { head, base, commits, files, branch } = header!;
  assertEquals({ head, base, commits, files, branch }, {
    head: null,
    base: [],
    commits: 0,
    files: 2,
    branch: "main",
  });
});

// Breaks when what is staged counts only where it differs from the disk as well.
Deno.test("packWork() sends what is staged although the files are as they were", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  await sender.git("update-ref", "refs/remotes/origin/main", "main");
  await sender.write({ "a": "staged\n" });
  await sender.git("add", "a");
  await sender.write({ "a": "main\n" });
  await receiver.git("fetch", "-q", sender.folder, "main");
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals([packed.header.commits, packed.header.files], [0, 1]);
  await assertSame(opened, sender);
});

/** A sender with submodules, each with a state of its own. */
async function withSubmodules(bench: Bench, names: string[]) {
  const inner = await bench.init("inner");
  await inner.write({ "x": "1\n" });
  await inner.commitAll();
  const origin = await bench.init("origin");
  for (const name of names) {
    await origin.git("submodule", "--quiet", "add", inner.folder, name);
  }
  await origin.commitAll();
  const receiver = await bench.clone(origin, "receiver");
  const sender = Repository.at(`${bench.folder}/sender`);
  await origin.git(
    "clone",
    "-q",
    "--recurse-submodules",
    origin.folder,
    sender.folder,
  );
  const at = (name: string) => Repository.at(`${sender.folder}/${name}`);
  return { receiver, sender, at };
}

// Breaks when git's own status looks into them, which runs their filters, or nobody looks.
Deno.test("packWork() names the submodules whose state stays behind, and runs nothing in them", async () => {
  await using bench = await Bench.make();
  const names = ["clean", "committed", "dirty", "moved", "new", "staged"];
  const { sender, receiver, at } = await withSubmodules(bench, names);
  for (const name of ["committed", "staged", "moved"]) {
    await at(name).commitAll();
  }
  await sender.git("add", "committed");
  await sender.git("commit", "-qm", "mine");
  await sender.git("add", "staged");
  await at("new").write({ "y": "new\n" });
  const mark = `${bench.folder}/mark`;
  await at("dirty").write({ "x": "2\n", ".gitattributes": "* filter=evil\n" });
  for (const name of ["clean", "dirty"]) {
    await at(name).git("config", "filter.evil.clean", `touch '${mark}'; cat`);
  }
  await sender.write({ "own": "1\n" });
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals(behind(packed), [
    "committed: submodule",
    "dirty: submodule",
    "moved: submodule",
    "new: submodule",
    "staged: submodule",
  ]);
  await assertRejects(() => Deno.stat(mark), Deno.errors.NotFound);
  assertEquals(
    await opened.git("ls-files", "-s", "staged"),
    await sender.git("ls-files", "-s", "staged"),
  );
});
