import { assertEquals } from "@std/assert";
import { KeyReader } from "../cli/ask/keys.ts";
import { textOf } from "../cli/ask/line.ts";
import { nameState, stepName } from "./own_name.ts";

const FORM =
  "A name has 1 to 32 lowercase letters and digits, with -, _ and . between them";

for (
  const [keys, line, note, answer] of [
    ["\r", "oak", "", "oak"],
    ["-2", "oak-2", "", null],
    ["-2\r", "oak-2", "", "oak-2"],
    ["\x15pine \r", "pine", "", "pine"],
    // What would be a name comes first; a second Enter takes it.
    ["\x15My Laptop\r", "my-laptop", `Enter takes my-laptop. ${FORM}`, null],
    ["\x15My Laptop\r\r", "my-laptop", "", "my-laptop"],
    ["\x15\r", "", FORM, null],
    ["\x15🎉\r", "🎉", FORM, null],
    ["\x15🎉\rx", "🎉x", "", null],
  ] as const
) {
  Deno.test(`stepName() after ${JSON.stringify(keys)} shows ${JSON.stringify(line)}`, () => {
    const state = new KeyReader().read(new TextEncoder().encode(keys))
      .reduce(stepName, nameState("oak"));
    assertEquals(
      [textOf(state.line), state.note, state.answer],
      [line, note, answer],
    );
  });
}
