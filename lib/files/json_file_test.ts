/** Our own JSON files, intact, changed or gone. */

import { assertEquals, assertRejects } from "@std/assert";
import * as v from "valibot";
import { readJsonFile, writeJsonFile } from "./json_file.ts";

Deno.test("readJsonFile() reads what fits, and nothing else", async () => {
  const path = await Deno.makeTempFile();
  const schema = v.object({ id: v.string() });
  const table: [text: string, found: unknown][] = [
    ['{"id":"a"}', { id: "a" }],
    ['{"id":"a","later":1}', { id: "a" }],
    ['{"id":1}', null],
    ['{"id":', null],
    ["", null],
    [`{"id":"${"a".repeat(12)}"}`, null],
  ];
  for (const [text, found] of table) {
    await Deno.writeTextFile(path, text);
    assertEquals(await readJsonFile(path, schema, 20), found, text);
  }
  await Deno.remove(path);
  assertEquals(await readJsonFile(path, schema, 20), null);
});

Deno.test("writeJsonFile() makes the folder, takes the place of what was there, and leaves nothing else behind", async () => {
  const parent = await Deno.makeTempDir();
  const folder = `${parent}/made/here`;
  try {
    for (const value of [{ id: "a" }, { id: "b" }]) {
      await writeJsonFile(folder, "x.json", value);
      const text = await Deno.readTextFile(`${folder}/x.json`);
      assertEquals(JSON.parse(text), value);
    }
    await Deno.mkdir(`${folder}/taken.json`);
    await assertRejects(() => writeJsonFile(folder, "taken.json", {}));
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assertEquals(names.sort(), ["taken.json", "x.json"]);
    if (Deno.build.os === "windows") return;
    assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700);
    assertEquals(Deno.statSync(`${folder}/x.json`).mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});
