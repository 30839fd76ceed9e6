import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import {
  decodeOffer,
  decodeReason,
  encodeOffer,
  encodeReason,
  END_REASONS,
  MAX_JSON_BYTES,
  MAX_PAYLOAD_BYTES,
  type Offer,
} from "./offer.ts";
import { PAYLOAD_KINDS } from "../../payload.ts";

const MINIMAL = {
  kind: "distillation",
  name: "notes.md",
  size: 1,
  sha256: "0123456789abcdef".repeat(4),
  created: "2026-01-02T03:04:05.678Z",
} satisfies Offer;

const FULL = {
  ...MINIMAL,
  sender: "ana@laptop",
  project: "claude-spread",
  git: {
    branch: "main",
    commit: "29f4652bd1b82cf1896d8b02a82ba4ac672b2eb1",
    remote: "git@example.org:ana/claude-spread.git",
  },
} satisfies Offer;

function json(value: unknown): Bytes {
  return utf8(JSON.stringify(value));
}

function assertRefused(body: Bytes): void {
  const error = assertThrows(() => decodeOffer(body), SpreadError);
  assertEquals(error.code, "BAD_MESSAGE");
}

const GOOD: [name: string, offer: Offer][] = [
  ["the least there is", MINIMAL],
  ["everything", FULL],
  ...PAYLOAD_KINDS.map((kind): [string, Offer] => [kind, { ...MINIMAL, kind }]),
  ["the largest size", { ...MINIMAL, size: MAX_PAYLOAD_BYTES }],
  ["a name of 255 characters", { ...MINIMAL, name: "n".repeat(255) }],
  ["a name that looks like a path", { ...MINIMAL, name: "../../etc/passwd" }],
  ["a name beyond ASCII", { ...MINIMAL, name: "노트 é 🔑.md" }],
  ["a sender of 128 characters", { ...MINIMAL, sender: "s".repeat(128) }],
  ["an empty sender", { ...MINIMAL, sender: "" }],
  ["a project of 255 characters", { ...MINIMAL, project: "p".repeat(255) }],
  ["no git state", { ...MINIMAL, git: {} }],
  ["a commit of SHA-256", {
    ...MINIMAL,
    git: { commit: "a".repeat(64) },
  }],
  ["a catalogue", { ...MINIMAL, kind: "session", catalogue: true }],
  ["work beside it", {
    ...MINIMAL,
    work: { size: MAX_PAYLOAD_BYTES, sha256: "f".repeat(64) },
  }],
  ["a choice from it", {
    ...MINIMAL,
    kind: "session",
    choice: "0b9e5a3c-6f1d-4c8e-9a77-2d1c0f4b8e21",
    encoding: "zstd",
  }],
  ["a choice of 64 letters", { ...MINIMAL, choice: "a".repeat(64) }],
  ["texts of the largest size, escaped", {
    ...MINIMAL,
    name: '"'.repeat(255),
    sender: "\\".repeat(128),
    project: "\u{10ffff}".repeat(127),
    git: { branch: "한".repeat(255), remote: "\u2028".repeat(1024) },
  }],
];

for (const [name, offer] of GOOD) {
  Deno.test(`decodeOffer() gives back what encodeOffer() took: ${name}`, () => {
    assertEquals(decodeOffer(encodeOffer(offer)), offer);
  });
}

const BAD_FIELDS: [field: string, value: unknown][] = [
  ["kind", "program"],
  ["kind", "Distillation"],
  ["kind", "__proto__"],
  ["kind", undefined],
  ["name", ""],
  ["name", "n".repeat(256)],
  ["name", "a\nb"],
  ["name", "a\u0000b"],
  ["name", "\u001b[2J"],
  ["name", "a\u007fb"],
  ["name", "a\u0085b"], // C1: next line
  ["name", "a\u009bb"], // C1: starts an escape sequence
  ["name", 42],
  ["name", null],
  ["name", undefined],
  ["size", 0],
  ["size", -1],
  ["size", 0.5],
  ["size", 1.000001],
  ["size", MAX_PAYLOAD_BYTES + 1],
  ["size", 2 ** 53],
  ["size", 1e300],
  ["size", "10"],
  ["size", null],
  ["size", [10]],
  ["size", undefined],
  ["sha256", MINIMAL.sha256.toUpperCase()],
  ["sha256", MINIMAL.sha256.slice(1)],
  ["sha256", `${MINIMAL.sha256}0`],
  ["sha256", `${MINIMAL.sha256.slice(1)}g`],
  ["sha256", `${MINIMAL.sha256}\n`],
  ["sha256", undefined],
  ["created", "yesterday"],
  ["created", "2026-01-02"],
  ["created", "2026-01-02T03:04:05+05"],
  ["created", 1_767_323_045],
  ["created", undefined],
  ["sender", "s".repeat(129)],
  ["sender", "a\tb"],
  ["sender", null],
  ["catalogue", false],
  ["catalogue", "true"],
  ["choice", ""],
  ["choice", "a".repeat(65)],
  ["choice", "../a"],
  ["choice", "a b"],
  ["choice", 1],
  ["encoding", "gzip"],
  ["encoding", null],
  ["project", "p".repeat(256)],
  ["project", "a\rb"],
  ["work", null],
  ["work", true],
  ["work", {}],
  ["work", { size: 1 }],
  ["work", { sha256: MINIMAL.sha256 }],
  ["work", { size: 0, sha256: MINIMAL.sha256 }],
  ["work", { size: MAX_PAYLOAD_BYTES + 1, sha256: MINIMAL.sha256 }],
  ["work", { size: 1, sha256: MINIMAL.sha256.slice(1) }],
  ["git", null],
  ["git", "main"],
  ["git", { branch: "b".repeat(256) }],
  ["git", { branch: "a\u001bb" }],
  ["git", { commit: "29f4652" }],
  ["git", { commit: "A".repeat(40) }],
  ["git", { commit: "a".repeat(41) }],
  ["git", { remote: "r".repeat(1025) }],
  ["git", { remote: "a\u0007b" }],
];

Deno.test("decodeOffer() refuses fields that are not as agreed", async (t) => {
  for (const [field, value] of BAD_FIELDS) {
    const label = JSON.stringify({ [field]: value }).slice(0, 60);
    await t.step(`${field}: ${label}`, () => {
      assertRefused(json({ ...FULL, [field]: value }));
    });
  }
});

const BAD_BODIES: [name: string, body: Bytes][] = [
  ["nothing", utf8("")],
  ["no JSON", utf8("{kind:1}")],
  ["JSON and more", utf8(`${JSON.stringify(MINIMAL)} x`)],
  ["an array", json([MINIMAL])],
  ["null", utf8("null")],
  ["a number", utf8("1")],
  ["a string", json(JSON.stringify(MINIMAL))],
  ["an empty object", utf8("{}")],
  ["deep nesting", utf8("[".repeat(16_000))],
  [
    "fields that are only inherited",
    utf8(`{"__proto__":${JSON.stringify(MINIMAL)}}`),
  ],
  ["invalid UTF-8", withBytes(0xff)],
  ["a lone surrogate in UTF-8", withBytes(0xed, 0xa0, 0x80)],
  ["an overlong slash", withBytes(0xc0, 0xaf)],
  ["UTF-16", utf16(JSON.stringify(MINIMAL))],
];

/** The minimal offer with these bytes inside its name. */
function withBytes(...bytes: number[]): Bytes {
  const [head, tail] = JSON.stringify(MINIMAL).split("notes");
  return concatBytes(utf8(head!), Uint8Array.from(bytes), utf8(tail!));
}

function utf16(text: string): Bytes {
  return Uint8Array.from([...text].flatMap((char) => [char.charCodeAt(0), 0]));
}

for (const [name, body] of BAD_BODIES) {
  Deno.test(`decodeOffer() refuses ${name}`, () => assertRefused(body));
}

Deno.test("decodeOffer() takes a body of 16 KiB and not one byte more", () => {
  const fill = MAX_JSON_BYTES - json({ ...MINIMAL, x: "" }).length;
  const largest = json({ ...MINIMAL, x: "x".repeat(fill) });
  assertEquals(largest.length, 16 * 1024);
  assertEquals(decodeOffer(largest), MINIMAL);
  assertRefused(concatBytes(largest, utf8(" ")));
});

Deno.test("decodeOffer() drops fields it does not know, here and below", () => {
  const more = { ...FULL, later: 1, git: { ...FULL.git, tag: "v9" } };
  assertEquals(decodeOffer(json(more)), FULL);
});

Deno.test("decodeOffer() lets no field reach a prototype", () => {
  const text = JSON.stringify(MINIMAL).replace(
    "{",
    '{"__proto__":{"project":"x","polluted":1},"constructor":{"prototype":{"polluted":1}},',
  );
  const offer = decodeOffer(utf8(text));
  assertEquals(offer, MINIMAL);
  assertEquals(Object.getPrototypeOf(offer), Object.prototype);
  assertEquals(offer.project, undefined);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("decodeOffer() gives an offer that can be encoded again or BAD_MESSAGE, for any JSON", () => {
  const fields = fc.record({
    kind: fc.constantFrom(...PAYLOAD_KINDS, "x"),
    name: fc.string({ unit: "binary", maxLength: 260 }),
    size: fc.oneof(fc.integer(), fc.double()),
    sha256: fc.constant(MINIMAL.sha256),
    created: fc.constant(MINIMAL.created),
    git: fc.jsonValue(),
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(fc.jsonValue(), fields), (value) => {
    let offer: Offer;
    try {
      offer = decodeOffer(json(value));
    } catch (error) {
      assertEquals((error as SpreadError).code, "BAD_MESSAGE");
      return;
    }
    assertEquals(decodeOffer(encodeOffer(offer)), offer);
  }));
});

for (const reason of END_REASONS) {
  Deno.test(`decodeReason() gives back ${reason}`, () => {
    assertEquals(decodeReason(encodeReason(reason)), reason);
  });
}

Deno.test("decodeReason() takes a reason it does not know for a plain no", () => {
  for (const text of ['{"reason":"bored"}', '{"reason":null}', "{}"]) {
    assertEquals(decodeReason(utf8(text)), "declined");
  }
});

Deno.test("decodeReason() refuses what is no object, or too long", () => {
  for (const text of ["", "null", "[]x", '"changed"', " ".repeat(16_385)]) {
    const error = assertThrows(() => decodeReason(utf8(text)), SpreadError);
    assertEquals(error.code, "BAD_MESSAGE");
  }
});
