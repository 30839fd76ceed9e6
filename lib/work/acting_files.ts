/**
 * Files that act by themselves: programs read them and do as they say, before a person has looked.
 *
 * @module
 */

/** Names that act in any folder. */
const NAMES = new Set([
  // Agents.
  "claude.md",
  "claude.local.md",
  "agents.md",
  "gemini.md",
  ".mcp.json",
  ".cursorrules",
  ".windsurfrules",
  // Shells and version managers.
  ".envrc",
  ".env",
  ".tool-versions",
  "mise.toml",
  ".mise.toml",
  // Git.
  ".gitattributes",
  ".gitmodules",
  ".lfsconfig",
  ".pre-commit-config.yaml",
  "lefthook.yml",
  // Builds and package managers.
  "makefile",
  "gnumakefile",
  "justfile",
  "taskfile.yml",
  "rakefile",
  "package.json",
  ".npmrc",
  ".yarnrc",
  ".yarnrc.yml",
  ".pnpmfile.cjs",
  "deno.json",
  "deno.jsonc",
  "build.rs",
  "build.gradle",
  "build.gradle.kts",
  "settings.gradle",
  "setup.py",
  "pyproject.toml",
  "conftest.py",
  "sitecustomize.py",
  "gemfile",
  "composer.json",
  "cmakelists.txt",
  "dockerfile",
  "compose.yaml",
  "docker-compose.yml",
  ".gitlab-ci.yml",
]);

/** Folders all of whose files act. */
const FOLDERS = new Set([
  ".claude",
  ".claude-plugin",
  ".cursor",
  ".vscode",
  ".idea",
  ".zed",
  ".devcontainer",
  ".husky",
  ".githooks",
  "hooks",
  ".github",
  ".circleci",
  ".cargo",
  ".yarn",
]);

/**
 * Whether a file acts by itself. Capitals do not count, because some disks do not tell them apart.
 *
 * @param path From the root of the checkout, with `/`.
 */
export function actsByItself(path: string): boolean {
  const parts = path.toLowerCase().split("/");
  const name = parts.pop()!;
  return NAMES.has(name) || name.endsWith(".mk") ||
    name.startsWith(".env.") || parts.some((part) => FOLDERS.has(part));
}
