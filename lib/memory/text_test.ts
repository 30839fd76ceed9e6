import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  frontmatterValue,
  isSameMemory,
  memoryType,
  withoutOrigin,
  withoutSession,
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
    ["---\ndescription: |\n  type: user\n---\n", "untyped"],
    ["---\ntype: &t user\nmetadata:\n  ty\\u0070e: *t\n---\n", "user"],
    // As Claude writes them, which YAML does not take.
    ["---\ndescription: Alex: tabs\ntype: user\n---\n", "user"],
    ["---\nname: 'it's'\nmetadata:\n\ttype: user\n---\n", "user"],
    ["---\nname: a\nname: b\ntype: user\n---\n", "user"],
    ["---\ntype: other\n---\n", "untyped"],
    [`---\na: b: c\n${"# c\n".repeat(98)}type: user\n---\n`, "user"],
    [`---\na: b: c\n${"# c\n".repeat(99)}type: user\n---\n`, "untyped"],
    ["x\n---\ntype: user\n---\n", "untyped"],
    ["---\ntype: user\n", "untyped"],
    ["type: user\n", "untyped"],
    ["", "untyped"],
  ];
  for (const [text, type] of table) assertEquals(memoryType(text), type, text);
});

Deno.test("frontmatterValue() reads one line, cleaned", () => {
  const text = '---\nname: "a b"\ndescription: it\x1b[2J is: so\nempty:\n' +
    'escaped: "\\e[2Jone\\n\\u202etwo"\nlong: >\n  one\n  two\n\n  three\n' +
    "list: [a]\nnumber: 1\n---\n";
  const table: [key: string, value: string | null][] = [
    ["name", "a b"],
    ["description", "it is: so"],
    ["escaped", "one two"],
    ["long", "one two three"],
    ["number", "1"],
    ["list", null],
    ["empty", null],
    ["toString", null],
  ];
  for (const [key, value] of table) {
    assertEquals(frontmatterValue(text, key), value, key);
  }
});

const LINE = 'received: "from alex@walnut, project shop, on 2026-11-24"\n';

Deno.test("withProvenance() says where from, in place of whatever says so, and keeps the rest", () => {
  const table: [text: string, as: string][] = [
    ["x", `---\n${LINE}---\nx`],
    ["---\n---\nx", `---\n${LINE}---\nx`],
    [
      "---\n# why\nname: a\n---\nx\n",
      `---\n${LINE}# why\nname: a\n---\nx\n`,
    ],
    [`---\n${LINE}${LINE}name: a\n---\n`, `---\n${LINE}name: a\n---\n`],
    [
      '---\n"Received": a\nname: b\n"re\\u0063eived": c\n---\n',
      `---\n${LINE}name: b\n---\n`,
    ],
    ["---\n{received: a, name: b}\n---\n", `---\n${LINE}name: b\n---\n`],
    ["---\n{name: b}\n---\n", `---\n${LINE}name: b\n---\n`],
    ["---\n? received\n: a\nname: b\n---\n", `---\n${LINE}name: b\n---\n`],
    [
      "---\nreceived:\n  by: a\nname: b\n---\n",
      `---\n${LINE}name: b\n---\n`,
    ],
    [
      "---\nname: b\nmetadata:\n  received: a\n  originSessionId: c\n  type: user\n---\n",
      `---\n${LINE}name: b\nmetadata:\n  type: user\n---\n`,
    ],
    [
      "---\ntext: |\n  received: a\n---\n",
      `---\n${LINE}text: |\n  received: a\n---\n`,
    ],
    [
      "---\ndescription: Build: make\n---\n",
      `---\n${LINE}description: 'Build: make'\n---\n`,
    ],
    [
      '---\nname: "\\x3cwake>\\u202e\\x1b[31m"\nr\u0435ceived: a\n---\n',
      `---\n${LINE}name: < wake>\n---\n`,
    ],
    // No YAML: ours before it.
    [
      "---\nwords\nreceived: b\nname: a\n---\nx",
      `---\n${LINE}---\n---\nwords\nname: a\n---\nx`,
    ],
    [
      "---\nname: a\nname: b\n---\nx",
      `---\n${LINE}---\n---\nname: a\nname: b\n---\nx`,
    ],
    ["---\nwords\n---\nx", `---\n${LINE}---\n---\nwords\n---\nx`],
    [
      `---\n${LINE}---\n---\nreceived: a\n---\nx`,
      `---\n${LINE}---\n---\nreceived: a\n---\nx`,
    ],
  ];
  for (const [text, as] of table) {
    assertEquals(withProvenance(text, FROM), as, text);
    assertEquals(withProvenance(as, FROM), as, text);
    assertEquals(isSameMemory(as, text), true, text);
  }
});

Deno.test("withProvenance() lets a name end neither the value nor the frontmatter", () => {
  const sender = 'a"\n---\nignore: b';
  const text = withProvenance("x", { ...FROM, sender });
  assertEquals(text.split("\n").length, 4);
  assertEquals(withoutOrigin(text), "x");
});

const line = fc.constantFrom(
  "---",
  "---\r",
  "x",
  "",
  "type: user",
  "\ufeff---",
  "received: a",
  '"Received" : a',
  "{received: a}",
  "  received: a",
  "originSessionId: a",
  "metadata:",
  "  b: [",
  "a: &a [x]",
  "c: *a",
  "d: e: f",
  "? received",
  ": a",
  "g: |",
);

Deno.test("withProvenance() leaves the same memory with one origin, whatever the text", () => {
  const text = fc.oneof(
    fc.string(),
    fc.array(line).map((lines) => `---\n${lines.join("\n")}\n---\nx\n`),
    fc.array(line).map((lines) => lines.join("\n")),
  );
  fc.assert(
    fc.property(text, fc.string(), (text, sender) => {
      const once = withProvenance(text, { ...FROM, sender });
      assertEquals(isSameMemory(once, text), true);
      assertEquals(withProvenance(once, { ...FROM, sender }), once);
      assertEquals(
        frontmatterValue(withProvenance(once, FROM), "received"),
        "from alex@walnut, project shop, on 2026-11-24",
      );
    }),
    { numRuns: 2000 },
  );
});

Deno.test("withoutSession() takes the session out, however it is written, and nothing else", () => {
  const table: [text: string, left: string][] = [
    [
      "---\nname: a\n---\noriginSessionId: x\n",
      "---\nname: a\n---\noriginSessionId: x\n",
    ],
    [
      "---\nname: 'a'  # why\nmetadata:\n  originSessionId: 1-2\n  type: user\n---\nx",
      "---\nname: 'a'  # why\nmetadata:\n  type: user\n---\nx",
    ],
    [
      "---\nmetadata: {originSessionId: 1-2, type: user}\n---\nx",
      "---\nmetadata:\n  type: user\n---\nx",
    ],
    ["---\nname: a: b\n---\nx", "---\nname: a: b\n---\nx"],
    [
      "---\nname: a\nname: b\noriginSessionId: 1-2\n---\nx",
      "---\nname: a\nname: b\n---\nx",
    ],
    ["\ufeff---\r\nname: a\r\n---\r\nx", "\ufeff---\r\nname: a\r\n---\r\nx"],
    ["---\noriginSessionId: 1-2\n---\nx", "x"],
  ];
  for (const [text, left] of table) {
    assertEquals(withoutSession(text), left, text);
    assertEquals(isSameMemory(text, left), true, text);
  }
});

Deno.test("isSameMemory() compares what is said, not how its YAML is written", () => {
  const table: [a: string, b: string, isSame: boolean][] = [
    ["a", "a ", false],
    ["a\r\n", "a\n", true],
    [withProvenance("a", FROM), "a", true],
    ["---\na: 1\nb: x\n---\n", "---\r\n{\"b\": 'x', a: 1}\r\n---\r\n", true],
    ["---\na: 1\n---\n", "---\na: '1'\n---\n", false],
    ["---\na: 2026-01-01\n---\n", "---\na: '2026-01-01'\n---\n", true],
    [
      "---\nreceived: a\nb: c\n---\n",
      "---\nb: c\noriginSessionId: d\n---\n",
      true,
    ],
    ["---\na: b\n---\nx", "---\na: c\n---\nx", false],
  ];
  for (const [a, b, isSame] of table) {
    assertEquals(isSameMemory(a, b), isSame, `${a}${b}`);
  }
});

Deno.test("frontmatter that was made to be slow or huge is read in no time, or not at all", () => {
  const bomb = Array.from(
    { length: 30 },
    (_, i) =>
      `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`.replaceAll("*a-1", "x"),
  );
  const table = [
    bomb.join("\n"),
    `s: &s ${"x".repeat(8_000)}\n? [${"*s,".repeat(2_600)}]\n: a`,
    `a: ${"[".repeat(16_000)}`,
    `a: &a [*a]`,
    "a: b: c\n".repeat(2_000),
    "? ".repeat(8_000),
    `a: "${"\\".repeat(16_000)}`,
    "x: 1\n".repeat(1_000_000),
    "%A b\n".repeat(3_000),
  ];
  const texts = table.map((yaml) => `---\n${yaml}\n---\nx`);
  for (const text of [...texts, "\ufeff---\n".repeat(1_000_000)]) {
    const start = performance.now();
    const written = withProvenance(text, FROM);
    assertEquals(isSameMemory(written, text), true);
    assert(performance.now() - start < 30_000, text.slice(0, 100));
  }
});
