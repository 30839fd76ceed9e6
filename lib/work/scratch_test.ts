import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import type { StreamedGit } from "../git/git.ts";
import { removeScratch, ScratchRepository } from "./scratch.ts";

const HOW = {
  isSha256: false,
  startGit: (): StreamedGit => {
    throw new TypeError("no git is needed");
  },
};

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .sort();
}

// Breaks when the folder of a live process goes, or that of a dead one stays.
Deno.test("removeScratch() removes what killed processes have left, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const old = new Date(Date.now() - 120_000);
    {
      await using live = await ScratchRepository.make(folder, "/objects", HOW);
      for (const name of ["work-dead", "work-odd", "work-new", "other"]) {
        await Deno.mkdir(`${folder}/${name}`);
        if (name === "work-dead") {
          await Deno.writeTextFile(`${folder}/${name}/lock`, "");
        }
        if (name !== "work-new") {
          await Deno.utime(`${folder}/${name}`, old, old);
        }
      }
      await Deno.utime(live.path, old, old);
      await removeScratch(folder);
      const own = live.path.slice(folder.length + 1);
      assertEquals(await names(folder), ["other", "work-new", own].sort());
    }
    assertEquals(await names(folder), ["other", "work-new"]);
    await removeScratch(`${folder}/missing`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ScratchRepository.make() says so when there is no place", async () => {
  const file = await Deno.makeTempFile();
  try {
    const error = await assertRejects(
      () => ScratchRepository.make(`${file}/x`, "/objects", HOW),
      SpreadError,
    );
    assertEquals(error.code, "CANNOT_STORE");
  } finally {
    await Deno.remove(file);
  }
});
