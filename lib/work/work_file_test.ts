import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { concatBytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import {
  encodeHeader,
  firstLeftOut,
  readHeader,
  WORK_FORMAT,
  type WorkHeader,
} from "./work_file.ts";

const HASH = "a".repeat(40);

const HEADER: WorkHeader = {
  format: WORK_FORMAT,
  version: 1,
  base: [HASH],
  head: HASH,
  staged: "b".repeat(40),
  work: "c".repeat(64),
  roots: [],
  branch: "topic/ü",
  project: "project",
  root: "/home/user/project",
  commits: 0,
  files: 1,
  left_out: [{ path: "a", reason: "large" }],
  left_out_more: 2,
  under_way: ["merge"],
};

async function read(bytes: Uint8Array<ArrayBuffer>) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    return await readHeader(path);
  } finally {
    await Deno.remove(path);
  }
}

const line = (header: unknown) => utf8(`${JSON.stringify(header)}\n`);

Deno.test("readHeader() reads what encodeHeader() has written, and where the bundle begins", async () => {
  const line = encodeHeader(HEADER);
  const { header, start } = await read(concatBytes(line, utf8("# v2\n")));
  assertEquals([header, start], [HEADER, line.length]);
});

Deno.test("readHeader() passes over words of newer senders", async () => {
  const { header } = await read(line({
    ...HEADER,
    newer: true,
    under_way: ["bisect", "rebase"],
    left_out: [{ path: "a", reason: "newer" }],
  }));
  assertEquals(header, {
    ...HEADER,
    under_way: ["rebase"],
    left_out: [{ path: "a", reason: "unreadable" }],
  });
});

// Breaks when a field is used before it is checked.
Deno.test("readHeader() refuses what is not the description of work", async () => {
  const table: Record<string, Uint8Array<ArrayBuffer>> = {
    "nothing": new Uint8Array(0),
    "no JSON": utf8("work\n"),
    "no UTF-8": concatBytes(
      line(HEADER).slice(0, -3),
      new Uint8Array([0xff, 0x7d, 0x0a]),
    ),
    "no line feed": utf8(" ".repeat(256 * 1024 + 1)),
    "another format": line({ ...HEADER, format: "other" }),
    "another version": line({ ...HEADER, version: 2 }),
    "a short hash": line({ ...HEADER, work: "abc" }),
    "an option for a hash": line({ ...HEADER, base: ["--all"] }),
    "too many bases": line({ ...HEADER, base: Array(101).fill(HASH) }),
    "too many roots": line({ ...HEADER, roots: Array(9).fill(HASH) }),
    "too many left out": line({
      ...HEADER,
      left_out: Array(201).fill(HEADER.left_out[0]),
    }),
    "control characters": line({ ...HEADER, branch: "\x1b[31m" }),
    "a long path": line({ ...HEADER, root: "x".repeat(4097) }),
    "a negative number": line({ ...HEADER, commits: -1 }),
  };
  for (const [name, bytes] of Object.entries(table)) {
    const error = await assertRejects(() => read(bytes), SpreadError);
    assertEquals(error.code, "WORK_REFUSED", name);
  }
  assertThrows(() => encodeHeader({ ...HEADER, branch: "\n" }));
});

// Breaks when a sender writes a description that no receiver reads to its end.
Deno.test("firstLeftOut() names as many files as the description has space for", async () => {
  const all = Array(200).fill({ path: "\u65e5".repeat(4096), reason: "name" });
  assertThrows(
    () => encodeHeader({ ...HEADER, left_out: all }),
    RangeError,
    "too long",
  );
  const left_out = firstLeftOut(all);
  const root = "\u65e5".repeat(4096);
  const written = { ...HEADER, root, left_out };
  const { header } = await read(encodeHeader(written));
  assertEquals([header, left_out.length], [written, 10]);
  const short = Array(300).fill({ path: "a", reason: "name" });
  assertEquals(firstLeftOut(short).length, 200);
});
