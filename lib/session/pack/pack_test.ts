/** Packing: the parts that leave a machine, and that our passphrases do not. */

import { zstdDecompressSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { listSessions, type LocalSession } from "../local/list.ts";
import { SpreadError } from "../../errors.ts";
import { canCompress, packSession } from "./pack.ts";
import { type Encoding } from "../../payload.ts";
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

const HOW = { openOptions: [] };

const ID = "0a1b2c3d-0000-4000-8000-000000000001";

/** A machine with a session. */
class Sender implements AsyncDisposable {
  private constructor(readonly machine: Receiver, readonly folder: string) {}

  static async make(lines: (Fields | string)[]): Promise<Sender> {
    const machine = await Receiver.make();
    const sender = new Sender(machine, `${machine.sessions}/${ID}`);
    const text = lines.map((line) =>
      typeof line === "string" ? line : JSON.stringify(line)
    ).join("\n");
    await sender.write(`../${ID}.jsonl`, text);
    return sender;
  }

  /** Writes a file from the session's own folder. */
  async write(name: string, text: string): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(path, text);
    return path;
  }

  async session(): Promise<LocalSession> {
    const { folder: home, project: cwd } = this.machine;
    const surroundings = { home, cwd, env: () => undefined };
    return (await listSessions(surroundings, HOW)).sessions[0]!;
  }

  get output(): string {
    return `${this.machine.folder}/${crypto.randomUUID()}.session`;
  }

  async pack(encoding: Encoding = "identity") {
    const output = this.output;
    const tally = await packSession(await this.session(), {
      ...HOW,
      output,
      encoding,
    });
    return { output, tally, text: await Deno.readTextFile(output) };
  }

  /** The lines of the container after its first. */
  async lines(): Promise<Fields[]> {
    return (await readLines((await this.pack()).output)).slice(1);
  }

  async [Symbol.asyncDispose]() {
    await this.machine[Symbol.asyncDispose]();
  }
}

const SECRET = 'my "old" hörse';
const COMMAND = `/claude-spread:distill-share --relay ${SECRET}`;
const INVITE = "k7m2xq-niece-broke-zippy-iron";

/** A conversation with a share in it, as Claude Code keeps it. */
const SHARING: Fields[] = [
  { type: "queue-operation", operation: "enqueue", content: COMMAND },
  user(
    "u1",
    null,
    `<command-message>claude-spread:distill-share</command-message>\n<command-name>/claude-spread:distill-share</command-name>\n<command-args>--relay ${SECRET}</command-args>`,
  ),
  user("u2", "u1", [{
    type: "text",
    text:
      `Base directory for this skill: /x/skills/distill-share\n\nRun it.\n\n\nARGUMENTS: --relay ${SECRET}`,
  }], { isMeta: true }),
  { type: "ai-title", aiTitle: `Share with ${SECRET}` },
  assistant("a1", "u2", [
    {
      type: "thinking",
      thinking: `The passphrase is ${SECRET}`,
      signature: "x",
    },
    ...call("toolu_1", {
      command:
        `claude-spread serve --typed - <<'CS_END'\n--relay ${SECRET}\nCS_END`,
    }),
  ]),
  user(
    "u3",
    "a1",
    result("toolu_1", `{"event":"ready","invite":"${INVITE}"}`),
    {
      toolUseResult: { stdout: `{"event":"ready","invite":"${INVITE}"}` },
    },
  ),
  assistant(
    "a2",
    "u3",
    `Type /claude-spread:distill-receive ${INVITE} and say ${SECRET}`,
  ),
  user("u4", "a2", `What did "${SECRET}" mean? ${JSON.stringify(SECRET)}`),
  { type: "last-prompt", lastPrompt: COMMAND, leafUuid: "u4" },
];

Deno.test("packSession() lets no passphrase of ours leave, wherever the client keeps it", async () => {
  await using sender = await Sender.make([
    ...SHARING,
    assistant("a3", "u4", `See ${ID}/tool-results/a.txt, agentId: abc123`),
  ]);
  await sender.write("tool-results/a.txt", `one\n${SECRET}\n${INVITE}\n`);
  await sender.write(
    "subagents/agent-abc123.jsonl",
    JSON.stringify(user("s1", null, `Use ${SECRET}`)),
  );
  const { text, tally } = await sender.pack();
  for (const secret of [SECRET, "hörse", "niece", "zippy"]) {
    assert(!text.includes(secret), `${secret} in ${text}`);
  }
  // The harmless parts stay.
  assert(text.includes("--relay [redacted]"));
  assert(
    text.includes('{\\"event\\":\\"ready\\",\\"invite\\":\\"[redacted]\\"}'),
  );
  assert(tally.changed.redacted! >= 8, String(tally.changed.redacted));
});

Deno.test("packSession() takes a short word out of the file that Claude writes what was typed to, and of no other", async () => {
  const write = (id: string, name: string) =>
    call(id, {
      file_path: `/home/alex/.cache/claude-spread/${name}`,
      content: "--relay kitten",
    }, "Write");
  await using sender = await Sender.make([
    user("u1", null, "Hello"),
    assistant("a1", "u1", [
      ...write("toolu_1", `typed-${ID}.txt`),
      ...write("toolu_2", `distillation-${ID}.md`),
    ]),
  ]);
  const { text, tally } = await sender.pack();
  assert(
    text.includes(`typed-${ID}.txt","content":"--relay [redacted]"`),
    text,
  );
  assert(text.includes(`${ID}.md","content":"--relay kitten"`), text);
  assertEquals(tally.changed.redacted, 1);
});

Deno.test("packSession() leaves out what a subagent said between the lines, so that the conversation ends with its own", async () => {
  const aside = { isSidechain: true };
  await using sender = await Sender.make([
    ...TALK,
    user("s1", null, "Look for doors", aside),
    assistant("s2", "s1", "There are two", aside),
  ]);
  const { output, tally } = await sender.pack();
  assertEquals(tally.leftOut, { subagent_lines: 2 });
  await using receiver = await Receiver.make();
  const { path } = await receiver.install(output);
  const lines = (await readLines(path)).filter(({ uuid }) => uuid);
  assertEquals(lines.length, 4);
  assertEquals(
    lines.map(({ parentUuid }) => parentUuid),
    [null, ...lines.slice(0, 3).map(({ uuid }) => uuid)],
  );
});

Deno.test("packSession() finds our passphrases behind escapes of JSON", async () => {
  const escaped = (text: string) =>
    [...text].map((char) =>
      `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
    ).join("");
  const typed =
    "<command-name>/claude-spread:stop</command-name><command-args>old horse</command-args>";
  await using sender = await Sender.make([
    `{"type":"user","uuid":"u1","parentUuid":null,"message":{"content":"${
      escaped(typed)
    }"}}`,
    user("u2", "u1", "my old horse"),
  ]);
  const { text } = await sender.pack();
  assert(!text.includes("horse"), text);
});

Deno.test("packSession() takes our passphrases out of what was typed while Claude worked", async () => {
  const queued = (uuid: string, parentUuid: string, prompt: unknown) => ({
    type: "attachment",
    uuid,
    parentUuid,
    attachment: {
      type: "queued_command",
      prompt,
      commandMode: "prompt",
      origin: { kind: "human" },
    },
  });
  const png = {
    type: "image",
    source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
  };
  await using sender = await Sender.make([
    ...TALK,
    queued("q1", "a1", `/claude-spread:distill-share ${SECRET}`),
    queued("q2", "q1", [
      { type: "text", text: `Not ${SECRET}` },
      png,
      { type: "image", source: { type: "url", url: "http://x.example" } },
    ]),
  ]);
  const lines = await sender.lines();
  assertEquals(
    lines.slice(4, -1).map(({ type, message }) => [
      type,
      (message as Fields).content,
    ]),
    [
      ["user", "/claude-spread:distill-share [redacted]"],
      ["user", [{ type: "text", text: "Not [redacted]" }, png]],
    ],
  );
  assertEquals(lines.at(-1), {
    part: "end",
    left_out: { blocks: 1 },
    changed: { queued: 2, redacted: 2 },
  });
});

const NOT_TYPED: [what: string, attachment: Fields][] = [
  ["a task", { commandMode: "task-notification" }],
  ["a task, by its origin", { origin: { kind: "task-notification" } }],
  ["a channel", { origin: { kind: "channel", server: "x" } }],
  ["another session", { origin: { kind: "peer", from: "x" } }],
  ["a coordinator", { origin: { kind: "coordinator" } }],
  ["nobody known", { origin: { kind: "unknown" } }],
  ["Claude Code", { isMeta: true }],
];

for (const [what, fields] of NOT_TYPED) {
  Deno.test(`packSession() leaves out what came from ${what} while Claude worked`, async () => {
    const attachment = { type: "queued_command", prompt: "Noise", ...fields };
    await using sender = await Sender.make([
      ...TALK,
      { type: "attachment", uuid: "q1", parentUuid: "a1", attachment },
    ]);
    const { text, tally } = await sender.pack();
    assert(!text.includes("Noise"), text);
    assertEquals([tally.leftOut, tally.changed], [{ attachments: 1 }, {}]);
  });
}

Deno.test("packSession() lets nothing leave that Claude Code keeps beside the messages, and learns nothing from it", async () => {
  const hidden = "hidden-words-of-the-house";
  // As if these were passphrases of ours: "Hello" would go, if they were read.
  const typed = "/claude-spread:distill-share Hello\nto you";
  const beside = {
    rendered: [{ content: hidden }],
    renderedRole: "system",
    session_id: hidden,
    toolUseResult: { stdout: `${hidden} ${typed}` },
    turnOrigin: hidden,
    requestRef: { blob: hidden },
  };
  const apart: Fields[] = [
    { type: "api-request-blob", blob: { messages: [hidden, typed] } },
    { type: "api-request", shape: hidden, text: typed },
    { type: "queue-operation", operation: "enqueue", content: typed },
    { type: "file-history-delta", backup: hidden },
    {
      type: "attachment",
      uuid: "x1",
      parentUuid: "u1",
      attachment: { type: "prompt_snapshot", systemPrompt: [hidden, typed] },
      ...beside,
    },
  ];
  await using sender = await Sender.make([
    { ...TALK[0], ...beside },
    ...apart,
    { ...TALK[1], parentUuid: "x1", ...beside },
  ]);
  const { text, tally } = await sender.pack();
  assert(!text.includes(hidden), text);
  assert(text.includes('"Hello to you"'), text);
  assertEquals(tally.changed, {});
});

Deno.test("packSession() leaves a note where a result or a call is too long, and keeps the other one", async () => {
  const long = "x".repeat(17 * 1024 * 1024);
  const [write] = call("t2", { file_path: "/x", content: long }, "Write");
  await using sender = await Sender.make([
    user("u1", null, "Hello"),
    assistant("a1", "u1", call("t:1", { command: "big" })),
    // The keys in the order of Claude Code.
    { parentUuid: "a1", ...user("u2", "a1", result("t:1", long)) },
    {
      parentUuid: "u2",
      type: "assistant",
      message: { role: "assistant", id: "m", content: [write] },
      uuid: "a2",
    },
    user("u3", "a2", result("t2", "Written")),
  ]);
  await using receiver = await Receiver.make();
  const { output } = await sender.pack();
  const { path, tally } = await receiver.install(output);
  const note = "[Left out: longer than 16 MiB]";
  const contents = (await readLines(path)).slice(0, -3)
    .map(({ message }) => (message as Fields).content);
  assertEquals(contents, [
    "Hello",
    call("toolu_received_1", { command: "big" }),
    result("toolu_received_1", note),
    [{ type: "text", text: `[Call of Write] {"note":"${note}"}` }],
    [{ type: "text", text: "[Result of Write]" }, {
      type: "text",
      text: "Written",
    }],
  ]);
  assertEquals(tally.leftOut, { long_lines: 2 });
});

Deno.test("packSession() guesses at no other secrets", async () => {
  const key = "AWS_SECRET=wJalrXUtnFEMI password: hunter2 /init old horse";
  await using sender = await Sender.make([user("u1", null, key)]);
  const [, , line] = await sender.lines();
  assertEquals((line!.message as Fields).content, key);
});

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
  await using sender = await Sender.make(SHARING);
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
