/** Installations whose process is killed between any two changes to the disk. */

import { assert, assertEquals } from "@std/assert";
import { realDisk } from "../../lib/files/disk.ts";
import { installMemory } from "../../lib/memory/install/install.ts";
import { settleMemory } from "../../lib/memory/install/held_memory.ts";
import { undoInstall } from "../../lib/memory/install/undo.ts";
import { OURS, Place, snapshot, THEIRS } from "../support/memory_samples.ts";

const environment = {
  disk: realDisk,
  now: () => new Date(),
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes),
};

const merge = {
  received: THEIRS,
  provenance: { sender: "alex@walnut", project: "shop", day: "2026-11-24" },
  choose: () => "theirs" as const,
};

async function run(
  what: string,
  { folder, state }: Place,
  at: number,
  when: string,
): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-all",
      `${import.meta.dirname}/_kill.ts`,
      what,
      folder,
      state,
      String(at),
      when,
    ],
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Returns the text that Claude Code would load, were it started now. */
const indexOf = (files: Record<string, string>) => files["MEMORY.md"];

async function prepared(what: string): Promise<Place> {
  const place = await Place.make();
  if (what === "undo") await installMemory({ ...place, ...environment }, merge);
  return place;
}

for (const what of ["install", "undo"]) {
  Deno.test(`${what} leaves the old memory or the new one, killed at whatever change`, async () => {
    await using whole = await prepared(what);
    const before = await whole.files;
    const total = Number(await run(what, whole, 0, "never"));
    const after = await whole.files;
    assert(total > 10);
    assertEquals(before["build.md"] === OURS["build.md"], what === "install");
    const seen = new Set<string>();
    // After one change is before the next, but for the first, which the lock may follow.
    const moments: [at: number, when: string][] = [
      ...Array.from({ length: total }, (_, i): [number, string] => [
        i + 1,
        "before",
      ]),
      [1, "after"],
      [total, "after"],
    ];
    for (const [at, when] of moments) {
      await using place = await prepared(what);
      const here = await place.files;
      assertEquals(await run(what, place, at, when), "", "not killed");
      const torn = await place.files;
      // Provenance has no time of day in it, so that every installation is the same.
      assert([indexOf(before), indexOf(after)].includes(indexOf(torn)));
      for (const [name, text] of Object.entries(torn)) {
        if (name.startsWith(".claude-spread")) continue;
        assert([here[name], after[name]].includes(text), `${at} ${name}`);
      }
      await settleMemory({ ...place, ...environment });
      const settled = await place.files;
      const isNew = settled["build.md"] === after["build.md"];
      assertEquals(settled, isNew ? after : before, `${what} ${at} ${when}`);
      seen.add(isNew ? "new" : "old");
      // Whatever happened, there is a way back, or nothing to take back.
      if (isNew === (what === "install")) {
        await undoInstall({ ...place, ...environment });
        assertEquals(await place.files, OURS);
      }
      const left = await snapshot(place.state).catch(() => ({}));
      assertEquals(left, {}, `${what} ${at} ${when}`);
    }
    assertEquals(seen, new Set(["old", "new"]));
  });
}
