/**
 * Work in odd repositories: of many work trees, of part of a history, with settings for large
 * projects, with other hashes. Nothing of them changes, whatever git would like to write.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { Repository } from "../support/repository.ts";
import { Bench } from "./_checkout.ts";
import { assertSame, behind, handOver, pack } from "./_hand_over.ts";

/** An origin with files in folders, and two clones of it. */
async function furnish(bench: Bench, ...init: string[]) {
  const origin = await bench.init("origin", ...init);
  await origin.write({ "a": "1\n", "d/b": "2\n", "e/c": "3\n", "gone": "4\n" });
  await origin.commitAll();
  const [receiver, sender] = [
    await bench.clone(origin, "receiver"),
    await bench.clone(origin, "sender"),
  ];
  return { origin, receiver, sender };
}

/** Commits, stages, changes and adds a file each. */
async function work(checkout: Repository): Promise<void> {
  await checkout.write({ "d/b": "committed\n" });
  await checkout.commitAll("mine");
  await checkout.write({ "d/staged": "staged\n" });
  await checkout.git("add", "d/staged");
  await checkout.write({ "a": "changed\n", "new": "new\n" });
}

async function refused(
  bench: Bench,
  sender: Repository,
  words: string,
): Promise<void> {
  const error = await assertRejects(() => pack(bench, sender), SpreadError);
  assertEquals(error.code, "WORK_UNUSABLE");
  assertStringIncludes(error.message, words);
}

// Breaks when status refreshes the index, or packing writes a shared index or a cache beside it.
Deno.test("packWork() leaves a split index, an untracked cache and a file system monitor alone", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  const mark = `${bench.folder}/mark`;
  await sender.git("update-index", "--split-index", "--untracked-cache");
  await work(sender);
  await sender.git("status");
  for (
    const [name, value] of [
      ["core.fsmonitor", `touch '${mark}'; false`],
      ["core.splitIndex", "true"],
      ["core.untrackedCache", "true"],
      ["core.hooksPath", `${bench.folder}/hooks`],
      ["feature.manyFiles", "true"],
    ]
  ) await sender.git("config", name!, value!);
  await Deno.mkdir(`${bench.folder}/hooks`);
  const hook = `${bench.folder}/hooks/post-index-change`;
  await Deno.writeTextFile(hook, `#!/bin/sh\ntouch '${mark}'\n`, {
    mode: 0o755,
  });
  const { opened } = await handOver(bench, sender, receiver);
  await assertRejects(() => Deno.stat(mark), Deno.errors.NotFound);
  await sender.git("config", "core.fsmonitor", "false");
  await assertSame(opened, sender);
});

Deno.test("packWork() sends all files of a sparse checkout, and says that it is one", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  await sender.git("sparse-checkout", "set", "--cone", "--sparse-index", "d");
  await work(sender);
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals(packed.header.under_way, ["sparse checkout"]);
  assertEquals(behind(packed), []);
  assertEquals(await opened.status(), await sender.status());
  assertEquals(await Deno.readTextFile(`${opened.folder}/e/c`), "3\n");
});

Deno.test("packWork() packs the work of one work tree of several", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  await sender.write({ "a": "of the main one\n" });
  const tree = Repository.at(`${bench.folder}/tree`);
  await sender.git("worktree", "add", "-q", "-b", "side", tree.folder);
  await work(tree);
  const { packed, opened } = await handOver(bench, tree, receiver);
  const { branch, root } = packed.header;
  assertEquals({ branch, root }, { branch: "side", root: tree.folder });
  await assertSame(opened, tree);
});

// Breaks when the scratch repository does not find the objects, wherever they are.
Deno.test("packWork() finds objects in other folders, named from the root or from there", async () => {
  for (const isRelative of [false, true]) {
    await using bench = await Bench.make();
    const { sender, receiver, origin } = await furnish(bench);
    await origin.git("repack", "-adq");
    const info = `${sender.folder}/.git/objects`;
    await Deno.remove(info, { recursive: true });
    await Deno.mkdir(`${info}/info`, { recursive: true });
    const objects = `${origin.folder}/.git/objects`;
    const named = isRelative ? "../../../origin/.git/objects" : objects;
    await Deno.writeTextFile(`${info}/info/alternates`, `${named}\n`);
    await work(sender);
    const { opened } = await handOver(bench, sender, receiver);
    await assertSame(opened, sender);
  }
});

Deno.test("packWork() packs work in a repository of SHA-256", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench, "--object-format=sha256");
  await work(sender);
  await Deno.remove(`${sender.folder}/gone`);
  const { opened } = await handOver(bench, sender, receiver);
  await assertSame(opened, sender);
  const unborn = await bench.init("unborn", "--object-format=sha256");
  await unborn.write({ "a": "1\n", "b": "2\n" });
  await unborn.git("add", "a");
  const packed = await pack(bench, unborn);
  assertEquals(packed.header?.head, null);
  assertEquals(packed.header?.work.length, 64);
});

Deno.test("packWork() packs work of a repository whose path no program likes", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  const odd = Repository.at(`${bench.folder}/-it's "odd":#;$(x) \\n`);
  await Deno.rename(sender.folder, odd.folder);
  await work(odd);
  const { opened } = await handOver(bench, odd, receiver);
  await assertSame(opened, odd);
  const broken = Repository.at(`${bench.folder}/line\nfeed`);
  await Deno.rename(odd.folder, broken.folder);
  await refused(bench, broken, "is not in a git checkout");
});

Deno.test("packWork() sends the whole checkout from a folder in it", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench);
  await work(sender);
  const within = { folder: `${sender.folder}/d` };
  const packed = await bench.pack(within);
  if (packed.header === null) throw new Error("no work");
  assertEquals(packed.header.root, sender.folder);
  await assertSame(await bench.open(packed, receiver), sender);
});

Deno.test("packWork() refuses a folder without a checkout", async () => {
  await using bench = await Bench.make();
  const { origin } = await furnish(bench);
  const bare = Repository.at(`${bench.folder}/bare.git`);
  await origin.git("clone", "-q", "--bare", origin.folder, bare.folder);
  await refused(bench, bare, "is not in a git checkout");
  const none = Repository.at(`${bench.folder}/none`);
  await Deno.mkdir(none.folder);
  await refused(bench, none, "is not in a git checkout");
});

Deno.test("packWork() packs work of a shallow clone on what its remote has, and refuses one without that", async () => {
  await using bench = await Bench.make();
  const { origin, receiver: before } = await furnish(bench);
  await origin.write({ "a": "newer\n" });
  await origin.commitAll("newer");
  const receiver = await bench.clone(origin, "receiver2");
  const sender = Repository.at(`${bench.folder}/shallow`);
  const url = `file://${origin.folder}`;
  await origin.git("clone", "-q", "--depth=1", url, sender.folder);
  await work(sender);
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals(packed.header.commits, 1);
  await assertSame(opened, sender);
  await assertRejects(
    () => bench.open(packed, before),
    SpreadError,
    "builds on commit",
  );
  await sender.git("remote", "remove", "origin");
  await refused(bench, sender, "of a shallow clone");
});

// Breaks when packing needs an object that was not fetched, or fetches it.
Deno.test("packWork() packs work of a partial clone whose remote is out of reach", async () => {
  await using bench = await Bench.make();
  const { origin, receiver } = await furnish(bench);
  await origin.git("config", "uploadpack.allowFilter", "true");
  const sender = Repository.at(`${bench.folder}/partial`);
  const url = `file://${origin.folder}`;
  const args = ["-q", "--filter=blob:none", "--sparse", url, sender.folder];
  await origin.git("clone", ...args);
  const away = `${bench.folder}/away`;
  await Deno.rename(origin.folder, away);
  await sender.write({ "a": "changed\n", "e/new": "new\n" });
  await sender.git("add", "--sparse", "e/new");
  await sender.git("commit", "-qm", "mine");
  await sender.write({ "gone": "changed\n", "new": "new\n" });
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals(behind(packed), []);
  assertEquals(await opened.status(), await sender.status());
  assertEquals(await Deno.readTextFile(`${opened.folder}/d/b`), "2\n");
  await sender.git("remote", "remove", "origin");
  await refused(bench, sender, "Cannot pack the work");
});
