/**
 * `bin/claude-spread` and the hooks in a folder that has been removed.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ClaudeSession } from "../../support/claude_session.ts";
import { environment, PROGRAMS } from "../../support/environment.ts";
import { Machine } from "../../support/machine.ts";
import { needing, programPath } from "../../support/missing.ts";
import { root } from "../../support/places.ts";

const SHELLS = [["dash"], ["bash"], ["busybox", "sh"]];

/** Ways in which a folder goes, as a shell types them. */
const WAYS = ['rmdir "$PWD"', 'rmdir "$PWD" && mkdir "$PWD"'];

/** Runs a script of the plugin by a shell, in a folder that has gone; returns how it ended. */
async function runInGone(
  machine: Machine,
  [shell, ...rest]: string[],
  script: string,
  { way = WAYS[0]!, env = {} },
): Promise<{ code: number; stdout: string; stderr: string }> {
  const folder = await Deno.makeTempDir({ dir: machine.work });
  const line = `cd "$1" && ${way} && shift && exec "$@"`;
  const command = [programPath(shell!), ...rest, `${root}/${script}`, "status"];
  const ended = await new Deno.Command("sh", {
    args: ["-c", line, "sh", folder, ...command],
    clearEnv: true,
    env: environment(machine, { PATH: PROGRAMS, ...env }),
    stdin: "null",
  }).output();
  const [stdout, stderr] = [ended.stdout, ended.stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  return { code: ended.code, stdout: stdout!, stderr: stderr! };
}

for (const shell of SHELLS) {
  const options = needing(shell[0]!);
  Deno.test({
    name: `claude-spread says that the current folder is gone, in ${shell[0]}`,
    ...options,
    fn: async () => {
      await using machine = await Machine.make();
      for (const way of WAYS) {
        const ended = await runInGone(machine, shell, "bin/claude-spread", {
          way,
        });
        assertEquals([ended.code, ended.stdout], [2, ""], way);
        // The shell itself may have complained before.
        const said = ended.stderr.trimEnd().split("\n").at(-1);
        assertEquals(
          said,
          "claude-spread: the current folder is gone: change to another one",
        );
        assert(!/error:|Stack/.test(ended.stderr), ended.stderr);
      }
    },
  });

  Deno.test({
    name: `the hooks do no harm in a folder that is gone, in ${shell[0]}`,
    ...options,
    fn: async () => {
      await using machine = await Machine.make();
      const { env } = new ClaudeSession(machine);
      for await (const { name } of Deno.readDir(`${root}/hooks`)) {
        if (name === "hooks.json") continue;
        const hook = `hooks/${name}`;
        const ended = await runInGone(machine, shell, hook, { env });
        assertEquals([ended.code, ended.stdout], [0, ""], name);
      }
    },
  });
}
