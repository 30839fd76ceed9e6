/** Reading of our own JSON files, whatever has become of them. */

import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { readJsonFile } from "./json_file.ts";

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
