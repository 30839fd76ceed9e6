import { assertEquals } from "@std/assert";
import { selectMemories } from "./select.ts";

const of = (type: string) => `---\nmetadata:\n  type: ${type}\n---\n`;

const TEXTS = new Map([
  [
    "MEMORY.md",
    "# A\r\n- [U](user.md)\r\n  likes tabs\r\n- [P](Project.md)\r\n\r\nSee [P](Project.md)\r\nand [U](User.md).\r\n",
  ],
  ["user.md", of("user")],
  ["Project.md", of("project")],
  ["plain.md", "x"],
]);

Deno.test("selectMemories() sends everything as it is, when nothing is left out", () => {
  assertEquals(selectMemories(TEXTS, {}), TEXTS);
  const all = selectMemories(TEXTS, { except: ["reference"] });
  assertEquals(all.get("MEMORY.md"), TEXTS.get("MEMORY.md"));
});

Deno.test("selectMemories() leaves out files, and the parts of the index that lead to them", () => {
  const selected = selectMemories(TEXTS, { except: ["user"] });
  assertEquals([...selected.keys()], ["MEMORY.md", "Project.md", "plain.md"]);
  assertEquals(selected.get("MEMORY.md"), "# A\r\n- [P](Project.md)\r\n");
});
