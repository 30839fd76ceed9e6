import { assert, assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../../testing/folder.ts";
import { type KeptWork, lockKept, tryLockKept, writeKept } from "./kept.ts";

// Breaks when a command that has given up takes the lock later, or does not give up.
Deno.test("lockKept() waits for the lock until it is told to end", () =>
  inFolder(async (folder) => {
    const ending = new AbortController();
    {
      using first = await lockKept(folder, ending.signal);
      const second = lockKept(folder, ending.signal);
      const third = lockKept(folder, new AbortController().signal);
      ending.abort(new Error("stopped"));
      await assertRejects(() => second, Error, "stopped");
      await assertRejects(() => lockKept(folder, ending.signal), Error);
      first[Symbol.dispose]();
      using _third = await third;
      assertEquals(tryLockKept(folder), null);
    }
    using fourth = tryLockKept(folder);
    assert(fourth !== null);
  }));

// Breaks when the list is written in place: the launcher may read half of it.
Deno.test("writeKept() puts a new list of work trees in the place of the old one", () =>
  inFolder(async (folder) => {
    const time = "2026-11-29T10:00:00.000Z";
    const kept: KeptWork = {
      version: 1,
      id: "01234567",
      sha256: "01234567".repeat(8),
      received: time,
    };
    await writeKept(folder, kept);
    using before = await Deno.open(`${folder}/worktrees`);
    const opened = { checkout: "/a", worktree: "/b", branch: "c", time };
    await writeKept(folder, { ...kept, opened });
    assertEquals(await before.read(new Uint8Array(9)), null);
    assertEquals(await Deno.readTextFile(`${folder}/worktrees`), "/b\n");
    const left = await Array.fromAsync(Deno.readDir(folder));
    assertEquals(left.map(({ name }) => name).sort(), [
      "01234567.json",
      "worktrees",
    ]);
  }));
