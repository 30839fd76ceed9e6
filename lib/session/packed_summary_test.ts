import { assertEquals, assertRejects } from "@std/assert";
import { zstdCompressSync } from "node:zlib";
import { concatBytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { BytesPayload } from "../files/payload/source.ts";
import {
  assistant,
  type Fields,
  packedLines,
  TALK,
  user,
} from "../testing/session.ts";
import { encodeCatalogue } from "./catalogue.ts";
import { PackedSecrets } from "./packed_secrets.ts";
import { readAllowed } from "../secrets/project/allow.ts";
import { openScanner } from "../secrets/scanner.ts";
import { summarizePacked } from "./packed_summary.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const ID = "0a1b2c3d-0000-4000-8000-000000000001";

/** A packed session as a payload. */
function payload(lines: (Fields | string)[]): BytesPayload {
  const [head, ...body] = lines.map((line) =>
    typeof line === "string" ? line : JSON.stringify(line)
  );
  const rest = utf8(`${body.join("\n")}\n`);
  const isPacked = head!.includes("zstd");
  return new BytesPayload(concatBytes(
    utf8(`${head}\n`),
    isPacked ? new Uint8Array(zstdCompressSync(rest)) : rest,
  ));
}

for (const encoding of ["identity", "zstd"]) {
  Deno.test(`summarizePacked() tells what a person recognizes the session by, with ${encoding}`, async () => {
    const packed = payload(packedLines(
      [...TALK, { type: "system", subtype: "compact_boundary" }, "{broken"],
      {
        head: { encoding },
        companions: [{ part: "subagent", name: "b" }, user("s1", null, "Look")],
      },
    ));
    assertEquals(await summarizePacked(packed, NOW), {
      id: ID,
      title: "Doors",
      firstPrompt: "Hello",
      messages: 2,
      modified: "2026-05-01T10:00:00.000Z",
      bytes: packed.size,
      branch: "",
      project: "/home/alex/app",
    });
  });
}

const TOKEN = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";

Deno.test("summarizePacked() searches all of a session for secrets, also what no receiver reads", async () => {
  const token = TOKEN;
  const table: (Fields | string)[][] = [
    packedLines([...TALK, user("u9", "a1", token)]),
    packedLines([...TALK, { type: "system", note: { deep: [token] } }]),
    packedLines([...TALK, `{broken ${token}`]),
    packedLines(TALK, { head: { note: token } }),
    packedLines(TALK, { facts: { note: token } }),
    packedLines([...TALK, { ...TALK[1]!, timestamp: token }]),
  ];
  for (const [index, lines] of table.entries()) {
    const secrets = new PackedSecrets(openScanner(), "a.jsonl");
    await summarizePacked(payload(lines), NOW, { secrets });
    assertEquals(secrets.places.map(({ rule }) => rule), ["github-token"]);
    const { part } = secrets.places[0]!;
    assertEquals(
      part,
      index === 0 ? "the conversation" : "what no receiver reads",
    );
  }
  const secrets = new PackedSecrets(openScanner(), "a.jsonl");
  await summarizePacked(payload(packedLines(TALK)), NOW, { secrets });
  assertEquals(secrets.places, []);
});

Deno.test("summarizePacked() tells a secret of the conversation once, when most of a session is what no receiver reads", async () => {
  const long = { type: "system", note: "word ".repeat(20_000) };
  const lines = packedLines([...TALK, user("u9", "a1", TOKEN), long]);
  const secrets = new PackedSecrets(openScanner(), "a.jsonl");
  await summarizePacked(payload(lines), NOW, { secrets });
  const parts = secrets.places.map(({ part }) => part);
  assertEquals(parts, ["the conversation"]);
});

Deno.test("summarizePacked() counts no secret that the project allows in the packed session", async () => {
  const project = await Deno.makeTempDir();
  const allow = [{ rule: "github-token", path: "a.jsonl" }];
  const text = JSON.stringify({ allow });
  await Deno.writeTextFile(`${project}/.claude-spread.json`, text);
  const scanner = openScanner({ allow: await readAllowed(project) });
  const lines = packedLines([...TALK, user("u9", "a1", TOKEN)]);
  for (const [name, count] of [["a.jsonl", 0], ["b.jsonl", 1]] as const) {
    const secrets = new PackedSecrets(scanner, name);
    await summarizePacked(payload(lines), NOW, { secrets });
    assertEquals(secrets.places.length, count);
  }
  await Deno.remove(project, { recursive: true });
});

Deno.test("summarizePacked() gives what a catalogue can hold, whatever the session states", async () => {
  const timeless = TALK.map((line) => ({ ...line, timestamp: "yesterday" }));
  const packed = payload(packedLines(timeless, {
    facts: { id: "../../etc/passwd", title: " ", project: "\x1b[31m" },
  }));
  const summary = await summarizePacked(packed, NOW);
  assertEquals(
    [summary.id, summary.title, summary.modified],
    [packed.sha256, "Hello", NOW.toISOString()],
  );
  encodeCatalogue([summary]);
});

const REFUSED: [what: string, lines: (Fields | string)[], why: string][] = [
  ["no end", packedLines(TALK, { end: null }), "it is not complete"],
  ["more after the end", [...packedLines(TALK), TALK[0]!], "after its end"],
  ["no message", packedLines([]), "there is no conversation in it"],
  [
    "only companions",
    packedLines([], { companions: [{ part: "subagent", name: "b" }, ...TALK] }),
    "there is no conversation in it",
  ],
  ["no facts", packedLines(TALK).toSpliced(1, 1), "out of order"],
  ["facts twice", packedLines([packedLines([])[1]!]), "out of order"],
  ["an unknown part", packedLines([{ part: "hook" }]), "an unknown part"],
  ["another version", packedLines(TALK, { head: { version: 2 } }), "version 2"],
  ["a document", ["# Notes"], "it is not a packed session"],
];

for (const [what, lines, why] of REFUSED) {
  Deno.test(`summarizePacked() refuses ${what}`, async () => {
    const error = await assertRejects(
      () => summarizePacked(payload(lines), NOW),
      SpreadError,
      why,
    );
    assertEquals(error.code, "SESSION_REFUSED");
  });
}

Deno.test("summarizePacked() refuses a compressed session that is cut off", async () => {
  const lines = packedLines(
    [...TALK, assistant("a2", "u1", crypto.randomUUID().repeat(100))],
    { head: { encoding: "zstd" } },
  );
  const whole = payload(lines);
  const [bytes] = await Array.fromAsync(whole.read(0));
  for (const length of [whole.size - 1, whole.size - 40]) {
    const cut = new BytesPayload(bytes!.slice(0, length));
    await assertRejects(() => summarizePacked(cut, NOW), SpreadError);
  }
});
