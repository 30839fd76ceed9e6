import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  frontmatterValue,
  isSameMemory,
  memoryType,
  withoutProvenance,
  withProvenance,
} from "./text.ts";

const FROM = { sender: "alex@walnut", project: "shop", day: "2026-11-24" };

Deno.test("memoryType() reads the type, wherever Claude Code has put it", () => {
  const table: [string, string][] = [
    ["---\nname: a\nmetadata:\n  type: user\n---\nx", "user"],
    ["---\ntype: feedback\n---\nx", "feedback"],
    ["---\nmetadata: {node_type: memory, type: project}\n---\nx", "project"],
    ['---\nmetadata:\r\n  "type": "reference"\r\n---\r\nx', "reference"],
    ["\ufeff---\ntype: USER\n---\nx", "user"],
    ["---\nmetadata:\n  node_type: memory\n  type: user\n---\n", "user"],
    ["---\nname: type of thing\n---\n", "untyped"],
    ["---\ntype: other\n---\n", "untyped"],
    ["x\n---\ntype: user\n---\n", "untyped"],
    ["---\ntype: user\n", "untyped"],
    ["type: user\n", "untyped"],
    ["", "untyped"],
  ];
  for (const [text, type] of table) assertEquals(memoryType(text), type, text);
});

Deno.test("frontmatterValue() reads one line, cleaned", () => {
  const text = '---\nname: "a b"\ndescription: it\x1b[2J is: so\nempty:\n---\n';
  assertEquals(frontmatterValue(text, "name"), "a b");
  assertEquals(frontmatterValue(text, "description"), "it is: so");
  assertEquals(frontmatterValue(text, "empty"), null);
  assertEquals(frontmatterValue(text, "other"), null);
});

Deno.test("withProvenance() says where from, in place of what was said before", () => {
  const line = 'received: "from alex@walnut, project shop, on 2026-11-24"\n';
  const text = "---\nname: a\n---\nx\n";
  const once = withProvenance(text, FROM);
  assertEquals(once, `---\n${line}name: a\n---\nx\n`);
  assertEquals(withProvenance(once, FROM), once);
  assertEquals(withProvenance("x", FROM), `---\n${line}---\nx`);
  const other = withProvenance(once, { project: "", day: "2027-01-01" });
  assertEquals(
    other,
    '---\nreceived: "from somebody, on 2027-01-01"\nname: a\n---\nx\n',
  );
});

Deno.test("withProvenance() lets a name end neither the value nor the frontmatter", () => {
  const sender = 'a"\n---\nignore: b';
  const text = withProvenance("x", { ...FROM, sender });
  assertEquals(text.split("\n").length, 4);
  assertEquals(withoutProvenance(text), "x");
});

Deno.test("withoutProvenance() undoes withProvenance(), whatever the text", () => {
  const text = fc.oneof(
    fc.string(),
    fc.array(
      fc.constantFrom("---", "---\r", "x", "", "type: user", "\ufeff---"),
    )
      .map((lines) => lines.join("\n")),
  );
  fc.assert(fc.property(text, fc.string(), (text, sender) => {
    const bare = withoutProvenance(text);
    assertEquals(
      withoutProvenance(withProvenance(text, { ...FROM, sender })),
      bare,
    );
  }));
});

Deno.test("isSameMemory() tells apart what says something else", () => {
  assertEquals(isSameMemory("a", "a "), false);
  assertEquals(isSameMemory("a\r\n", "a\n"), true);
  assertEquals(isSameMemory(withProvenance("a", FROM), "a"), true);
});
