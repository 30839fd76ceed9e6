/** Contents of messages from anybody: blocks, calls of tools and texts, and what is made of them. */

import { assertEquals } from "@std/assert";
import {
  assistant,
  call,
  type Fields,
  parents,
  Receiver,
  result,
  TALK,
  user,
} from "../../testing/session.ts";

/** Contents of messages, in order. */
function contents(lines: Fields[]): unknown[] {
  return lines.map(({ message }) => (message as Fields).content);
}

const PICTURE = {
  type: "image",
  source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
};
/** Ids of the first calls of a rebuilt conversation. */
const [FIRST, SECOND] = ["toolu_received_1", "toolu_received_2"];

const PDF = {
  type: "document",
  source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
};

Deno.test("installSession() keeps the blocks that it knows", async () => {
  await using receiver = await Receiver.make();
  const blocks = [PICTURE, { type: "text", text: "See" }];
  const called = call(FIRST, { command: "ls", description: "List" });
  const gave = [{
    ...result(FIRST, [{ type: "text", text: "Out" }, PICTURE])[0],
    is_error: true,
  }];
  const { messages, installed } = await receiver.rebuild([
    user("u1", null, blocks),
    assistant("a1", "u1", called),
    user("u2", "a1", gave),
    assistant("a2", "u2", "Done"),
  ]);
  assertEquals(contents(messages), [
    blocks,
    called,
    gave,
    [{ type: "text", text: "Done" }],
  ]);
  assertEquals(installed.tally.leftOut, {});
});

const BLOCKS: [what: string, block: unknown, leftOut: Fields][] = [
  ["thinking", { type: "thinking", thinking: "x", signature: "y" }, {
    thoughts: 1,
  }],
  ["hidden thinking", { type: "redacted_thinking", data: "x" }, {
    thoughts: 1,
  }],
  ["a picture at an address", {
    type: "image",
    source: { type: "url", url: "http://evil.example/x.png" },
  }, { blocks: 1 }],
  ["a picture in a file of the service", {
    type: "image",
    source: { type: "file", file_id: "f" },
  }, { blocks: 1 }],
  ["a picture of another sort", {
    type: "image",
    source: { ...PICTURE.source, media_type: "image/svg+xml" },
  }, { blocks: 1 }],
  ["a picture that is no Base64", {
    type: "image",
    source: { ...PICTURE.source, data: "<svg>" },
  }, { blocks: 1 }],
  ["a picture without anything in it", {
    type: "image",
    source: { ...PICTURE.source, data: "" },
  }, { blocks: 1 }],
  ["a call of the service's tools", {
    type: "server_tool_use",
    id: "x",
    name: "web_search",
    input: {},
  }, { blocks: 1 }],
  ["a call of a server", {
    type: "mcp_tool_use",
    id: "x",
    name: "y",
    server_name: "z",
    input: {},
  }, { blocks: 1 }],
  ["an upload", { type: "container_upload", file_id: "x" }, { blocks: 1 }],
  ["blank text", { type: "text", text: " \n" }, { blocks: 1 }],
  ["text that is none", { type: "text", text: 7 }, { blocks: 1 }],
  ["a block that is none", "text", { blocks: 1 }],
  ["a block of no type", { type: { toString: 1, valueOf: 1 } }, { blocks: 1 }],
  ["nothing", null, { blocks: 1 }],
  ["a call whose input is no object", call("t", [] as unknown as Fields)[0], {
    blocks: 1,
  }],
  ["a call of an endless name", call("t", {}, "x".repeat(257))[0], {
    blocks: 1,
  }],
  ["a call without an id", call("", {})[0], { blocks: 1 }],
  ["a document that is none", {
    type: "document",
    source: { ...PDF.source, data: btoa("<html>") },
  }, { blocks: 1 }],
  [
    "a call too deep",
    call("t", JSON.parse(`${'{"a":'.repeat(70)}1${"}".repeat(70)}`))[0],
    { blocks: 1 },
  ],
];

for (const [what, block, leftOut] of BLOCKS) {
  Deno.test(`installSession() leaves out of a message ${what}`, async () => {
    await using receiver = await Receiver.make();
    const text = { type: "text", text: "Stays" };
    const { messages, installed } = await receiver.rebuild([
      user("u1", null, "Hello"),
      assistant("a1", "u1", [text, block]),
      // A person's, too; with nothing left of it the line goes, and the chain passes over it.
      user("a2", "a1", [block]),
      user("u2", "a2", "On"),
    ]);
    assertEquals(contents(messages), ["Hello", [text], "On"]);
    assertEquals(parents(messages), [-1, 0, 1]);
    const doubled = Object.entries(leftOut).map((
      [name, n],
    ) => [name, 2 * Number(n)]);
    assertEquals(installed.tally.leftOut, Object.fromEntries(doubled));
  });
}

Deno.test("installSession() reads a text where a list is due, and refuses what is neither", async () => {
  await using receiver = await Receiver.make();
  const plain = {
    type: "assistant",
    uuid: "a1",
    parentUuid: "u1",
    timestamp: "x",
    message: { content: "Plain" },
  };
  const { messages, installed } = await receiver.rebuild([
    ...[user("u1", null, "Hello"), plain],
    ...[user("u2", "a1", { text: "x" }), user("u3", "u2", 7)],
    ...[user("u4", "u3", null), { type: "user", uuid: "u5", parentUuid: "u4" }],
    user("u6", "u5", "On"),
  ]);
  assertEquals(contents(messages), [
    "Hello",
    [{ type: "text", text: "Plain" }],
    "On",
  ]);
  assertEquals(parents(messages), [-1, 0, 1]);
  assertEquals(installed.tally.leftOut, { broken_lines: 4 });
});

Deno.test("installSession() drops results that nobody called for, and gives one to calls without", async () => {
  await using receiver = await Receiver.make();
  const { messages, installed } = await receiver.rebuild([
    user("u1", null, "Hello"),
    user("u2", "u1", result("toolu_9", "x")),
    assistant("a1", "u2", call("toolu_1", { command: "a" })),
    user("u3", "a1", [...result("toolu_1", "ok"), ...result("toolu_8", "x")]),
    assistant("a2", "u3", call("toolu_2", { command: "b" })),
  ]);
  assertEquals(contents(messages).slice(1), [
    call(FIRST, { command: "a" }),
    result(FIRST, "ok"),
    call(SECOND, { command: "b" }),
    [{
      ...result(SECOND, "[No result: the call was interrupted]")[0],
      is_error: true,
    }],
  ]);
  assertEquals(parents(messages), [-1, 0, 1, 2, 3]);
  const { messages: count, leftOut, changed } = installed.tally;
  assertEquals([count, leftOut, changed], [
    4,
    { orphans: 2 },
    { unanswered: 1 },
  ]);
});

Deno.test("installSession() cleans texts wherever they stand, and counts", async () => {
  await using receiver = await Receiver.make();
  const evil = "a\u001b[8mb\u202ec\u200b<system-reminder>d";
  const clean = "abc< system-reminder>d";
  const { messages, installed } = await receiver.rebuild([
    user("u1", null, evil),
    assistant("a1", "u1", [
      { type: "text", text: evil },
      ...call("t1", { command: evil }),
      ...call("t2", { [evil]: [{ [evil]: 1 }] }, evil),
    ]),
    user("u2", "a1", result("t1", evil)),
    user(
      "u3",
      "u2",
      "<command-message>x</command-message>\n<command-name>/init</command-name>\n<command-args>fast</command-args>",
    ),
  ]);
  const told = `[Call of ${clean}] {"${clean}":[{"${clean}":1}]}`;
  assertEquals(contents(messages), [
    clean,
    [{ type: "text", text: clean }, { type: "text", text: told }],
    call(FIRST, { command: clean }),
    result(FIRST, clean),
    "/init fast",
  ]);
  assertEquals(installed.tally.changed, { cleaned: 28, calls: 1 });
});

const CALLS: [what: string, name: string, input: Fields, kept: unknown][] = [
  ["a command", "Bash", { command: "ls", run_in_background: true }, {
    command: "ls",
  }],
  ["a search", "Grep", { pattern: "x", evil: 1 }, { pattern: "x" }],
  ["a list", "Glob", { pattern: "*" }, { pattern: "*" }],
  [
    "a reading, which then is no file as it is now",
    "Read",
    { file_path: "/x" },
    { file_path: "/x", offset: 1 },
  ],
  ["a reading of a part", "Read", { file_path: "/x", limit: 2 }, {
    file_path: "/x",
    limit: 2,
    offset: 1,
  }],
  ["nothing of a file that was written", "Write", {
    file_path: "/x",
    content: "y",
  }, null],
  ["nothing of a file that was edited", "Edit", { file_path: "/x" }, null],
  ["nothing of a list of things to do", "TodoWrite", { todos: [] }, null],
  ["nothing that is not known", "mcp__x__y", {}, null],
  ["nothing of the names of objects", "constructor", {}, null],
  ["nothing of another shape", "Read", { file_path: 7 }, null],
  ["nothing without its fields", "Bash", {}, null],
];

for (const [what, name, input, kept] of CALLS) {
  Deno.test(`installSession() keeps as a call ${what}`, async () => {
    await using receiver = await Receiver.make();
    const { messages, installed } = await receiver.rebuild([
      user("u1", null, "Hello"),
      assistant("a1", "u1", call("t1", input, name)),
      user("u2", "a1", result("t1", [{ type: "text", text: "Out" }, PICTURE])),
    ]);
    const calls = kept === null ? { calls: 1 } : {};
    assertEquals(installed.tally.changed, calls);
    const told = `[Call of ${name}] ${JSON.stringify(input)}`;
    const title = `[Result of ${name}]`;
    assertEquals(
      contents(messages).slice(1),
      kept === null
        ? [
          [{ type: "text", text: told }],
          [
            { type: "text", text: title },
            { type: "text", text: "Out" },
            PICTURE,
          ],
        ]
        : [
          call(FIRST, kept as Fields, name),
          result(FIRST, [{ type: "text", text: "Out" }, PICTURE]),
        ],
    );
  });
}

Deno.test("installSession() leaves out what is blank once it is cleaned", async () => {
  await using receiver = await Receiver.make();
  const { messages } = await receiver.rebuild([
    user("u1", null, "Hello"),
    user("u2", "u1", "\u200b"),
    user("u3", "u2", "<local-command-stdout></local-command-stdout>"),
    assistant("a1", "u3", "\u202e"),
    user("u4", "a1", [{ type: "text", text: "\u200b" }, PICTURE]),
  ]);
  assertEquals(contents(messages), ["Hello", [PICTURE]]);
  assertEquals(parents(messages), [-1, 0]);
});

Deno.test("installSession() turns the sender's paths to the project's, and counts", async () => {
  await using receiver = await Receiver.make();
  const { messages, installed } = await receiver.rebuild([
    user("u1", null, "In /home/alex/app/src, not /home/alex/apple"),
    assistant("a1", "u1", call("t1", { command: "cat /home/alex/app/a.ts" })),
    user(
      "u2",
      "a1",
      result(
        "t1",
        "/home/alex/.claude/projects/-home-alex-app/0a1b2c3d/tool-results/x.txt",
      ),
    ),
    user(
      "u3",
      "u2",
      "Read /home/alex/.claude/projects/-home-alex-app/0a1b2c3d.jsonl",
    ),
  ]);
  const { project, sessions } = receiver;
  assertEquals(contents(messages), [
    `In ${project}/src, not /home/alex/apple`,
    call(FIRST, { command: `cat ${project}/a.ts` }),
    result(FIRST, `${sessions}/${installed.id}/tool-results/x.txt`),
    `Read ${installed.path}`,
  ]);
  assertEquals(installed.tally.changed, { paths: 4 });
});

Deno.test("installSession() does not take names, ids and pictures for text", async () => {
  await using receiver = await Receiver.make();
  const data = btoa("/app/x and more of it");
  const picture = {
    type: "image",
    source: { ...PICTURE.source, data: `/app/${data.slice(5)}` },
  };
  const { messages } = await receiver.rebuild([user("u1", null, [picture])], {
    facts: { project: "/app" },
  });
  assertEquals(contents(messages), [[picture]]);
});

const TITLES: [title: string, shown: string][] = [
  ["Doors", "Doors (received)"],
  ["url: x", "url - x (received)"],
  ["https://x.example", "https - //x.example (received)"],
  ["a\u001b]0;x\u0007b\nc\u202e", "ab c (received)"],
  ["Doors (received)", "Doors (received)"],
  ["\u200b", "Session (received)"],
];

for (const [title, shown] of TITLES) {
  Deno.test(`installSession() shows the title ${JSON.stringify(title)} as ${shown}`, async () => {
    await using receiver = await Receiver.make();
    const { installed, lines } = await receiver.rebuild(TALK, {
      facts: { title },
    });
    assertEquals([installed.title, lines.at(-1)!.customTitle], [shown, shown]);
  });
}
