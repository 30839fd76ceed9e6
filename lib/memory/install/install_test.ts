import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  Place,
  snapshot,
  THEIRS,
} from "../../../tests/support/memory_samples.ts";
import { utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { realDisk } from "../../files/disk.ts";
import { hashOf } from "../change/file_state.ts";
import { installMemory } from "./install.ts";
import { settleMemory } from "./held_memory.ts";
import { undoInstall } from "./undo.ts";
import { type ConflictChoice, planMerge } from "../merge.ts";
import { MAX_INSTALLATIONS } from "./history.ts";

const surroundings = {
  disk: realDisk,
  now: () => new Date(),
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes),
};
const provenance = {
  sender: "alex@walnut",
  project: "shop",
  day: "2026-11-24",
};

const name = fc.constantFrom("MEMORY.md", "a.md", "b.md", "sub/c.md", "d e.md");
const text = fc.oneof(
  fc.constantFrom("- [A](a.md) — one\n", "# X\r\n- y\r\n", "---\n---\n", ""),
  fc.string(),
);
const files = fc.dictionary(name, text, { maxKeys: 5 });
const choice = fc.constantFrom<ConflictChoice>("keep-both", "theirs", "ours");

Deno.test("undoInstall() restores byte for byte, however many were installed", async () => {
  const packs = fc.array(fc.tuple(files, choice), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(files, packs, async (local, packs) => {
      await using place = await Place.make(local);
      const states = [await place.files];
      for (const [pack, choice] of packs) {
        const { backup } = await installMemory({ ...place, ...surroundings }, {
          received: new Map(
            Object.entries(pack).map(([name, text]) => [
              name,
              { text, raw: text },
            ]),
          ),
          provenance,
          choose: () => choice,
        });
        if (backup !== null) states.push(await place.files);
      }
      assertEquals(await place.files, states.pop());
      while (states.length > 0) {
        await undoInstall({ ...place, ...surroundings });
        assertEquals(await place.files, states.pop());
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("undoInstall() leaves of an index that was edited since what was there and what was written", async () => {
  const head = "## Received from alex@walnut (project shop)\n\n";
  const table: [edit: (index: string) => string, left: string, object][] = [
    [
      (index) => `${index}\n# Later\n`,
      "- mine\n\n# Later\n",
      { missing: 0, left: 0 },
    ],
    [
      (index) => index.replace("> - x", "between\n> - x") + "after\n",
      "- mine\nbetween\nafter\n",
      { missing: 0, left: 0 },
    ],
    [
      (index) => index.replace("> - x", "> - x, with a note"),
      `- mine\n\n${head}> - x, with a note\n\n`,
      { missing: 1, left: 1 },
    ],
    [
      (index) => index.replace("> - x\n", "> mine too\n"),
      `- mine\n\n${head}> mine too\n\n`,
      { missing: 1, left: 1 },
    ],
    [
      (index) => index.replace("> - x\n", ""),
      "- mine\n\n",
      { missing: 1, left: 0 },
    ],
  ];
  for (const [edit, left, said] of table) {
    await using place = await Place.make({ "MEMORY.md": "- mine\n" });
    const memory = { text: "## Build\n- x\n", raw: "" };
    await installMemory({ ...place, ...surroundings }, {
      received: new Map([["MEMORY.md", memory]]),
      provenance,
      choose: () => "ours",
    });
    const path = `${place.folder}/MEMORY.md`;
    const edited = edit(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, edited);
    const { index } = await undoInstall({ ...place, ...surroundings });
    assertEquals(await place.files, { "MEMORY.md": left }, edited);
    assertEquals({ ...index }, said, edited);
  }
});

Deno.test("undoInstall() keeps what was edited since, however long its name", async () => {
  for (const name of [`${"한".repeat(84)}.md`, `${"x".repeat(210)}/a.md`]) {
    await using place = await Place.make({ [name]: "ours" });
    await installMemory({ ...place, ...surroundings }, {
      received: new Map([[name, { text: "theirs", raw: "theirs" }]]),
      provenance,
      choose: () => "theirs",
    });
    await Deno.writeTextFile(`${place.folder}/${name}`, "edited");
    const { kept } = await undoInstall({ ...place, ...surroundings });
    assertEquals(await place.files, { [name]: "ours", [kept[0]!]: "edited" });
  }
});

Deno.test("undoInstall() leaves alone what somebody has put back by hand", async () => {
  await using place = await Place.make({ "a.md": "ours" });
  await installMemory({ ...place, ...surroundings }, {
    received: new Map([["a.md", { text: "theirs", raw: "theirs" }]]),
    provenance,
    choose: () => "theirs",
  });
  await Deno.writeTextFile(`${place.folder}/a.md`, "ours");
  const { restored, kept } = await undoInstall({ ...place, ...surroundings });
  assertEquals([restored.includes("a.md"), kept], [false, []]);
  assertEquals((await place.files)["a.md"], "ours");
});

Deno.test("installMemory() keeps the last installations and no more", async () => {
  await using place = await Place.make();
  for (let i = 0; i <= MAX_INSTALLATIONS + 1; i++) {
    await installMemory({ ...place, ...surroundings }, {
      received: new Map([["a.md", { text: `${i}`, raw: `${i}` }]]),
      provenance,
      choose: () => "theirs",
    });
  }
  const kept = Object.keys(await snapshot(place.state))
    .filter((path) => path.endsWith("/record.json"));
  assert(
    kept.length === MAX_INSTALLATIONS || kept.length === MAX_INSTALLATIONS + 1,
  );
});

Deno.test("undoInstall() takes the last installation back, also when the clock stood still or went back", async () => {
  const start = Date.parse("2026-03-01T12:00:00.999Z");
  for (const stepMs of [0, -1, -30 * 24 * 3600_000]) {
    await using place = await Place.make({});
    let at = start;
    const now = () => new Date(at += stepMs);
    const states = [await place.files];
    for (let count = 0; count <= MAX_INSTALLATIONS + 1; count++) {
      const memory = { text: `${count}`, raw: `${count}` };
      await installMemory({ ...place, ...surroundings, now }, {
        received: new Map([[`${count}.md`, memory]]),
        provenance,
        choose: () => "theirs",
      });
      states.push(await place.files);
    }
    for (let count = 0; count < MAX_INSTALLATIONS; count++) {
      assertEquals(await place.files, states.pop());
      const { installation } = await undoInstall({
        ...place,
        ...surroundings,
      });
      assertEquals(Date.parse(installation.at), at);
      at -= stepMs;
    }
    assertEquals(await place.files, states.pop());
  }
});

Deno.test("installMemory() keeps to the plan that was agreed to, until the memory is another one", async () => {
  const input = {
    received: new Map([["a.md", { text: "theirs", raw: "theirs" }]]),
    provenance,
    choose: () => "theirs" as const,
  };
  for (const isChanged of [false, true]) {
    await using place = await Place.make({ "a.md": "ours" });
    const local = new Map([["a.md", "ours"]]);
    // A plan that shows which one was used: it keeps ours.
    const plan = planMerge({ ...input, local, choose: () => "ours" });
    if (isChanged) await Deno.writeTextFile(`${place.folder}/b.md`, "new");
    const agreed = { local, plan };
    await installMemory({ ...place, ...surroundings }, input, agreed);
    const kept = (await place.files)["a.md"]!.includes("ours");
    assertEquals(kept, !isChanged);
  }
});

Deno.test("installMemory() loses nothing that somebody writes at the last moment", async () => {
  await using place = await Place.make();
  const index = `${place.folder}/MEMORY.md`;
  const disk = {
    ...realDisk,
    // The journal is there, and the files are not yet in place.
    async rename(from: string, to: string) {
      await realDisk.rename(from, to);
      if (to.endsWith("journal.json")) await Deno.writeTextFile(index, "- now");
    },
  };
  const { setAside } = await installMemory(
    { ...place, ...surroundings, disk },
    {
      received: THEIRS,
      provenance,
      choose: () => "ours",
    },
  );
  assertEquals(setAside, [["MEMORY.md", "MEMORY-edited.md"]]);
  assertEquals((await place.files)["MEMORY-edited.md"], "- now");
});

Deno.test("installMemory() leaves no file missing, when it cannot finish after somebody wrote", async () => {
  await using place = await Place.make();
  const before = await place.files;
  const index = `${place.folder}/MEMORY.md`;
  const disk = {
    ...realDisk,
    async rename(from: string, to: string) {
      if (to === index && !from.endsWith(".old")) {
        throw new Deno.errors.PermissionDenied();
      }
      await realDisk.rename(from, to);
      if (to.endsWith("journal.json")) await Deno.writeTextFile(index, "- now");
    },
  };
  await assertRejects(() =>
    installMemory({ ...place, ...surroundings, disk }, {
      received: THEIRS,
      provenance,
      choose: () => "theirs",
    })
  );
  assertEquals(await place.files, { ...before, "MEMORY-edited.md": "- now" });
});

Deno.test("installMemory() rolls back what it cannot finish", async () => {
  await using place = await Place.make();
  const before = await place.files;
  const disk = {
    ...realDisk,
    async rename(from: string, to: string) {
      if (to.endsWith("MEMORY.md") && !from.endsWith(".old")) {
        throw new Deno.errors.PermissionDenied();
      }
      await realDisk.rename(from, to);
    },
  };
  const error = await assertRejects(
    () =>
      installMemory({ ...place, ...surroundings, disk }, {
        received: THEIRS,
        provenance,
        choose: () => "theirs",
      }),
    SpreadError,
  );
  assertEquals(error.code, "CANNOT_STORE");
  assertEquals(await place.files, before);
  assertEquals(await snapshot(place.state), {});
});

/** Leaves the traces of an interrupted command, with one staged file. */
async function interrupt(
  folder: string,
  staged: string,
  changes: { name: string; before: string | null; after: string | null }[],
): Promise<void> {
  const work = `${folder}/.claude-spread`;
  await Deno.mkdir(`${work}/staged`, { recursive: true });
  await Deno.writeTextFile(`${work}/staged/0`, staged);
  await Deno.writeTextFile(
    `${work}/journal.json`,
    JSON.stringify({ version: 1, record: "x", undoes: true, changes }),
  );
}

Deno.test("installMemory() obeys no journal that leads out of the folder", async () => {
  await using place = await Place.make();
  const victim = `${place.folder}/../victim.md`;
  await Deno.writeTextFile(victim, "mine");
  await interrupt(place.folder, "evil", [
    { name: "CLAUDE.md", before: null, after: hashOf(utf8("evil")) },
    { name: "../victim.md", before: null, after: null },
  ]);
  await installMemory({ ...place, ...surroundings }, {
    received: THEIRS,
    provenance,
    choose: () => "ours",
  });
  assertEquals(await Deno.readTextFile(victim), "mine");
  // Nor does it stay and keep others from reading.
  assertEquals(Object.keys(await place.files).includes("new/topic.md"), true);
  assert(!Object.keys(await place.files).join().includes(".claude-spread"));
});

Deno.test("installMemory() finishes no journal through a link", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const staged = hashOf(utf8("evil"));
  const tables = [
    [{ name: "link/new.md", before: null, after: staged }],
    [{ name: "link/victim.md", before: hashOf(utf8("mine")), after: null }],
    [{ name: "link/victim.md", before: null, after: staged }],
    [{ name: "file.md", before: null, after: staged }],
  ];
  for (const changes of tables) {
    await using place = await Place.make();
    const elsewhere = `${place.folder}/../elsewhere`;
    await Deno.mkdir(elsewhere);
    await Deno.writeTextFile(`${elsewhere}/victim.md`, "mine");
    await Deno.symlink(elsewhere, `${place.folder}/link`);
    await Deno.symlink(`${elsewhere}/victim.md`, `${place.folder}/file.md`);
    await interrupt(place.folder, "evil", changes);
    const error = await assertRejects(
      () => settleMemory({ ...place, ...surroundings }),
      SpreadError,
    );
    assertEquals(error.code, "MEMORY_UNUSABLE");
    assertEquals(await snapshot(elsewhere), { "victim.md": "mine" });
    assert((await Deno.lstat(`${place.folder}/file.md`)).isSymlink);
  }
});

Deno.test("installMemory() locks no file that a link leads to", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using place = await Place.make();
  const elsewhere = `${place.folder}/../elsewhere`;
  await Deno.mkdir(`${place.folder}/.claude-spread`);
  await Deno.symlink(elsewhere, `${place.folder}/.claude-spread/lock`);
  const error = await assertRejects(
    () => settleMemory({ ...place, ...surroundings }),
    SpreadError,
  );
  assertEquals(error.code, "MEMORY_UNUSABLE");
  await assertRejects(() => Deno.lstat(elsewhere), Deno.errors.NotFound);
});

Deno.test("installMemory() stages through no link", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using place = await Place.make();
  const elsewhere = `${place.folder}/../elsewhere`;
  await Deno.mkdir(elsewhere);
  await Deno.symlink(elsewhere, `${place.folder}/.claude-spread`);
  const error = await assertRejects(
    () =>
      installMemory({ ...place, ...surroundings }, {
        received: THEIRS,
        provenance,
        choose: () => "ours",
      }),
    SpreadError,
  );
  assertEquals(error.code, "MEMORY_UNUSABLE");
  assertEquals(await snapshot(elsewhere), {});
});
