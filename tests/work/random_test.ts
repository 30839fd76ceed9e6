/**
 * Work of random repositories: the sender stays as it is, byte for byte, and the receiver's work
 * tree equals the sender's, but for what was told as left out.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LeftOut } from "../../lib/work/work_file.ts";
import type { Repository } from "../support/repository.ts";
import { Bench } from "./_checkout.ts";
import { snapshot } from "../support/snapshot.ts";
import { apply, type History, history } from "./_random.ts";

const RUNS = 12;

/** Makes the sender's checkout, and a receiver's that has what was pushed. */
async function furnish(
  bench: Bench,
  { base, commits, staged, unstaged, intended, vanished }: History,
): Promise<{ sender: Repository; receiver: Repository }> {
  const origin = await bench.init("origin");
  await origin.write({ ".gitignore": "*.ign\nign/\n", "kept": "kept\n" });
  await apply(origin, base);
  await origin.commitAll();
  const receiver = await bench.clone(origin, "receiver");
  const sender = await bench.clone(origin, "sender");
  for (const changes of commits) {
    await apply(sender, changes);
    await sender.commitAll();
  }
  if (staged.length > 0) {
    await apply(sender, staged);
    await sender.git("add", "-A");
  }
  await apply(sender, unstaged);
  for (const { path } of intended) {
    await apply(sender, intended);
    await sender.git("--literal-pathspecs", "add", "-N", "--", path);
    if (vanished) await Deno.remove(`${sender.folder}/${path}`);
  }
  return { sender, receiver };
}

/** Files of a tree that would come along, without those that were told as left out. */
async function files(
  { folder }: Repository,
  leftOut: LeftOut[],
  ignored: Set<string>,
): Promise<Record<string, string>> {
  const left = new Set(leftOut.map(({ path }) => path));
  const all = await snapshot(folder, (path) => path === ".git");
  const kept = Object.entries(all).filter(([path, about]) =>
    !about.startsWith("folder") && !left.has(path) && !ignored.has(path)
  );
  return Object.fromEntries(kept);
}

/**
 * Entries of a status without those of files that were left out. Intended files are just new; one
 * that is gone is neither in the commit nor on the disk.
 */
async function entriesOf(
  checkout: Repository,
  leftOut: LeftOut[],
): Promise<string[]> {
  const left = new Set(leftOut.map(({ path }) => path));
  const [status, listed] = await Promise.all([
    checkout.status(),
    checkout.git("ls-tree", "-r", "-z", "--name-only", "HEAD"),
  ]);
  const committed = new Set(listed.split("\0"));
  return status.flatMap(withoutIntention).filter((entry) =>
    !left.has(pathOf(entry)) &&
    (!entry.startsWith("1 .D") || committed.has(pathOf(entry)))
  ).sort();
}

/** An entry as it is where the index does not know of the file. */
function withoutIntention(entry: string): string[] {
  const path = pathOf(entry);
  if (/^1 D[.D]/.test(entry)) return [`D ${path}`];
  if (entry.startsWith("1 DA")) return [`D ${path}`, `? ${path}`];
  return entry.startsWith("1 .A") ? [`? ${path}`] : [entry];
}

function pathOf(entry: string): string {
  return entry.startsWith("1")
    ? entry.split(" ").slice(8).join(" ")
    : entry.slice(2);
}

async function ignoredFiles(checkout: Repository): Promise<Set<string>> {
  const said = await checkout.git(
    "ls-files",
    "-z",
    "--others",
    "--ignored",
    "--exclude-standard",
  );
  return new Set(said.split("\0"));
}

/** What may change in the receiver's folder when work is opened there. */
function isOfOpening(path: string): boolean {
  return /^\.git\/(?:objects|worktrees|(?:logs\/)?refs\/(?:claude-spread|heads\/claude-spread)|logs\/refs$)/
    .test(path);
}

// Breaks when packing writes the index, refreshes it, or adds an object; when a file is forgotten,
// or one is sent that was told as left out; and when opening touches the receiver's own tree.
Deno.test("packWork() changes nothing, and makeWorktree() makes the same tree elsewhere, for random repositories", async () => {
  await fc.assert(
    fc.asyncProperty(history, async (random) => {
      await using bench = await Bench.make();
      const { sender, receiver } = await furnish(bench, random);
      const before = await snapshot(sender.folder);
      const packed = await bench.pack(sender);
      assertEquals(await snapshot(sender.folder), before);
      const { leftOut } = packed;
      if (packed.header === null) {
        assertEquals(await entriesOf(sender, leftOut), []);
        assertEquals(
          await sender.git("rev-parse", "HEAD"),
          await receiver.git("rev-parse", "HEAD"),
        );
        return;
      }
      await using _ = packed;
      const own = await snapshot(receiver.folder, isOfOpening);
      const opened = await bench.open(packed, receiver);
      assertEquals(await snapshot(receiver.folder, isOfOpening), own);
      assertEquals(
        await opened.git("rev-parse", "HEAD"),
        await sender.git("rev-parse", "HEAD"),
      );
      const none = new Set<string>();
      assertEquals(
        await entriesOf(opened, leftOut),
        await entriesOf(sender, leftOut),
      );
      assertEquals(
        await files(opened, leftOut, none),
        await files(sender, leftOut, await ignoredFiles(sender)),
      );
    }),
    { numRuns: RUNS, seed: 21 },
  );
});
