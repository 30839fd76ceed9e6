import { assertEquals } from "@std/assert";
import { actsByItself } from "./acting_files.ts";

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
