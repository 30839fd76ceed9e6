/**
 * The memory of a project, as a file that one bundles and the other installs.
 *
 * @module
 */

import { projectName } from "../../lib/claude/config_folder.ts";
import { fill } from "../../tests/support/memory_samples.ts";
import { fixed } from "./fixed.ts";
import type { Stage, Typist } from "./stage.ts";

/** A file of a memory. */
function memory(fields: string, text: string): string {
  return `---\n${fields}---\n${text}\n`;
}

const ALEX = {
  "MEMORY.md":
    "- [Build](build.md) — one command builds and checks\n- [Payments](payments.md) — why amounts are integers\n",
  "build.md": memory(
    "name: build\ndescription: How the shop is built\nmetadata:\n  type: project\n",
    "`make check` builds and tests in two minutes.",
  ),
  "payments.md": memory(
    "name: payments\ndescription: How amounts are kept\nmetadata:\n  type: project\n",
    "Amounts are integers in cents; floats lost a cent in March.",
  ),
  "alex.md": memory(
    "name: alex\ndescription: How Alex likes to work\nmetadata:\n  type: user\n",
    "Short answers, please.",
  ),
};

const BLAKE = {
  "MEMORY.md": "- [Build](build.md) — how to build\n",
  "build.md": memory(
    "name: build\nmetadata:\n  type: project\n",
    "`make` builds; tests run apart.",
  ),
};

/** Makes the blocks `bundle` and `install`. */
export async function memories(stage: Stage): Promise<Record<string, string>> {
  const { alex, blake, folder } = stage;
  await remember(alex, ALEX);
  await remember(blake, BLAKE);
  const bundled = await alex.type(
    "claude-spread bundle --except user memory.json",
  );
  const from = alex.machine.path("memory.json");
  await Deno.copyFile(from, blake.machine.path("memory.json"));
  const installed = [
    await blake.type("claude-spread install --dry-run memory.json"),
    await blake.type("claude-spread install --yes memory.json"),
    await blake.type("claude-spread install --undo"),
  ];
  return {
    bundle: fixed(bundled, { folder }),
    install: fixed(installed.join(""), { folder }),
  };
}

async function remember(
  { machine: { home, work } }: Typist,
  files: Record<string, string>,
): Promise<void> {
  const folder = `${home}/.claude/projects/${projectName(work)}/memory`;
  await Deno.mkdir(folder, { recursive: true });
  await fill(folder, files);
}
