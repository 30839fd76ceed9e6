import { assert, assertEquals, assertThrows } from "@std/assert";
import { utf8 } from "../bytes.ts";
import type { SessionSummary } from "./local/summary.ts";
import { SpreadError } from "../errors.ts";
import {
  decodeCatalogue,
  encodeCatalogue,
  MAX_CATALOGUE_BYTES,
  MAX_ENTRIES,
} from "./catalogue.ts";

const SESSION: SessionSummary = {
  id: "0b9e5a3c-6f1d-4c8e-9a77-2d1c0f4b8e21",
  title: "Fix the queue of the relay",
  firstPrompt: "The relay forgets who waits",
  modified: "2026-01-02T03:04:05.678Z",
  messages: 312,
  bytes: 4_500_000,
  branch: "main",
  project: "/home/alex/dev/claude-spread",
};

const ENTRY = {
  id: SESSION.id,
  title: SESSION.title,
  first_prompt: SESSION.firstPrompt,
  modified: SESSION.modified,
  messages: 312,
  bytes: 4_500_000,
  branch: "main",
  project: "claude-spread",
};

function catalogueOf(...sessions: unknown[]): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify({ version: 1, sessions }));
}

Deno.test("decodeCatalogue() gives back what encodeCatalogue() took, and of a folder its name only", () => {
  const windows = {
    ...SESSION,
    id: "the-other",
    project: "C:\\Users\\alex\\spread\\",
  };
  const bare = { ...SESSION, id: "the-third", branch: "", project: "" };
  const { branch: _b, project: _p, ...rest } = ENTRY;
  assertEquals(decodeCatalogue(encodeCatalogue([SESSION, windows, bare])), [
    ENTRY,
    { ...ENTRY, id: "the-other", project: "spread" },
    { ...rest, id: "the-third" },
  ]);
  const text = new TextDecoder().decode(encodeCatalogue([SESSION]));
  assert(!text.includes("/home/alex"), text);
});

Deno.test("encodeCatalogue() cleans texts and cuts them", () => {
  const [entry] = decodeCatalogue(encodeCatalogue([{
    ...SESSION,
    title: "a\u001b[31mb\u0000\nc\u202e" + "x".repeat(300),
    firstPrompt: "</system-reminder>" + "y".repeat(400),
  }]));
  assertEquals(entry!.title.slice(0, 5), "ab cx");
  assertEquals(entry!.title.length, 200);
  assertEquals(entry!.first_prompt.length, 300);
  assert(!entry!.first_prompt.includes("</system"), entry!.first_prompt);
});

Deno.test("encodeCatalogue() of as many entries as there may be, each as long as it may be, can be decoded", () => {
  const sessions = Array.from({ length: MAX_ENTRIES }, (_, i) => ({
    ...SESSION,
    id: `session-${i}`,
    title: "한".repeat(500),
    firstPrompt: "한".repeat(500),
    branch: "한".repeat(500),
    project: "한".repeat(500),
  }));
  const bytes = encodeCatalogue(sessions);
  assert(bytes.length <= MAX_CATALOGUE_BYTES, `${bytes.length}`);
  assertEquals(decodeCatalogue(bytes).length, MAX_ENTRIES);
});

const BAD_FIELDS: [field: string, value: unknown][] = [
  ["id", ""],
  ["id", "../../etc"],
  ["id", "a b"],
  ["id", "x".repeat(65)],
  // A receiver would take it for a number in the list, or for no ID.
  ["id", "2"],
  ["id", "1234567"],
  ["id", undefined],
  ["title", "a\nb"],
  ["title", "\u001b[2J"],
  ["title", "t".repeat(201)],
  ["title", null],
  ["first_prompt", "p".repeat(301)],
  ["first_prompt", undefined],
  ["modified", "yesterday"],
  ["messages", -1],
  ["messages", 1.5],
  ["messages", "3"],
  ["bytes", 2 ** 60],
  ["branch", "b".repeat(256)],
  ["project", "a\tb"],
];

Deno.test("decodeCatalogue() refuses fields that are not as agreed", async (t) => {
  for (const [field, value] of BAD_FIELDS) {
    await t.step(`${field}: ${JSON.stringify(value)?.slice(0, 40)}`, () => {
      assertRefused(catalogueOf({ ...ENTRY, [field]: value }));
    });
  }
});

Deno.test("decodeCatalogue() refuses what is no catalogue of this version", () => {
  const many = Array.from({ length: MAX_ENTRIES + 1 }, (_, i) => ({
    ...ENTRY,
    id: `session-${i}`,
  }));
  for (
    const bytes of [
      utf8(""),
      utf8("null"),
      utf8("[]"),
      utf8("{"),
      utf8('{"version":1}'),
      Uint8Array.of(0xff, 0xfe),
      catalogueOf(),
      catalogueOf(null),
      catalogueOf(ENTRY, ENTRY),
      catalogueOf(...many),
      utf8(JSON.stringify({ version: 2, sessions: [ENTRY] })),
    ]
  ) assertRefused(bytes);
});

Deno.test("decodeCatalogue() drops fields of later versions", () => {
  const more = { ...ENTRY, colour: "red", __proto__: { id: "x" } };
  assertEquals(decodeCatalogue(catalogueOf(more)), [ENTRY]);
});

function assertRefused(bytes: Uint8Array<ArrayBuffer>): void {
  const error = assertThrows(() => decodeCatalogue(bytes), SpreadError);
  assertEquals(error.code, "BAD_MESSAGE");
}
