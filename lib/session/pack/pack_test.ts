/** Packing: the parts that leave a machine, and how they are written. */

import { zstdDecompressSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { LocalSession } from "../local/list.ts";
import { SpreadError } from "../../errors.ts";
import { canCompress, packSession } from "./pack.ts";
import type { Encoding } from "../../payload.ts";
import {
  assistant,
  call,
  type Fields,
  readLines,
  Receiver,
  result,
  TALK,
  user,
} from "../../testing/session.ts";
import { HOW, ID, Sender } from "../../testing/packed_session.ts";

Deno.test("packSession() writes facts, messages and what they mention, and an end", async () => {
  await using sender = await Sender.make([
    { type: "file-history-snapshot", snapshot: {} },
    ...TALK,
    { type: "attachment", uuid: "x1", parentUuid: "a1", attachment: {} },
    user("u2", "x1", "More", { toolUseResult: {}, permissionMode: "plan" }),
    { type: "custom-title", customTitle: "Doors" },
  ]);
  const { project } = sender.machine;
  assertEquals(await sender.lines(), [
    {
      part: "session",
      id: ID,
      title: "Doors",
      prompt: "Hello",
      project: "",
      companions: sender.folder,
    },
    { part: "transcript" },
    {
      type: "user",
      timestamp: TALK[0]!.timestamp,
      message: { content: "Hello" },
    },
    {
      type: "assistant",
      timestamp: TALK[1]!.timestamp,
      message: { content: [{ type: "text", text: "Hello to you" }] },
    },
    {
      type: "user",
      timestamp: TALK[0]!.timestamp,
      message: { content: "More" },
    },
    {
      part: "end",
      left_out: { snapshots: 1, attachments: 1, other_lines: 1 },
      changed: {},
    },
  ]);
  assert(project !== "");
});

Deno.test("packSession() takes along what is mentioned, from the session's own folder alone", async () => {
  const mentions = [
    ...[
      "mine.txt",
      "gone.txt",
      "link.txt",
      "../../secret.txt",
      "..",
      ".hidden",
      "folder",
    ],
  ].map((name) => `/x/${ID}/tool-results/${name}`).join(" ");
  await using sender = await Sender.make([
    ...TALK,
    user("u2", "a1", `${mentions}. C:\\\\x\\\\tool-results\\\\windows.txt`),
    user("u3", "u2", "x", { toolUseResult: { agentId: "used01" } }),
  ]);
  const secret = await sender.write("../secret.txt", "Secret");
  await sender.write("tool-results/mine.txt", "Mine\nlines");
  await sender.write("tool-results/windows.txt", "Too\n");
  await sender.write("tool-results/unused.txt", "Unused");
  await sender.write("tool-results/.hidden", "Hidden");
  await Deno.mkdir(`${sender.folder}/tool-results/folder`);
  await Deno.symlink(secret, `${sender.folder}/tool-results/link.txt`);
  await sender.write(
    "subagents/agent-used01.jsonl",
    JSON.stringify(user("s1", null, "agent-nested1")),
  );
  await sender.write(
    "subagents/agent-nested1.jsonl",
    JSON.stringify(user("s2", null, "Deep")),
  );
  await sender.write(
    "subagents/agent-unused.jsonl",
    JSON.stringify(user("s3", null, "Unused")),
  );
  const lines = await sender.lines();
  const parts = lines.filter(({ part }) =>
    part === "subagent" || part === "tool_result"
  );
  assertEquals(parts, [
    { part: "subagent", name: "used01" },
    { part: "subagent", name: "nested1" },
    { part: "tool_result", name: "mine.txt" },
    { part: "tool_result", name: "windows.txt" },
  ]);
  assertEquals(lines.slice(-6, -1), [
    parts[2],
    { text: "Mine" },
    { text: "lines" },
    parts[3],
    { text: "Too" },
  ] as Fields[]);
  assert(!JSON.stringify(lines).includes("Secret"));
});

Deno.test("packSession() and installSession() hand a conversation over, compressed too", async () => {
  const talk = [
    ...TALK,
    assistant("a2", "a1", call("toolu_received_1", { command: "1" })),
    user("u2", "a2", result("toolu_received_1", "é한글🙂")),
  ];
  const encodings: Encoding[] = ["identity", "zstd"];
  for (const encoding of encodings) {
    await using sender = await Sender.make(talk);
    await using receiver = await Receiver.make();
    const { output } = await sender.pack(encoding);
    const { path, tally } = await receiver.install(output);
    const lines = await readLines(path);
    assertEquals(
      lines.slice(0, 4).map(({ message }) => (message as Fields).content),
      talk.map(({ message }) => (message as Fields).content),
    );
    assertEquals([tally.messages, tally.leftOut, tally.changed], [4, {}, {}]);
  }
  assert(canCompress());
});

Deno.test("packSession() gives the same bytes for the same session, for its owner only", async () => {
  await using sender = await Sender.make(TALK);
  const [first, second] = [
    await sender.pack("zstd"),
    await sender.pack("zstd"),
  ];
  assertEquals(
    await Deno.readFile(first.output),
    await Deno.readFile(second.output),
  );
  assertEquals((await Deno.stat(first.output)).mode! & 0o777, 0o600);
  const bytes = await Deno.readFile(first.output);
  const body = bytes.subarray(bytes.indexOf(10) + 1);
  const plain = (await sender.pack()).text;
  assertEquals(
    new TextDecoder().decode(zstdDecompressSync(body)),
    plain.slice(plain.indexOf("\n") + 1),
  );
});

Deno.test("packSession() reads over broken lines, CRLF, a BOM, bytes that are no UTF-8 and lines that are too long", async () => {
  const [first, second] = TALK.map((line) => JSON.stringify(line));
  const long = `{"parentUuid":"a1","type":"user","message":{"role":"user",` +
    `"content":"${"x".repeat(100 * 1024 * 1024)}"},"uuid":"u9"}`;
  await using sender = await Sender.make([
    `\ufeff${first}\r`,
    '{"type":"user"\r',
    "\r",
    `${second}\r`,
    long,
    JSON.stringify(user("u2", "u9", "On")),
  ]);
  const lines = await sender.lines();
  assertEquals(
    lines.slice(2, -1).map(({ message }) => (message as Fields).content),
    [
      "Hello",
      [{ type: "text", text: "Hello to you" }],
      "[Left out: longer than 16 MiB]",
      "On",
    ],
  );
  assertEquals(lines.at(-1), {
    part: "end",
    left_out: { broken_lines: 1, long_lines: 1 },
    changed: { relinked: 1 },
  });
});

Deno.test("packSession() says what is wrong, and leaves no file", async () => {
  await using sender = await Sender.make(TALK);
  const session = await sender.session();
  const fails = async (
    change: Partial<LocalSession>,
    code: string,
    message: string,
  ) => {
    const output = sender.output;
    const error = await assertRejects(
      () =>
        packSession({ ...session, ...change }, {
          ...HOW,
          output,
          encoding: "zstd",
        }),
      SpreadError,
    );
    assertEquals([error.code, error.message], [
      code,
      message.replace("OUTPUT", output),
    ]);
    await assertRejects(() => Deno.stat(output), Deno.errors.NotFound);
  };
  const gone = session.path.replace("0001.jsonl", "0002.jsonl");
  await fails(
    { path: gone },
    "PAYLOAD_UNREADABLE",
    `Cannot read the session in "${gone}": there is no such file`,
  );
  const empty = await sender.write("../empty.jsonl", '{"type":"summary"}\n');
  await fails(
    { path: empty, id: "empty" },
    "PAYLOAD_EMPTY",
    'There is no conversation in session "empty"',
  );
});

Deno.test("packSession() overwrites nothing, and stops when it is told to", async () => {
  await using sender = await Sender.make(TALK);
  const session = await sender.session();
  const { output } = sender;
  await Deno.writeTextFile(output, "Mine");
  const error = await assertRejects(
    () => packSession(session, { ...HOW, output, encoding: "identity" }),
    SpreadError,
  );
  assertEquals([error.code, await Deno.readTextFile(output)], [
    "CANNOT_STORE",
    "Mine",
  ]);
  const other = sender.output;
  const signal = AbortSignal.abort(new Error("Stopped"));
  await assertRejects(
    () =>
      packSession(session, {
        ...HOW,
        output: other,
        encoding: "zstd",
        signal,
      }),
    Error,
    "Stopped",
  );
  await assertRejects(() => Deno.stat(other), Deno.errors.NotFound);
});
