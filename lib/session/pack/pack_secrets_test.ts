/** Packing: what never leaves a machine, passphrases of ours above all. */

import { assert, assertEquals } from "@std/assert";
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
import { ID, Sender } from "../../testing/packed_session.ts";

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
