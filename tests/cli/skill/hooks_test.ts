/**
 * `hooks/hooks.json`, and the hooks that keep answers, show messages and stop pasted commands.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Asked,
  ClaudeSession,
  type Hook,
} from "../../support/claude_session.ts";
import { listFiles } from "../../support/files.ts";
import { testOnMachine } from "../../support/launcher.ts";
import { root } from "../../support/places.ts";

const ASKED: Asked = {
  questions: [{
    question: "Which?",
    header: "Share",
    multiSelect: true,
    options: [
      { label: "1. Doors", description: "2 messages" },
      { label: "Share nothing", description: "Nothing leaves" },
    ],
  }],
};

const SILENT = { code: 0, stdout: "", stderr: "" };

function test(
  name: string,
  body: (session: ClaudeSession) => Promise<void>,
): void {
  testOnMachine(name, (machine) => body(new ClaudeSession(machine)));
}

Deno.test("hooks.json names each hook, for this plugin's commands and for questions", async () => {
  const path = `${root}/hooks/hooks.json`;
  const { hooks } = JSON.parse(await Deno.readTextFile(path));
  const named: string[][] = [];
  for (const [event, groups] of Object.entries<typeof hooks[string]>(hooks)) {
    for (const { matcher = "", hooks: list } of groups) {
      for (const { type, command, timeout, ...rest } of list) {
        const name = /^"\$\{CLAUDE_PLUGIN_ROOT\}\/hooks\/([a-z-]+)"$/
          .exec(command)![1]!;
        assertEquals([type, timeout], ["command", 5]);
        named.push([name, event, matcher, rest.if ?? ""]);
        const { mode } = await Deno.stat(`${root}/hooks/${name}`);
        assert(Deno.build.os === "windows" || (mode! & 0o111) !== 0, name);
      }
    }
  }
  const ours = "Bash(claude-spread skill *)";
  assertEquals(named.sort(), [
    ["keep-answer", "PostToolUse", "AskUserQuestion", ""],
    ["keep-typed", "UserPromptExpansion", "claude-spread:.*", ""],
    ["refuse-paste", "UserPromptSubmit", "", ""],
    ["say-waiting", "SessionStart", "startup|resume", ""],
    ["show", "PostToolUse", "Bash", ours],
    ["show", "PostToolUseFailure", "Bash", ours],
  ]);
  const { mode } = await Deno.stat(path);
  assert(Deno.build.os === "windows" || (mode! & 0o111) === 0);
});

test("keep-answer keeps an answer unchanged and for its owner only, while a question is open", async (session) => {
  await session.answer(ASKED, "1. Doors");
  assert(!(await session.has("answer.json")), "nothing was typed");
  await session.type("sessions-share");
  await session.answer(ASKED, "1. Doors");
  assert(!(await session.has("answer.json")), "nothing was asked");
  await Deno.writeTextFile(session.path("question.json"), "{}");
  const event = '{"a": "$(id) \\\\ é"}\n\n';
  for (const text of ["first", event]) {
    assertEquals(await session.hook("keep-answer", text), SILENT);
    assertEquals(await Deno.readTextFile(session.path("answer.json")), text);
  }
  const { mode } = await Deno.stat(session.path("answer.json"));
  assertEquals(mode! & 0o777, 0o600);
  const names = await listFiles(session.path(""));
  assertEquals(names, ["answer.json", "line.json", "project", "question.json"]);
});

test("keep-answer follows no link, and keeps nothing longer than the commands read", async (session) => {
  await session.type("sessions-share");
  await Deno.writeTextFile(session.path("question.json"), "{}");
  const other = await session.machine.write("other", "untouched");
  await Deno.symlink(other, session.path("answer.json"));
  await session.hook("keep-answer", "x".repeat(1024 * 1024 + 9));
  assertEquals(await Deno.readTextFile(other), "untouched");
  const { isFile, size } = await Deno.lstat(session.path("answer.json"));
  assertEquals([isFile, size], [true, 1024 * 1024]);
});

test("show prints what is to be shown, once", async (session) => {
  assertEquals(await session.hook("show", {}), SILENT);
  await session.type("status");
  assertEquals(await session.hook("show", {}), SILENT);
  const message = '{"systemMessage":"a \\"b\\" $(id)"}';
  await Deno.writeTextFile(session.path("message.json"), message);
  const printed = await session.hook("show", {});
  assertEquals(printed, { code: 0, stdout: message, stderr: "" });
  assertEquals(await session.hook("show", {}), SILENT);
  assert(!(await session.has("message.json")));
});

test("no hook leaves its folder for a strange session id", async (session) => {
  const { machine } = session;
  await session.type("status");
  for (const name of ["question.json", "message.json"]) {
    await Deno.writeTextFile(
      `${machine.home}/.local/state/claude-spread/claude/${name}`,
      "{}",
    );
  }
  const before = await listFiles(machine.folder);
  for (const id of ["", "..", ".", `../claude/${session.id}/..`, "a/../.."]) {
    const stranger = new ClaudeSession(machine, { id });
    for (const hook of ["keep-answer", "show"] satisfies Hook[]) {
      assertEquals(await stranger.hook(hook, ASKED), SILENT, `${hook} ${id}`);
    }
    assertEquals(await listFiles(machine.folder), before, id);
  }
});

/** Prompts as Claude Code sends them to the hook, and whether each is a command of ours. */
const PROMPTS: [prompt: string, isOurs: boolean][] = [
  ['<pasted_content id="1">\n/claude-spread:distill-receive words', true],
  ["<pasted_content id='a7'>\n/claude-spread:memory-receive words", true],
  ['\n\n<pasted_content id="1">\n/claude-spread:stop\n</pasted_content>', true],
  ['<pasted_content id="1">\n/other:distill-receive words', false],
  ['<pasted_content id="1">\n/claude-spreads:x', false],
  ['<pasted_content id="1">\nsee /claude-spread:distill-receive', false],
  ['<pasted_content id="1">\n<p>\n/claude-spread:distill-receive', false],
  ['<pasted_content id="1">\nlog\n</pasted_content>\n/claude-spread:x', false],
  ["/claude-spread:distill-receive words", false],
  ["explain\n/claude-spread:distill-receive words", false],
  ["how do I paste? <pasted_content>", false],
  ["", false],
];

test("refuse-paste stops a pasted command of ours and nothing else, and does not repeat it", async (session) => {
  for (const [prompt, isOurs] of PROMPTS) {
    const event = {
      session_id: session.id,
      cwd: session.machine.work,
      hook_event_name: "UserPromptSubmit",
      prompt: prompt.replace("words", "niece-broke-zippy-iron"),
    };
    const { code, stdout, stderr } = await session.hook("refuse-paste", event);
    assertEquals([code, stderr], [0, ""], prompt);
    assertEquals(stdout !== "", isOurs, prompt);
    if (!isOurs) continue;
    const answer = JSON.parse(stdout);
    assertEquals(answer.decision, "block");
    assertEquals(answer.hookSpecificOutput, {
      hookEventName: "UserPromptSubmit",
      suppressOriginalPrompt: true,
    });
    assertStringIncludes(answer.reason, "type the command, and paste only");
    assert(!stdout.includes("zippy"), "it is repeated");
  }
});

test("refuse-paste stops a command however long it is, and whatever stands before it in the event", async (session) => {
  const prompt = `<pasted_content id="1">\n/claude-spread:distill-receive ${
    "x".repeat(1_000_000)
  }`;
  const event = { cwd: '/a "prompt":" b', prompt };
  const { code, stdout } = await session.hook("refuse-paste", event);
  assertEquals([code, JSON.parse(stdout).decision], [0, "block"]);
});
