import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../../../lib/errors.ts";
import { readPicks } from "./options.ts";

Deno.test("readPicks() reads numbers and ids, and one for a file", () => {
  const picks = readPicks({ pick: "1,0b9e5a3c,12345678,1" });
  assertEquals(picks, [1, "0b9e5a3c", "12345678"]);
  assertEquals(readPicks({ pick: "2", output: "out" }), [2]);
  assertEquals(readPicks({ output: "out" }), []);
  for (
    const options of [
      { pick: "one" },
      { pick: "1,,2" },
      { pick: "-1" },
      { output: "out", pick: "1,2" },
    ]
  ) {
    const error = assertThrows(() => readPicks(options), SpreadError);
    assertEquals(error.code, "USAGE");
  }
});
