import { assertEquals } from "@std/assert";
import { inFolder } from "../testing/folder.ts";
import { hasNoOwner, removeLeftOver } from "./leftovers.ts";

// Breaks when one entry that cannot be looked at keeps all that come after it.
Deno.test("removeLeftOver() goes on after what cannot be looked at or removed", () =>
  inFolder(async (folder) => {
    for (const name of ["a", "b", "c", "kept"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await Deno.mkdir(`${folder}/folder/in/it`, { recursive: true });
    const seen: string[] = [];
    await removeLeftOver(folder, async ({ name }, path) => {
      if (name === "kept") return false;
      seen.push(name);
      if (seen.length === 1) throw new Deno.errors.PermissionDenied();
      // Another command is faster.
      if (seen.length === 2) await Deno.remove(path, { recursive: true });
      return true;
    });
    const left = await Array.fromAsync(Deno.readDir(folder));
    assertEquals(
      left.map(({ name }) => name).sort(),
      [seen[0]!, "kept"].sort(),
    );
    assertEquals(seen.length, 4);
    await removeLeftOver(`${folder}/missing`, () => true);
  }));

Deno.test("hasNoOwner() is true of what is old and not locked", () =>
  inFolder(async (folder) => {
    const path = `${folder}/file`;
    using file = await Deno.open(path, { write: true, createNew: true });
    assertEquals(hasNoOwner(path), false);
    const old = new Date(Date.now() - 120_000);
    await Deno.utime(path, old, old);
    assertEquals(hasNoOwner(path), true);
    assertEquals(hasNoOwner(path, `${folder}/missing`), true);
    file.lockSync(true);
    assertEquals(hasNoOwner(path), false);
  }));
