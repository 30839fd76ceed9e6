/** `FolderStore`: restarts, kills, damage and full disks. */

import { assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../../lib/testing/folder.ts";
import {
  CONFIG,
  DropStage,
  leaveAll,
  leaving,
  takeAll,
  testDrop,
} from "../testing/drops.ts";
import { Refusal } from "../limits/refusal.ts";
import { PART_BYTES } from "./drop_row.ts";
import { FolderStore } from "./folder_store.ts";

const TAKING = "1".repeat(32);

/** Path of the files of a drop, without their kind. */
function pathOf(folder: string, { id }: { id: string }): string {
  return `${folder}/${id.slice(0, 2)}/${id}`;
}

/** Opens the drops of a folder, as a relay does at its start. */
async function open(folder: string): Promise<DropStage> {
  const store = await FolderStore.open(folder, CONFIG);
  return new DropStage(store, CONFIG, () => {});
}

/** Names of the files in a folder and those below it, sorted; without the lock. */
function files(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? files(`${folder}/${name}`) : name
  ).filter((name) => name !== "lock").sort();
}

Deno.test("FolderStore keeps drops and receipts over a restart, and nothing of a half drop", async () => {
  await inFolder(async (folder) => {
    const [whole, taken, half] = [
      testDrop(1, 2 * PART_BYTES + 9),
      testDrop(2, 7),
      testDrop(3, 2 * PART_BYTES),
    ];
    {
      await using stage = await open(folder);
      await leaveAll(stage.drops, whole);
      await leaveAll(stage.drops, taken);
      await stage.drops.leave(leaving(half, 0));
      const { id, takeToken } = taken;
      await stage.drops.acknowledge(id, { takeToken, taking: TAKING });
    }
    await using stage = await open(folder);
    const { drops } = stage;
    assertEquals(drops.totals, {
      drops: 1,
      bytes: whole.bytes.length,
      taken: 1,
    });
    assertEquals(await takeAll(drops, whole, TAKING), whole.bytes);
    const { state } = await drops.look(
      taken.id,
      "deleteHash",
      taken.deleteToken,
    );
    assertEquals(state, "taken");
    assertEquals(
      files(folder),
      [`${whole.id}.data`, `${whole.id}.json`, `${taken.id}.json`],
    );
  });
});

for (
  const [what, damage] of [
    ["no data", (path: string) => Deno.removeSync(`${path}.data`)],
    ["short data", (path: string) => Deno.truncateSync(`${path}.data`, 6)],
    ["long data", (path: string) => Deno.truncateSync(`${path}.data`, 8)],
    ["a row cut off", (path: string) => Deno.truncateSync(`${path}.json`, 99)],
    ["an empty row", (path: string) => Deno.truncateSync(`${path}.json`, 0)],
    [
      "a row without end",
      (path: string) => Deno.truncateSync(`${path}.json`, 1e7),
    ],
    [
      "the row of another",
      (path: string) => {
        const text = Deno.readTextFileSync(`${path}.json`);
        const { id } = testDrop(1, 7);
        Deno.writeTextFileSync(
          `${path}.json`,
          text.replace(id, "f".repeat(32)),
        );
      },
    ],
  ] as const
) {
  Deno.test(`FolderStore removes a drop with ${what} at its start`, async () => {
    await inFolder(async (folder) => {
      const [damaged, good] = [testDrop(1, 7), testDrop(2, 7)];
      {
        await using stage = await open(folder);
        await leaveAll(stage.drops, damaged);
        await leaveAll(stage.drops, good);
      }
      damage(pathOf(folder, damaged));
      await using stage = await open(folder);
      assertEquals(files(folder), [`${good.id}.data`, `${good.id}.json`]);
      assertEquals(await takeAll(stage.drops, good, TAKING), good.bytes);
    });
  });
}

Deno.test("FolderStore finishes what runs when it closes, and begins nothing after", async () => {
  await inFolder(async (folder) => {
    const { drops } = await open(folder);
    const [drop, late] = [testDrop(1, 7), testDrop(2, 7)];
    await drops.leave(leaving(testDrop(3, 2 * PART_BYTES), 0));
    const left = drops.leave(leaving(drop, 0)).catch(({ code }) => code);
    await drops[Symbol.asyncDispose]();
    const refused = await assertRejects(
      () => drops.leave(leaving(late, 0)),
      Refusal,
    );
    assertEquals(refused.code, "store_failed");
    const isLeft = await left !== "store_failed";
    await using stage = await open(folder);
    assertEquals(stage.drops.totals.drops, isLeft ? 1 : 0);
    assertEquals(files(folder).length, isLeft ? 2 : 0);
  });
});

Deno.test("FolderStore leaves files alone that are not its own", async () => {
  await inFolder(async (folder) => {
    const names = ["README", "a.data", `${"A".repeat(32)}.json`, "x.json.new"];
    const { id } = testDrop(1, 7);
    const paths = [
      ...names.flatMap((name) => [name, `00/${name}`, `.git/${name}`]),
      `${id}.data`,
      `ff/${id}.json`,
    ];
    for (const below of ["00", "ff", ".git"]) {
      Deno.mkdirSync(`${folder}/${below}`);
    }
    for (const path of paths) Deno.writeTextFileSync(`${folder}/${path}`, "");
    await using _stage = await open(folder);
    assertEquals(files(folder).length, paths.length);
  });
});

Deno.test("FolderStore.open() refuses a folder that another relay uses", async () => {
  await inFolder(async (folder) => {
    {
      await using _first = await open(folder);
      await assertRejects(() => open(folder), Error, "another relay");
    }
    await using _next = await open(folder);
  });
});

Deno.test({
  name:
    "FolderStore answers a full disk with store_full, and goes on when there is space",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      await using stage = await open(folder);
      const { drops, log } = stage;
      const drop = testDrop(1, PART_BYTES + 7);
      await drops.leave(leaving(drop, 0));
      const path = pathOf(folder, drop);
      // A description that cannot be written, and then data that cannot.
      await Deno.symlink("/dev/full", `${path}.json.new`);
      const leave = () => drops.leave(leaving(drop, 1));
      const full = await assertRejects(leave, Refusal);
      assertEquals(full.code, "store_full");
      await Deno.rename(`${path}.data`, `${path}.kept`);
      await Deno.symlink("/dev/full", `${path}.data`);
      assertEquals((await assertRejects(leave, Refusal)).code, full.code);
      assertEquals(log, [
        { event: "drops_failed", error: "store_full", reason: "ENOSPC" },
      ]);
      await Deno.rename(`${path}.kept`, `${path}.data`);
      assertEquals((await leave()).state.state, "waiting");
      assertEquals(await takeAll(drops, drop, TAKING), drop.bytes);
    }),
});

Deno.test({
  name:
    "FolderStore deletes a drop that was taken even if a full disk cannot hold the receipt",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const drop = testDrop(1, 7);
      const { id, takeToken, deleteToken } = drop;
      await using stage = await open(folder);
      const { drops } = stage;
      await leaveAll(drops, drop);
      await Deno.symlink("/dev/full", `${pathOf(folder, drop)}.json.new`);
      await drops.acknowledge(id, { takeToken, taking: TAKING });
      assertEquals(files(folder), []);
      const { state } = await drops.look(id, "deleteHash", deleteToken);
      assertEquals(state, "taken");
    }),
});

Deno.test("FolderStore keeps what it confirmed, and no half drop, when killed at any moment", async () => {
  await inFolder(async (folder) => {
    const size = 2 * PART_BYTES + 11;
    const confirmed: number[] = [];
    for (const killMs of [0, 7, 23]) {
      confirmed.push(...await leaveUntilKilled(folder, killMs, size));
      await using stage = await open(folder);
      const { drops } = stage;
      for (const number of confirmed) {
        const drop = testDrop(number, size);
        assertEquals(await takeAll(drops, drop, TAKING), drop.bytes);
      }
      // One may be whole whose confirmation was cut off.
      const there = drops.totals.drops;
      assertEquals(there - confirmed.length <= 3, true, `${there}`);
      assertEquals(files(folder).length, 2 * there);
    }
    assertEquals(confirmed.length > 0, true);
  });
});

/** Leaves drops in a process that is killed this long after its first confirmation. */
async function leaveUntilKilled(
  folder: string,
  killMs: number,
  size: number,
): Promise<number[]> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      `${import.meta.dirname}/../testing/leave_drops.ts`,
      folder,
      String(size),
    ],
    stdout: "piped",
  }).spawn();
  let text = "";
  for await (
    const chunk of process.stdout.pipeThrough(new TextDecoderStream())
  ) {
    if (text === "") setTimeout(() => process.kill("SIGKILL"), killMs);
    text += chunk;
  }
  await process.status;
  // The last line may have been cut off.
  return text.split("\n").slice(0, -1).map(Number);
}

Deno.test("a drop whose files cannot be deleted keeps no other from being deleted", async () => {
  await inFolder(async (folder) => {
    await using stage = await open(folder);
    const [stuck, other] = [testDrop(1, 7), testDrop(2, 7)];
    for (const drop of [stuck, other]) await leaveAll(stage.drops, drop);
    await Deno.remove(`${pathOf(folder, stuck)}.data`);
    await Deno.mkdir(`${pathOf(folder, stuck)}.data/full`, { recursive: true });
    stage.nowMs += CONFIG.maxTtlMs + 1;
    await stage.drops.sweep();
    assertEquals(stage.drops.totals.drops, 1);
    assertEquals(stage.log.map(({ event }) => event), [
      "drop_left",
      "drop_left",
      "drops_failed",
      "drop_ended",
    ]);
    await Deno.remove(`${pathOf(folder, stuck)}.data`, { recursive: true });
    await stage.drops.sweep();
    assertEquals(stage.drops.totals.drops, 0);
  });
});
