/**
 * Files that act by themselves: programs read them and do what they say, before a person has looked
 * at them.
 *
 * The list names what people have; it cannot be complete. So it adds to the list of all files,
 * and does not replace it.
 *
 * @module
 */

import { foldName } from "./tree_rules.ts";

/** Names that act in any folder. */
const NAMES = new Set([
  // Agents.
  "claude.md",
  "claude.local.md",
  "agents.md",
  "agents.override.md",
  "gemini.md",
  ".mcp.json",
  ".claude-spread.json",
  ".cursorrules",
  ".windsurfrules",
  ".clinerules",
  ".roorules",
  ".aider.conf.yml",
  "opencode.json",
  // Shells, version managers and environments.
  ".envrc",
  ".env",
  ".tool-versions",
  "mise.toml",
  ".mise.toml",
  "flake.nix",
  "shell.nix",
  "default.nix",
  "devenv.nix",
  "vagrantfile",
  // Editors and debuggers.
  ".exrc",
  ".nvimrc",
  ".nvim.lua",
  ".vimrc",
  ".dir-locals.el",
  ".gdbinit",
  ".lldbinit",
  // Git.
  ".gitattributes",
  ".gitmodules",
  ".gitconfig",
  ".lfsconfig",
  ".pre-commit-config.yaml",
  // A folder with these is a repository by itself, whose settings name programs for `git status`.
  "head",
  "config",
  "config.worktree",
  "commondir",
  "lefthook.yml",
  "lefthook.yaml",
  ".lintstagedrc",
  ".lintstagedrc.json",
  // Builds and package managers.
  "makefile",
  "gnumakefile",
  "justfile",
  ".justfile",
  "taskfile.yml",
  "taskfile.yaml",
  "rakefile",
  "package.json",
  ".npmrc",
  ".yarnrc",
  ".yarnrc.yml",
  ".pnpmfile.cjs",
  "pnpm-workspace.yaml",
  "bunfig.toml",
  "nx.json",
  "turbo.json",
  "deno.json",
  "deno.jsonc",
  "build.rs",
  "build.zig",
  "build.gradle",
  "build.gradle.kts",
  "settings.gradle",
  "settings.gradle.kts",
  "init.gradle",
  "gradlew",
  "gradlew.bat",
  "gradle-wrapper.properties",
  "mvnw",
  "mvnw.cmd",
  "pom.xml",
  "build.sbt",
  "setup.py",
  "setup.cfg",
  "pyproject.toml",
  "tox.ini",
  "noxfile.py",
  "conftest.py",
  "sitecustomize.py",
  "usercustomize.py",
  "gemfile",
  "podfile",
  "composer.json",
  "configure",
  "cmakelists.txt",
  "meson.build",
  "sconstruct",
  ".bazelrc",
  "dockerfile",
  "containerfile",
  "compose.yaml",
  "compose.yml",
  "docker-compose.yml",
  "docker-compose.yaml",
  "jenkinsfile",
  ".gitlab-ci.yml",
  ".travis.yml",
  "azure-pipelines.yml",
  "bitbucket-pipelines.yml",
]);

/** Ends of names that act in any folder: projects of editors, and settings that are programs. */
const ENDS = [
  /\.mk$/,
  /^\.env\./,
  /\.code-workspace$/,
  /\.sublime-project$/,
  /\.pth$/,
  /\.gemspec$/,
  /\.csproj$/,
  /(?:\.config|^\..*rc)\.[cm]?[jt]s$/,
];

/** Folders all of whose files act. */
const FOLDERS = new Set([
  ".claude",
  ".claude-plugin",
  ".cursor",
  ".windsurf",
  ".clinerules",
  ".roo",
  ".gemini",
  ".codex",
  ".kiro",
  ".opencode",
  ".continue",
  ".vscode",
  ".idea",
  ".fleet",
  ".zed",
  ".devcontainer",
  ".husky",
  ".githooks",
  ".github",
  ".gitlab",
  ".circleci",
  ".buildkite",
  ".cargo",
  ".yarn",
  ".mvn",
  ".bundle",
  ".mise",
]);

/** Names of git's hooks, and of nothing else in a folder of hooks. */
const HOOKS = new Set([
  "applypatch-msg",
  "pre-applypatch",
  "post-applypatch",
  "pre-commit",
  "pre-merge-commit",
  "prepare-commit-msg",
  "commit-msg",
  "post-commit",
  "pre-rebase",
  "post-checkout",
  "post-merge",
  "pre-push",
  "post-rewrite",
  "reference-transaction",
  "post-index-change",
  "fsmonitor-watchman",
  "pre-receive",
  "update",
  "post-receive",
  "post-update",
  "push-to-checkout",
  "pre-auto-gc",
  "sendemail-validate",
]);

/**
 * Whether a file acts by itself. Capitals do not count, nor do blanks and dots at the end of a
 * name, because some disks do not tell them apart.
 *
 * @param path From the root of the checkout, with `/`. A link of such a name acts, too, whatever
 *   it leads to.
 */
export function actsByItself(path: string): boolean {
  const parts = partsOf(path);
  const name = parts.at(-1)!;
  return NAMES.has(name) || ENDS.some((end) => end.test(name)) ||
    parts.some((part) => FOLDERS.has(part)) || isHook(parts, name);
}

/**
 * Whether Claude Code obeys a file as soon as it starts, without a question: it trusts the work tree
 * of a checkout that it trusts.
 *
 * @param path As in {@linkcode actsByItself}.
 */
export function actsOnClaude(path: string): boolean {
  const parts = partsOf(path);
  return parts.includes(".claude") ||
    /^(?:\.mcp\.json|claude(?:\.local)?\.md)$/.test(parts.at(-1)!);
}

/** The names in a path, as the disks that tell the fewest of them apart compare them. */
function partsOf(path: string): string[] {
  return foldName(path).split("/").map((part) => part.replace(/[ .]+$/, ""));
}

/** Whether a file is a hook: of git, or of a plugin. Sources may be in a folder of that name, too. */
function isHook(parts: string[], name: string): boolean {
  return parts[0] === "hooks" ||
    parts.includes("hooks") && HOOKS.has(name);
}
