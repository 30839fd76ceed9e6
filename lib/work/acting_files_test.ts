import { assertEquals } from "@std/assert";
import { actsByItself } from "./acting_files.ts";

// Breaks when capitals count, a folder counts at the root only, or a part of a name is enough.
Deno.test("actsByItself() knows files that programs obey", () => {
  const acting = [
    "CLAUDE.md",
    "docs/claude.MD",
    "AGENTS.md",
    ".mcp.json",
    ".claude/settings.json",
    "a/.Claude/skills/x/SKILL.md",
    ".vscode/tasks.json",
    ".envrc",
    ".env.local",
    "sub/Makefile",
    "rules.mk",
    "package.json",
    "a/hooks/pre-commit",
    ".husky/pre-push",
    ".github/workflows/x.yml",
    ".gitattributes",
  ];
  const idle = [
    "README.md",
    "src/main.ts",
    "claude.md.txt",
    "environment",
    "makefile.txt",
    "hook/x",
  ];
  assertEquals(acting.filter((path) => !actsByItself(path)), []);
  assertEquals(idle.filter(actsByItself), []);
});
