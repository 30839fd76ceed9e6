import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import { ALLOW_FILE, type Allowed, hashOf, readAllowed } from "./allow.ts";
import { openScanner } from "../scanner.ts";
import { Random } from "../testing/random.ts";

const random = new Random(3);
const GITHUB = `ghp_${random.text("base62", 36)}`;
const STRIPE = `sk_live_${random.text("base62", 24)}`;

/** Reads an allow file with this text. */
async function readText(text: string | Uint8Array): Promise<Allowed | null> {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = typeof text === "string"
      ? new TextEncoder().encode(text)
      : text;
    await Deno.writeFile(`${folder}/${ALLOW_FILE}`, bytes);
    return await readAllowed(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The rules that find something in a file, in spite of entries. */
async function rulesAt(entries: unknown[], path?: string): Promise<string[]> {
  const allow = await readText(JSON.stringify({ allow: entries }));
  const findings = await openScanner({ allow }).scan(
    [`${GITHUB} ${STRIPE}`],
    path,
  );
  return findings.map(({ rule }) => rule);
}

Deno.test("scan() leaves out a value whose hash is allowed, everywhere", async () => {
  const sha256 = await hashOf(GITHUB);
  assertEquals(await rulesAt([{ sha256 }]), ["secretlint-stripe"]);
  assertEquals(
    await rulesAt([{ sha256: sha256.toUpperCase() }], "notes.md"),
    ["secretlint-stripe"],
  );
  assertEquals((await rulesAt([{ sha256: await hashOf("else") }])).length, 2);
});

Deno.test("scan() leaves out a rule in the files for which it is allowed", async () => {
  const cases: [path: string, at: string | undefined, isAllowed: boolean][] = [
    ["notes.md", "notes.md", true],
    ["notes.md", "docs/notes.md", true],
    ["docs/notes.md", "docs/notes.md", true],
    ["docs/notes.md", "notes.md", false],
    ["docs/*", "docs/a/notes.md", true],
    ["*.md", "notes.md", true],
    ["*.md", "notes.mdx", false],
    ["n*t*s.md", "notes.md", true],
    ["no*otes.md", "notes.md", false],
    ["*", "anything", true],
    ["*", undefined, false],
    ["notes.m.", "notes.md", false],
  ];
  for (const [path, at, isAllowed] of cases) {
    const rules = await rulesAt([{ rule: "github-token", path }], at);
    const expected = isAllowed
      ? ["secretlint-stripe"]
      : ["github-token", "secretlint-stripe"];
    assertEquals(rules, expected, `${path} at ${at}`);
  }
});

Deno.test("readAllowed() says what is wrong with a broken file", async () => {
  const cases: [text: string | Uint8Array, why: string][] = [
    ["{", "it is not JSON"],
    ["[]", "it is not a JSON object"],
    ['{"allow": {}}', '"allow"'],
    ['{"allow": [{"sha256": "abc"}]}', '"allow.0.sha256"'],
    ['{"allow": [{"rule": "jwt"}]}', '"allow.0'],
    ['{"allow": [{"rule": "jwt", "path": ""}]}', '"allow.0.path"'],
    ['{"allow": [{"rule": "jwt", "path": "a", "also": 1}]}', '"allow.0'],
    [new Uint8Array(300_000).fill(32), "it is too large"],
  ];
  for (const [text, why] of cases) {
    const error = await assertRejects(() => readText(text), SpreadError);
    assertEquals(error.code, "USAGE");
    assertStringIncludes(error.message, ALLOW_FILE);
    assertStringIncludes(error.message, why);
    assertStringIncludes(error.hint, "correct it or move it away");
  }
});

Deno.test("readAllowed() returns null without a file, and ignores what later versions add to it", async () => {
  assertEquals(await readAllowed("/nowhere/at/all"), null);
  assertEquals(await readText('{"later": true}') === null, false);
});

Deno.test({
  name: "readAllowed() refuses a link to a device instead of reading it",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    await Deno.symlink("/dev/zero", `${folder}/${ALLOW_FILE}`);
    await assertRejects(
      () => readAllowed(folder),
      SpreadError,
      "it is not a file",
    );
    await Deno.remove(folder, { recursive: true });
  },
});
