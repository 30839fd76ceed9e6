import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { siblingName } from "../files/safe_name.ts";
import { problemOfMemoryName } from "./agent_names.ts";

const LOADED = [
  "CLAUDE.md",
  "claude.MD",
  "sub/deep/Claude.local.md",
  "AGENTS.md",
  "AGENT.md",
  "AGENTS.override.md",
  "AGENTS.local.md",
  "GEMINI.md",
  "QWEN.md",
  "CRUSH.local.md",
  "WARP.md",
  "replit.md",
  "CODEBUDDY.md",
  "skills/x/SKILL.md",
  "copilot-instructions.md",
  "style.instructions.md",
  "x.prompt.md",
  "x.agent.md",
  "x.chatmode.md",
];

Deno.test("problemOfMemoryName() refuses what agents load, in any folder and case, and nothing else", () => {
  for (const name of LOADED) {
    assertEquals(problemOfMemoryName(name) !== null, true, name);
  }
  for (
    const name of [
      "MEMORY.md",
      "feedback_agents.md",
      "claude_code.md",
      "CLAUDE.md/notes.md",
      "claude-received.md",
      "rules.md",
      "instructions.md",
      "prompt.md",
      "skills.md",
      "agent_names.md",
    ]
  ) assertEquals(problemOfMemoryName(name), null, name);
});

Deno.test("problemOfMemoryName() refuses what reads as a tag, whatever looks like <", () => {
  for (const name of ["\uff1cwake\uff1e.md", "a/\u02c2task-notification.md"]) {
    assertEquals(problemOfMemoryName(name), "reads as a tag");
  }
  assertEquals(problemOfMemoryName("\u3008제목\u3009 a b.md"), null);
});

Deno.test("siblingName() makes no name that agents load, for words of ours", () => {
  const stem = fc.oneof(
    fc.constantFrom(...LOADED.map((name) => name.slice(0, -3)), "a.b"),
    fc.stringMatching(/^[a-z.]{1,250}[a-z]$/),
  );
  const word = fc.constantFrom("received", "edited");
  fc.assert(
    fc.property(stem, word, fc.integer({ min: 1, max: 9 }), (...args) => {
      const [stem, word, count] = args;
      const name = siblingName(`${stem}.md`, word, count);
      assertEquals(problemOfMemoryName(name), null, name);
    }),
  );
});
