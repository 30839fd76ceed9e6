import { assertEquals, assertRejects } from "@std/assert";
import { utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { BytesPayload } from "../files/payload/source.ts";
import { addFacts, MAX_DOCUMENT_BYTES, readDocument } from "./document.ts";
import { type ProjectFacts } from "./project_facts.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const CREATED = new Date("2026-11-23T01:02:03.004Z");

function document(facts: Partial<ProjectFacts>, text: string): string {
  return addFacts(text, { project: "x", changedFiles: [], ...facts }, CREATED);
}

Deno.test("addFacts() puts the facts under the title, or first", () => {
  const section = [
    "## Facts",
    "",
    "- Shared: 2026-11-23T01:02:03.004Z",
    "- Project: x",
    "",
  ].join("\n");
  const table = [
    ["# Title\n\nBody\n", `# Title\n\n${section}\nBody\n`],
    ["# Title\n\n\nBody", `# Title\n\n\n${section}\nBody`],
    ["# Title\n", `# Title\n${section}\n`],
    ["Body\n# Later\n", `${section}\nBody\n# Later\n`],
    ["## No title\n", `${section}\n## No title\n`],
    ["#hashtag\n", `${section}\n#hashtag\n`],
  ];
  for (const [text, expected] of table) {
    assertEquals(document({}, text!), expected);
  }
});

Deno.test("addFacts() says what git knows, and counts files beyond the fiftieth", () => {
  const files = Array.from({ length: 52 }, (_, i) => `M  ${i}.ts`);
  const git = { branch: "main", commit: COMMIT, remote: "https://host/x" };
  assertEquals(
    document({ git, changedFiles: files }, "Body").split("\n").slice(3, -2),
    [
      "- Project: x",
      "- Branch: main",
      `- Commit: ${COMMIT}`,
      "- Remote: https://host/x",
      "- Not committed: 52 files",
      ...files.slice(0, 50).map((file) => `  - ${file}`),
      "  - and 2 more",
    ],
  );
  const few: [Partial<ProjectFacts>, string[]][] = [
    [{ git: {} }, [
      "- Branch: none (detached)",
      "- Commit: none yet",
      "- Not committed: nothing",
    ]],
    [{ git: { branch: "b" }, changedFiles: ["?? a"] }, [
      "- Branch: b",
      "- Commit: none yet",
      "- Not committed: 1 file",
      "  - ?? a",
    ]],
  ];
  for (const [facts, lines] of few) {
    assertEquals(document(facts, "Body").split("\n").slice(4, -2), lines);
  }
});

Deno.test("readDocument() takes text up to its limit, and nothing else", async () => {
  const table: [Uint8Array<ArrayBuffer>, string][] = [
    [utf8("x".repeat(MAX_DOCUMENT_BYTES + 1)), "PAYLOAD_TOO_LARGE"],
    [Uint8Array.of(0x63, 0xe9), "PAYLOAD_UNREADABLE"],
  ];
  for (const [bytes, code] of table) {
    const error = await assertRejects(
      () => readDocument(new BytesPayload(bytes)),
      SpreadError,
    );
    assertEquals(error.code, code);
  }
  const limit = utf8("é".repeat(MAX_DOCUMENT_BYTES / 2));
  const text = await readDocument(new BytesPayload(limit));
  assertEquals(text.length, MAX_DOCUMENT_BYTES / 2);
});
