import { assert, assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../../testing/folder.ts";
import {
  type KeptWork,
  lockKept,
  payloadPath,
  readKept,
  STALE_MS,
  tryLockKept,
  writeKept,
} from "./kept.ts";

const TIME = "2026-11-29T10:00:00.000Z";

const KEPT: KeptWork = {
  version: 1,
  id: "01234567",
  sha256: "01234567".repeat(8),
  received: TIME,
};

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
    await writeKept(folder, KEPT);
    using before = await Deno.open(`${folder}/worktrees`);
    const opened = { checkout: "/a", worktree: "/b", branch: "c", time: TIME };
    await writeKept(folder, { ...KEPT, opened });
    assertEquals(await before.read(new Uint8Array(9)), null);
    assertEquals(await Deno.readTextFile(`${folder}/worktrees`), "/b\n");
    const left = await Array.fromAsync(Deno.readDir(folder));
    assertEquals(left.map(({ name }) => name).sort(), [
      "01234567.json",
      "worktrees",
    ]);
  }));

// Breaks when work is removed whose opening has begun and is not noted yet.
Deno.test("readKept() removes no stale work while a command has the lock", () =>
  inFolder(async (folder) => {
    await writeKept(folder, KEPT);
    const payload = payloadPath(folder, KEPT);
    await Deno.writeTextFile(payload, "");
    const later = new Date(Date.parse(TIME) + STALE_MS + 1);
    const exists = () => Deno.lstat(payload).then(() => true, () => false);
    {
      using _lock = tryLockKept(folder);
      assertEquals(await readKept(folder, later), []);
      assert(await exists());
    }
    assertEquals(await readKept(folder, later), []);
    assert(!await exists());
  }));
