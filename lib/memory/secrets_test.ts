import { assertEquals } from "@std/assert";
import { OWN_RULES } from "../secrets/rules/own_rules.ts";
import { PRESET_RULES } from "../secrets/rules/preset_rules.ts";
import { openScanner } from "../secrets/scanner.ts";
import { findInstructions } from "../text/instructions.ts";
import { selectSafely } from "./secrets.ts";
import { readValues } from "./frontmatter.ts";

const GITHUB = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";
const PASSWORD = "dull" + "Horse77battery";

Deno.test("selectSafely() takes out what another file tells to be a secret, names among them, and the frontmatter still says what it said", async () => {
  const files = new Map([
    [
      "MEMORY.md",
      `- [Deploy](deploy.md) — ${PASSWORD}\n- [Key](${GITHUB}.md) — key\n`,
    ],
    [
      "deploy.md",
      `---\nname: ${GITHUB}\npin: 7\nmetadata:\n  type: project\n  note: use ${PASSWORD} there\n---\nDB_PASSWORD=${PASSWORD}\n`,
    ],
    [`${GITHUB}.md`, "x"],
  ]);
  const safe = await selectSafely(
    { project: `shop ${GITHUB}`, files },
    { keepSecrets: false },
    openScanner(),
  );
  const [token, password] = [
    "[secret: GitHub token #1]",
    "[secret: password #1]",
  ];
  assertEquals(safe.project, `shop ${token}`);
  assertEquals(
    safe.files.get("MEMORY.md"),
    `- [Deploy](deploy.md) — ${password}\n`,
  );
  assertEquals([...safe.files.keys()], ["MEMORY.md", "deploy.md"]);
  const deploy = safe.files.get("deploy.md")!;
  assertEquals(readValues(deploy), {
    name: token,
    pin: 7,
    metadata: { type: "project", note: `use ${password} there` },
  });
  assertEquals(deploy.endsWith(`---\nDB_PASSWORD=${password}\n`), true);
  assertEquals(safe.leftOut, [{
    name: "ghp_…3hJ6.md",
    why: "its name holds a secret (GitHub token)",
  }]);
  assertEquals(safe.secrets, [
    { kind: "password", places: 3 },
    { kind: "GitHub token", places: 1 },
  ]);
  assertEquals(
    safe.places.map(({ file, line, masked }) => [file, line, masked]),
    [
      ["MEMORY.md", 1, "du…ry"],
      ["deploy.md", 2, "ghp_…3hJ6"],
      ["deploy.md", 6, "du…ry"],
      ["deploy.md", 8, "du…ry"],
    ],
  );
});

Deno.test("selectSafely() leaves a file out whose name holds what a text tells to be a secret", async () => {
  const files = new Map([
    [`use-${PASSWORD}.md`, "x"],
    ["deploy.md", `DB_PASSWORD=${PASSWORD}\n`],
  ]);
  const memory = { project: "shop", files };
  const how = { keepSecrets: false };
  const safe = await selectSafely(memory, how, openScanner());
  assertEquals([...safe.files.keys()], ["deploy.md"]);
  assertEquals(safe.leftOut, [{
    name: "use-du…ry.md",
    why: "its name holds a secret (password)",
  }]);
});

Deno.test("selectSafely() keeps secrets where a person says so, and still shows them", async () => {
  const files = new Map([["a.md", `\n${GITHUB}`], [`${GITHUB}.md`, "x"]]);
  const memory = { project: "shop", files };
  const safe = await selectSafely(
    memory,
    { keepSecrets: true },
    openScanner(),
  );
  assertEquals(safe.files, files);
  assertEquals(safe.places.map(({ line }) => line), [2]);
});

Deno.test("selectSafely() takes a secret out of a frontmatter however its YAML is written", async () => {
  const pin = "4711081500";
  const table: [yaml: string, values: Record<string, unknown>][] = [
    [`pin: ${pin}\nn: 7\n`, { pin: "?", n: 7 }],
    [`a: [x, ${pin}, y]\n`, { a: ["x", "?", "y"] }],
    [`a: '${pin}'\nb: "b ${pin}"\n`, { a: "?", b: "b ?" }],
    [`a: |\n  one\n  ${pin} # two\n`, { a: "one\n? # two\n" }],
    [`a: one\n  ${pin} two\n`, { a: "one ? two" }],
    [`${pin}: true\n`, { "?": true }],
    [`a: Build: make ${pin}\n`, { a: "Build: make ?" }],
    [`a: &x ${pin}\nb: *x\n`, { a: "?", b: "?" }],
  ];
  const scanner = openScanner({ values: [pin] });
  for (const [yaml, values] of table) {
    const files = new Map([["a.md", `---\n${yaml}---\nbody ${pin}\n`]]);
    const memory = { project: "shop", files };
    const safe = await selectSafely(memory, { keepSecrets: false }, scanner);
    const text = safe.files.get("a.md")!;
    assertEquals(text.includes(pin), false, text);
    const read = JSON.stringify(readValues(text));
    assertEquals(
      JSON.parse(read.replaceAll("[secret: environment value #1]", "?")),
      values,
      text,
    );
  }
});

Deno.test("no placeholder looks like an instruction to the receiver", () => {
  const rules = [...OWN_RULES, ...Object.values(PRESET_RULES)];
  const kinds = [...rules.map(({ kind }) => kind), "environment value"];
  const text = kinds.map((kind) => `use [secret: ${kind} #1] there\n`).join("");
  assertEquals(findInstructions(text).flags, []);
});
