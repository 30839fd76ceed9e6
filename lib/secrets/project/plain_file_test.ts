import { assert, assertEquals } from "@std/assert";
import { readPlainFile } from "./plain_file.ts";

Deno.test("readPlainFile() reads a file of the largest size as a whole, and the beginning of a larger one", async () => {
  const path = await Deno.makeTempFile();
  for (
    const [size, isWhole] of [[9_999, true], [10_000, true], [10_001, false]]
  ) {
    const text = "x".repeat(Number(size));
    await Deno.writeTextFile(path, text);
    const expected = { text: text.slice(0, 10_000), isWhole };
    assertEquals(await readPlainFile(path, 10_000), expected, `${size}`);
  }
  await Deno.remove(path);
});

Deno.test({
  name: "readPlainFile() reads all of a file that says that it is empty",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const path = "/proc/kallsyms";
    assertEquals((await Deno.stat(path)).size, 0);
    const { text, isWhole } = await readPlainFile(path, 20_000);
    assert(text.length > 4096);
    assertEquals(isWhole, false);
  },
});
