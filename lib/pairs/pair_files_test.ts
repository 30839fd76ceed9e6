import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { SpreadError } from "../errors.ts";
import type { Pair } from "./pair.ts";
import { hasPair, readPairs, removePair, writePair } from "./pair_files.ts";
import { takeSlot } from "./slots.ts";

const PAIR: Pair = {
  version: 1,
  id: "0a1b2c3d",
  name: "cedar",
  own_name: "oak",
  role: "a",
  seed: "5".repeat(64),
  relay: "wss://relay.example",
  made: "2026-11-29T10:00:00.000Z",
  host: "oak.local",
};

Deno.test("writePair() keeps a pair from everybody else, and readPairs() sorts by name", async () => {
  const folder = `${await Deno.makeTempDir()}/pairs`;
  assertEquals(await readPairs(folder), { pairs: [], problems: [] });
  await writePair(folder, PAIR);
  const second = { ...PAIR, id: "ffffffff", name: "birch" };
  await writePair(folder, second);
  assertEquals(await readPairs(folder), {
    pairs: [second, PAIR],
    problems: [],
  });
  const modes = [folder, `${folder}/0a1b2c3d.json`].map((path) =>
    Deno.statSync(path).mode! & 0o777
  );
  assertEquals(modes, [0o700, 0o600]);
  await removePair(folder, PAIR.id);
  await removePair(folder, PAIR.id);
  assertEquals((await readPairs(folder)).pairs, [second]);
});

Deno.test("readPairs() tells of each file that cannot be used, leaves it, and reads the others", async () => {
  const folder = await Deno.makeTempDir();
  await writePair(folder, PAIR);
  const write = (name: string, text: string) =>
    Deno.writeTextFile(`${folder}/${name}.json`, text, { mode: 0o600 });
  const text = JSON.stringify({ ...PAIR, id: "11111111" });
  await write("11111111", text);
  await Deno.chmod(`${folder}/11111111.json`, 0o640);
  await write("22222222", text);
  await write("33333333", text.slice(0, 80));
  await write(
    "44444444",
    JSON.stringify({ ...PAIR, id: "44444444", version: 2 }),
  );
  await write("55555555", "x".repeat(20_000));
  await Deno.mkdir(`${folder}/66666666.json`);
  await Deno.symlink(`${folder}/0a1b2c3d.json`, `${folder}/77777777.json`);
  const { pairs, problems } = await readPairs(folder);
  assertEquals(pairs, [PAIR]);
  const said = Object.fromEntries(
    problems.map(({ id, message }) => [id, message]),
  );
  assertStringIncludes(said["11111111"]!, "chmod 600");
  for (const id of ["22222222", "33333333", "44444444", "55555555"]) {
    assertStringIncludes(
      said[id]!,
      "is damaged, or was written by another version",
    );
  }
  for (const id of ["66666666", "77777777"]) {
    assertStringIncludes(said[id]!, "is not a file");
  }
  assertEquals(problems.length, 7);
  assertEquals([...Deno.readDirSync(folder)].length, 8);
});

Deno.test("readPairs() says when something else is in the place of the folder", async () => {
  const path = await Deno.makeTempFile();
  const error = await assertRejects(() => readPairs(path), SpreadError);
  assertEquals(error.code, "CANNOT_STORE");
});

Deno.test("takeSlot() takes each slot of a day once, also at once, before it begins again", async () => {
  const folder = await Deno.makeTempDir();
  await writePair(folder, PAIR);
  const take = (time: string) => takeSlot(folder, PAIR, new Date(time));
  const [day, next] = ["2026-11-29", "2026-11-30"];
  const taken = await Promise.all(
    Array.from({ length: 8 }, () => take("2026-11-29T10:00:00Z")),
  );
  assertEquals(taken.map(({ slot }) => slot).sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(await take("2026-11-29T23:59:59Z"), { day, slot: 0 });
  assertEquals(await take("2026-11-30T00:00:00Z"), { day: next, slot: 0 });
  const used = { day: next, count: 1 };
  assertEquals((await readPairs(folder)).pairs, [{ ...PAIR, used }]);
});

Deno.test("removePair() leaves nothing of a pair, which does not come back", async () => {
  const folder = await Deno.makeTempDir();
  await writePair(folder, PAIR);
  // A writer was killed.
  const left = `${folder}/${PAIR.id}.json.0123.new`;
  await Deno.writeTextFile(left, PAIR.seed, { mode: 0o600 });
  assert(await hasPair(folder, PAIR.id));
  await removePair(folder, PAIR.id);
  assert(!await hasPair(folder, PAIR.id));
  const error = await assertRejects(
    () => takeSlot(folder, PAIR, new Date()),
    SpreadError,
  );
  assertEquals(error.code, "NO_PAIR");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assertEquals(names, ["lock"]);
});
