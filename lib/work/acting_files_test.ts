import { assertEquals } from "@std/assert";
import { actsByItself, actsOnClaude } from "./acting_files.ts";

Deno.test("actsByItself() knows files that programs obey, in all letters and folders", () => {
  const acting = [
    "CLAUDE.md",
    "deep/in/AGENTS.md",
    "Claude.MD",
    "claude.md. ",
    "CLAUDE\u200c.md",
    ".mcp.json",
    ".claude/settings.json",
    "deep/.claude/commands/x.md",
    // A link in the place of a folder.
    ".claude",
    ".vscode",
    ".vscode/tasks.json",
    ".envrc",
    ".env.local",
    "Makefile",
    "build/rules.mk",
    "package.json",
    "packages/a/package.json",
    "hooks/hooks.json",
    "tools/hooks/pre-commit",
    ".husky/pre-commit",
    ".gitattributes",
    ".gitmodules",
    "vite.config.ts",
    ".eslintrc.cjs",
    "x.code-workspace",
    ".claude-spread.json",
    // A repository that needs no folder named .git.
    "docs/HEAD",
    "docs/config",
    "docs/commondir",
  ];
  const inert = [
    "README.md",
    "docs/claude.md.txt",
    "src/hooks/useCart.ts",
    "src/makefile.ts",
    "vscode/tasks.json",
    "env",
    "src/config.ts",
    "config/app.yml",
    "docs/head.md",
    "package.json5",
  ];
  assertEquals(acting.filter((path) => !actsByItself(path)), []);
  assertEquals(inert.filter(actsByItself), []);
});

// Breaks when a file is in the list of those that act, and not in that of those that Claude obeys.
Deno.test("actsOnClaude() knows files that Claude Code obeys, however their names and folders are written", () => {
  const obeyed = [
    ".claude/settings.json",
    ".claude",
    "deep/.Claude/commands/x.md",
    ".claude./settings.json",
    ".claude /hooks/x",
    "deep/CLAUDE.md. ",
    "claude.local.md",
    ".mcp.json",
  ];
  const other = [
    "AGENTS.md",
    ".claude-plugin/plugin.json",
    "docs/claude.md.txt",
    "claude.md/x",
  ];
  assertEquals(obeyed.filter((path) => !actsOnClaude(path)), []);
  assertEquals(other.filter(actsOnClaude), []);
});
