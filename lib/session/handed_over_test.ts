/**
 * Whole transcripts, packed and installed: what is left of each, in which order.
 *
 * Those in testdata/sessions/ are of sorts that tools of this kind have met with people; all
 * names in them are invented. `@PROJ@` and `@SID@` stand for the project's folder and the
 * session's id.
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Fields, readLines, Receiver } from "../testing/session.ts";
import { listSessions } from "./local/list.ts";
import { packSession } from "./pack/pack.ts";
import type { SessionTally } from "./tally.ts";

const HOW = { openOptions: [], secrets: null, anonymous: null };

const ID = "0a1b2c3d-0000-4000-8000-000000000001";

/** A transcript in the shape of `testdata/sessions/`, handed from one home to another. */
async function handOver(
  alex: Receiver,
  blake: Receiver,
  transcript: string,
): Promise<{
  title: string;
  /** The messages in short, without the note. */
  messages: string[];
  tally: SessionTally;
  earlier: string | null;
  packed: string;
}> {
  await Deno.mkdir(alex.sessions, { recursive: true });
  await Deno.writeTextFile(
    `${alex.sessions}/${ID}.jsonl`,
    transcript.replaceAll("@PROJ@", alex.project).replaceAll("@SID@", ID),
  );
  const place = { home: alex.folder, cwd: alex.project, env: () => undefined };
  const [session] = (await listSessions(place, HOW)).sessions;
  const output = `${alex.folder}/packed`;
  await packSession(session!, { ...HOW, output, encoding: "identity" });
  const { path, tally, earlier } = await blake.install(output);
  return {
    title: session!.title,
    messages: (await readLines(path)).slice(0, -3).map(inShort),
    tally,
    earlier,
    packed: await Deno.readTextFile(output),
  };
}

function inShort({ type, message }: Fields): string {
  const { content } = message as Fields;
  const blocks = typeof content === "string"
    ? [{ type: "text", text: content }]
    : content as Fields[];
  return `${type}: ${blocks.map(blockInShort).join(" | ")}`;
}

function blockInShort(block: Fields): string {
  const text = block.text ?? block.content ?? JSON.stringify(block.input);
  const number = /\d+$/.exec(String(block.id ?? block.tool_use_id ?? ""))?.[0];
  return `${number === undefined ? "" : `#${number} `}${
    typeof text === "string" ? text : JSON.stringify(text)
  }`;
}

interface Case {
  title: string;
  /** `$` stands for the receiver's project. */
  messages: string[];
  leftOut?: Fields;
  changed?: Fields;
}

const CASES: Record<string, Case> = {
  queued: {
    title: "Refactor the cart",
    messages: [
      "user: Refactor the cart",
      'assistant: #1 {"command":"make"}',
      "user: #1 ok",
      "user: STEERING: keep the old API, do not rename anything",
      "assistant: Right, I keep the old API as you say.",
      "user: thanks",
      "assistant: Done.",
    ],
    leftOut: { other_lines: 2 },
    changed: { queued: 1 },
  },
  toolid_colon: {
    title: "List the files",
    messages: [
      "user: List the files",
      'assistant: #1 {"command":"ls","description":"list"}',
      "user: #1 README.md\nsrc\nSECRET-RESULT-7",
      "assistant: There are two entries: README.md and src.",
    ],
  },
  apierrors: {
    title: "Start the migration",
    messages: [
      "user: Start the migration",
      "assistant: I start it. STARTED",
      "user: go on",
      "user: go on please",
      "user: again",
      'assistant: #1 {"command":"sleep 99"}',
      "user: #1 The user doesn't want to proceed with this tool use. The tool use was rejected",
      "user: [Interrupted by the user]",
      "user: now do the small one",
      "assistant: Did the small one.",
    ],
    leftOut: { api_errors: 2 },
  },
  nulpad: {
    title: "one",
    messages: [
      "user: one",
      "assistant: two",
      "user: three",
      "assistant: four AFTER-PAD",
    ],
  },
  skillcall: {
    title: "/review PR 12",
    messages: [
      "user: /review PR 12",
      "user: Base directory for this skill: /x\n\nSKILLBODY do a review",
      "assistant: Reviewing PR 12.",
      "user: ok",
      "assistant: fine",
    ],
  },
  parallel: {
    title: "Read three files",
    messages: [
      "user: Read three files",
      "assistant: Reading three.",
      "assistant: " + [
        '#1 {"file_path":"$/a.txt","offset":1}',
        '#2 {"file_path":"$/b.txt","offset":1}',
        '#3 {"command":"cat $/c.txt"}',
      ].join(" | "),
      "user: #1 AAA-CONTENT",
      "user: #2 BBB-CONTENT",
      "user: #3 CCC-CONTENT",
      "assistant: I have read all three.",
      "user: good, go on",
      "assistant: Going on.",
    ],
    leftOut: { thoughts: 1 },
    changed: { paths: 3 },
  },
  progress_fork: {
    title: "Edit it",
    messages: [
      "user: Edit it",
      'assistant: #1 {"command":"make"}',
      "user: #1 MAKE-OK",
      "assistant: Made it: MAKE-SAID",
      "user: And test?",
      "assistant: TESTED fine.",
    ],
    leftOut: { other_lines: 3 },
  },
  broken_parents: {
    title: "old O1",
    messages: [
      "user: old O1",
      "assistant: old O2",
      "user: mid M1",
      "assistant: mid M2",
      "user: new N1",
      "assistant: new N2",
    ],
    changed: { relinked: 2 },
  },
  corrupt: {
    title: "one",
    messages: [
      "user: one",
      "assistant: two",
      "user: three AFTER-NUL",
      "assistant: four",
      "assistant: six AFTER-CONCAT",
      "user: seven",
      "assistant: eight LAST",
    ],
    leftOut: { broken_lines: 1 },
    changed: { relinked: 1 },
  },
  servertool: {
    title: "search the web",
    messages: [
      "user: search the web",
      "assistant: Found it: SRVTEXT",
      "user: thx",
      "assistant: ok",
    ],
    leftOut: { blocks: 2 },
  },
  surrogate: {
    title: "show",
    messages: [
      "user: show",
      'assistant: #1 {"command":"cat x"}',
      "user: #1 Make Videos \ud83c\n... [12 lines truncated]",
      "assistant: ok SURR",
    ],
  },
};

async function readCase(name: string): Promise<string> {
  const folder = new URL("../../testdata/sessions/", import.meta.url);
  return await Deno.readTextFile(new URL(`${name}.jsonl`, folder));
}

for (const [name, expected] of Object.entries(CASES)) {
  Deno.test(`a session is handed over as it was to Claude: testdata/sessions/${name}.jsonl`, async () => {
    await using alex = await Receiver.make();
    await using blake = await Receiver.make();
    const given = await handOver(alex, blake, await readCase(name));
    const { title, messages, tally } = given;
    const own = messages.map((text) => text.replaceAll(blake.project, "$"));
    assertEquals([title, own], [expected.title, expected.messages]);
    assertEquals([tally.leftOut, tally.changed], [
      expected.leftOut ?? {},
      expected.changed ?? {},
    ]);
  });
}

Deno.test("paths of Windows become the receiver's: testdata/sessions/windows.jsonl", async () => {
  await using alex = await Receiver.make();
  await using blake = await Receiver.make();
  const given = await handOver(alex, blake, await readCase("windows"));
  const text = given.messages.join("\n");
  for (const path of ["src/cart.ts", "README.md"]) {
    assertStringIncludes(text, `${blake.project}/${path}`);
  }
  assertEquals(given.tally.changed, { paths: 5 });
});

Deno.test("outputs and subagents come along, and transcripts of workflows are told: testdata/sessions/companions.jsonl", async () => {
  await using alex = await Receiver.make();
  await using blake = await Receiver.make();
  const own = `${alex.sessions}/${ID}`;
  const talk = JSON.stringify({ type: "user", message: { content: "Look" } });
  const files = {
    "tool-results/b9xk2.txt": "line1\nHUGE",
    "subagents/agent-a1b2c3d4e5f6.jsonl": talk,
    "subagents/workflows/wf_1/agent-w1w1w1w1.jsonl": talk,
  };
  for (const [name, text] of Object.entries(files)) {
    const folder = `${own}/${name}`.replace(/[^/]*$/, "");
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${own}/${name}`, text);
  }
  const given = await handOver(alex, blake, await readCase("companions"));
  assertEquals(given.tally.leftOut, { workflows: 1 });
  const names = given.packed.split("\n").filter((line) =>
    /^\{"part":"(subagent|tool_result)"/.test(line)
  );
  assertEquals(names, [
    '{"part":"subagent","name":"a1b2c3d4e5f6"}',
    '{"part":"tool_result","name":"b9xk2.txt"}',
  ]);
});
