/** Files of sessions that are refused, and broken lines that are passed over. */

import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { peakOf } from "../../tests/support/peak.ts";
import { EXIT_CODES, SpreadError } from "../errors.ts";
import { MAX_LINE_BYTES } from "./container.ts";
import {
  type Fields,
  listFiles,
  packedLines,
  readLines,
  Receiver,
  TALK,
  user,
} from "../testing/session.ts";

const REFUSED: [what: string, lines: (Fields | string)[], why: string][] = [
  ["no JSON", ["Hello", "there"], "it is not a packed session"],
  [
    "another format",
    packedLines(TALK, { head: { format: "tar" } }),
    "it is not a packed session",
  ],
  [
    "another encoding",
    packedLines(TALK, { head: { encoding: "gzip" } }),
    "it is not a packed session",
  ],
  [
    "another version",
    packedLines(TALK, { head: { version: 2 } }),
    "it has version 2, and this program reads version 1",
  ],
  [
    "a first line without end",
    ["x".repeat(5000)],
    "it is not a packed session",
  ],
  [
    "a transcript as the client keeps it",
    TALK,
    "it is not a packed session",
  ],
  [
    "a memory bundle",
    ["{", ' "type": "memory_bundle",', ' "files": {}', "}"],
    "it is a memory bundle",
  ],
  ["nothing", ["", ""], "it is not a packed session"],
  ["no end", packedLines(TALK, { end: null }), "it is not complete"],
  [
    "more after the end",
    [...packedLines(TALK), user("u9", null, "More")],
    "it continues after its end",
  ],
  [
    "two ends",
    [...packedLines(TALK), { part: "end" }],
    "it continues after its end",
  ],
  ["no facts", [packedLines([])[0]!, { part: "transcript" }, ...TALK, {
    part: "end",
  }], "its parts are out of order"],
  [
    "facts twice",
    packedLines(TALK, { companions: [packedLines([])[1]!] }),
    "its parts are out of order",
  ],
  ["lines without a part", [...packedLines([]).slice(0, 2), ...TALK, {
    part: "end",
  }], "its parts are out of order"],
  [
    "facts that are none",
    packedLines(TALK, { facts: { title: 7 } }),
    "it has an unknown part",
  ],
  [
    "facts that are too long",
    packedLines(TALK, { facts: { project: "x".repeat(5000) } }),
    "it has an unknown part",
  ],
  [
    "it has an unknown part",
    packedLines(TALK, { companions: [{ part: "hook" }] }),
    "it has an unknown part",
  ],
  [
    "no transcript",
    [...packedLines([]).slice(0, 2), { part: "end" }],
    "there is no conversation in it",
  ],
  [
    "two transcripts",
    packedLines(TALK, { companions: [{ part: "transcript" }, ...TALK] }),
    "two of its parts have the same name",
  ],
  [
    "no message",
    packedLines([{ type: "summary", summary: "x" }]),
    "there is no conversation in it",
  ],
  [
    "names that differ in capitals only",
    packedLines(TALK, {
      companions: [{ part: "tool_result", name: "a.txt" }, {
        part: "tool_result",
        name: "A.txt",
      }],
    }),
    "two of its parts have the same name",
  ],
];

for (const [what, lines, why] of REFUSED) {
  Deno.test(`installSession() refuses a file with ${what}, and leaves nothing`, async () => {
    await using receiver = await Receiver.make();
    const file = await receiver.write(lines);
    await receiver.refuses(
      file,
      "SESSION_REFUSED",
      `Cannot use this session: ${why}`,
    );
  });
}

const NAMES = [
  ...[
    "../x",
    "/etc/x",
    "a/b",
    "a\\b",
    "C:x",
    ".ssh",
    "..",
    "",
    "x.",
    "con",
    "NUL.txt",
  ],
  ...["x\u0000", "x\n", "x\u202e", "é", "x".repeat(201), "~", "*", "-\u200b"],
];

for (const name of NAMES) {
  Deno.test(`installSession() refuses a part of the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
    for (const part of ["tool_result", "subagent"]) {
      await using receiver = await Receiver.make();
      const file = await receiver.write(
        packedLines(TALK, { companions: [{ part, name }, { text: "x" }] }),
      );
      await receiver.refuses(
        file,
        "SESSION_REFUSED",
        "Cannot use this session: it has an unknown part",
      );
    }
  });
}

Deno.test("installSession() refuses what is missing, empty or a folder", async () => {
  await using receiver = await Receiver.make();
  const missing = `${receiver.folder}/none`;
  await receiver.refuses(
    missing,
    "PAYLOAD_UNREADABLE",
    `Cannot read "${missing}": there is no such file`,
  );
  await receiver.refuses(
    receiver.project,
    "SESSION_REFUSED",
    "Cannot use this session: it is not a file",
  );
  const empty = `${receiver.folder}/empty`;
  await Deno.writeTextFile(empty, "");
  await receiver.refuses(
    empty,
    "SESSION_REFUSED",
    "Cannot use this session: it is empty",
  );
});

Deno.test("installSession() reads what is compressed, and refuses it when it is cut or changed anywhere", async () => {
  await using receiver = await Receiver.make();
  const lines = packedLines([
    ...TALK,
    ...Array.from(
      { length: 200 },
      (_, i) => user(`x${i}`, "a1", `Message ${i * 7919}`),
    ),
  ]);
  const whole = await receiver.write(lines, "zstd");
  // The writer of tests says identity unless told otherwise.
  const head = JSON.stringify({
    format: "claude-spread/session",
    version: 1,
    encoding: "zstd",
  });
  const bytes = await Deno.readFile(whole);
  const body = bytes.subarray(bytes.indexOf(10));
  const write = async (some: Uint8Array) => {
    const path = `${receiver.folder}/${crypto.randomUUID()}`;
    await Deno.writeTextFile(path, head);
    await Deno.writeFile(path, some, { append: true });
    return path;
  };
  await receiver.install(await write(body));
  const before = await listFiles(receiver.sessions);
  for (let at = 1; at < body.length; at += Math.ceil(body.length / 25)) {
    const error = await assertRejects(
      async () => receiver.install(await write(body.subarray(0, at))),
      SpreadError,
    );
    assertEquals(error.code, "SESSION_REFUSED", `cut at ${at}`);
  }
  const changed = body.slice();
  changed.fill(0xff, 20, 60);
  const error = await assertRejects(
    async () => receiver.install(await write(changed)),
    SpreadError,
  );
  assertEquals(error.message, "Cannot use this session: it is broken");
  assertEquals(await listFiles(receiver.sessions), before);
});

Deno.test("installSession() gives up what grows too large, in a bounded memory", async () => {
  await using receiver = await Receiver.make();
  const path = `${receiver.folder}/bomb.session`;
  const [, facts, begin] = packedLines([]).map((line) => JSON.stringify(line));
  await Deno.writeTextFile(
    path,
    `{"format":"claude-spread/session","version":1,"encoding":"zstd"}\n`,
  );
  // One line of 400 MB, in some ten KB.
  const zeros = "0".repeat(1_000_000);
  const pieces = [`${facts}\n${begin}\n`, ...Array(400).fill(zeros)];
  const sink = createWriteStream(path, { flags: "a" });
  await pipeline(Readable.from(pieces), createZstdCompress(), sink);
  await receiver.refuses(
    path,
    "PAYLOAD_TOO_LARGE",
    "Cannot use this session: it is too large once decompressed",
  );
  if (Deno.build.os !== "linux") return;
  const args = ["install", path, "--project", receiver.project];
  const { code, bytes } = await peakOf(
    "scripts/sessions.ts",
    args,
    receiver.folder,
  );
  assertEquals(code, EXIT_CODES.PAYLOAD_TOO_LARGE);
  assert(bytes < 250e6, `${bytes} bytes`);
});

Deno.test("installSession() passes over a line of 100 MB, and one just too long, but not the longest allowed", async () => {
  await using receiver = await Receiver.make();
  const long = (bytes: number, uuid: string) => {
    const empty = JSON.stringify(user(uuid, "a1", "")).length;
    return JSON.stringify(user(uuid, "a1", "x".repeat(bytes - empty)));
  };
  const { installed, messages } = await receiver.rebuild([
    ...TALK,
    long(100 * 1024 * 1024, "x1"),
    long(MAX_LINE_BYTES + 1, "x2"),
    long(MAX_LINE_BYTES, "x3"),
    user("u2", "x1", "On"),
  ]);
  assertEquals(messages.length, 4);
  assertEquals(installed.tally.leftOut, { long_lines: 2 });
});

/** Installs lines that are `depth` deep, and one with too many parts; returns the time in ms. */
async function timeOfDeepLines(depth: number): Promise<number> {
  await using receiver = await Receiver.make();
  const deep = "[".repeat(depth) + "]".repeat(depth);
  const many = (blocks: number) =>
    JSON.stringify(
      user(`x${blocks}`, "a1", Array(blocks).fill({ type: "text", text: "x" })),
    );
  const start = performance.now();
  const { messages, installed } = await receiver.rebuild([
    ...TALK,
    deep,
    `{"type":${deep}}`,
    `{"type":"user","message":{"content":[${deep}]}}`,
    `{"type":"user","message":{"content":[{"type":${deep}}]}}`,
    `{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"t","input":{"a":${deep}}}]}}`,
    many(10_001),
    many(10_000),
  ]);
  assertEquals(messages.length, 3);
  assertEquals(installed.tally.leftOut, {
    other_lines: 2,
    blocks: 3,
    broken_lines: 1,
  });
  return performance.now() - start;
}

Deno.test("installSession() passes over lines that are deep or have too many parts, in a time that grows as they do", async () => {
  const ms = await timeOfDeepLines(500_000);
  // A time that grows with the square would be sixteen times as long.
  assert(await timeOfDeepLines(2_000_000) < 10 * ms + 1_000);
});

Deno.test("installSession() passes over broken lines, whatever their ends", async () => {
  await using receiver = await Receiver.make();
  const [first, second] = TALK.map((line) => JSON.stringify(line));
  const { messages, installed } = await receiver.rebuild([
    `${first}\r`,
    "",
    '{"type":"user",',
    "7",
    "null",
    '"text"',
    "[]",
    `${second} `,
  ]);
  assertEquals(messages.length, 2);
  // An array is an object of no type.
  assertEquals(installed.tally.leftOut, { broken_lines: 4, other_lines: 1 });
});

Deno.test("installSession() reads bytes that are no UTF-8 as characters that say so", async () => {
  await using receiver = await Receiver.make();
  const file = await receiver.write(packedLines([user("u1", null, "caf#")]));
  const bytes = await Deno.readFile(file);
  bytes[bytes.indexOf("#".charCodeAt(0))] = 0xe9;
  await Deno.writeFile(file, bytes);
  const { path } = await receiver.install(file);
  const [line] = await readLines(path);
  assertEquals((line!.message as Fields).content, "caf\ufffd");
});

Deno.test("installSession() adds what the sender has counted, unless that is no count", async () => {
  await using receiver = await Receiver.make();
  const { installed } = await receiver.rebuild([...TALK, { type: "mode" }], {
    end: {
      part: "end",
      left_out: { settings: 2, thoughts: 3, evil: 9 },
      changed: { redacted: "many" },
    },
  });
  assertEquals(installed.tally.leftOut, { settings: 3, thoughts: 3 });
  assertEquals(installed.tally.changed, {});
});
