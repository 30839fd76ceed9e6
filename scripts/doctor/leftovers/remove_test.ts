/** Things that are used again, or are gone, between the look at them and their removal. */

import { assertEquals } from "@std/assert";
import { tryLockKept, writeKept } from "../../../lib/work/open/kept.ts";
import { findFirstRuns } from "./first_runs.ts";
import { findPartial, findSpooled } from "./payloads.ts";
import { deal } from "./report.ts";
import { findShares } from "./shares.ts";
import { findWork } from "./work.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const UUID = "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b";
const now = new Date();

/** Writes a file that was changed nine days ago. */
async function put(path: string): Promise<void> {
  const old = new Date(now.getTime() - 9 * DAY_MS);
  await Deno.writeTextFile(path, "0123456789", { mode: 0o600 });
  await Deno.utime(path, old, old);
}

function test(name: string, body: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await body(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const namesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

for (
  const [find, name] of [[findPartial, "ab".repeat(32)], [
    findSpooled,
    UUID,
  ]] as const
) {
  // Fails when a file is removed without its lock, or although it has changed.
  test(`${find.name}() removes nothing that is used by now`, async (folder) => {
    const path = `${folder}/${name}`;
    await put(path);
    const items = await find(folder, now);
    {
      using user = await Deno.open(path, { read: true, write: true });
      user.lockSync(true);
      assertEquals(await deal(items, true), []);
    }
    await Deno.utime(path, now, now);
    assertEquals(await deal(items, true), []);
    assertEquals(await namesIn(folder), [name]);
    await put(path);
    const dealt = await deal(await find(folder, now), true);
    assertEquals(dealt.map(({ isRemoved }) => isRemoved), [true]);
    assertEquals(await namesIn(folder), []);
  });
}

// Fails when work is removed while a command opens it, or that has just come again.
test("findWork() removes nothing that is being opened, or has come again", async (folder) => {
  const id = "0000000a";
  const received = new Date(now.getTime() - 8 * DAY_MS).toISOString();
  const kept = { version: 1, id, sha256: id.repeat(8), received } as const;
  await put(`${folder}/${id}.work`);
  await writeKept(folder, kept);
  const items = await findWork(folder, now);
  assertEquals(items.length, 2);
  const before = await namesIn(folder);
  {
    using _lock = tryLockKept(folder);
    assertEquals(tryLockKept(folder), null);
    assertEquals(await deal(items, true), []);
  }
  await put(`${folder}/${id}.work`);
  await Deno.utime(`${folder}/${id}.work`, now, now);
  await writeKept(folder, { ...kept, received: now.toISOString() });
  assertEquals(await deal(items, true), []);
  assertEquals(await namesIn(folder), [...before, "lock"].sort());
});

// Fails when what another doctor has removed counts as something that cannot be removed.
test("deal() says nothing of what somebody else has removed", async (folder) => {
  await put(`${folder}/${UUID}`);
  await put(`${folder}/${UUID.replace("0b", "0c")}`);
  const [first, second] = await Promise.all(
    [1, 2].map(() => findSpooled(folder, now)),
  );
  assertEquals((await deal(first!, true)).length, 2);
  assertEquals(await deal(second!, true), []);
});

// Fails when a name leads out of the folder of the notes, at its end too.
test("findFirstRuns() takes no note outside its folder", async (folder) => {
  await put(`${folder}/ready`);
  await Deno.mkdir(`${folder}/deno/a`, { recursive: true });
  await put(`${folder}/deno/ready`);
  const roots = ["/..", "/a/../..", "/a/..", "/.", "", "/", "//", "a", "/a/"];
  assertEquals(await findFirstRuns(`${folder}/deno`, roots), []);
});

// Fails when the log of a share counts as stray because only a part of the folder was looked at.
test("findShares() takes no log whose entry is there, in a huge folder", async (folder) => {
  for (let i = 0; i < 10_500; i++) {
    Deno.writeTextFileSync(`${folder}/x${i}`, "");
  }
  for (let i = 0; i < 200; i++) {
    const id = i.toString(16).padStart(8, "0");
    await put(`${folder}/${id}.log`);
    Deno.writeTextFileSync(`${folder}/${id}.json`, "{}");
  }
  const { items } = await findShares(folder, now);
  assertEquals(items.map(({ path }) => path), []);
});
