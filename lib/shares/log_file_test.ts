import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../errors.ts";
import { LogFile } from "./log_file.ts";

Deno.test("LogFile takes messages up to its size, then says once that it is full", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/a.log`;
    using log = new LogFile(path, 200);
    const line = new TextEncoder().encode(`${"x".repeat(49)}\n`);
    for (let i = 0; i < 10; i++) assertEquals(log.writeSync(line), 50);
    const text = await Deno.readTextFile(path);
    assertEquals(text.length <= 200, true);
    assertEquals(text.match(/^x/gm)?.length, 2);
    assertEquals(text.match(/this log is full/g)?.length, 1);
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
    const error = assertThrows(() => new LogFile(`${folder}/no/a.log`));
    assertEquals(SpreadError.is(error, "CANNOT_STORE"), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
