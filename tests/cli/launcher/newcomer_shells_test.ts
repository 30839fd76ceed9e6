/**
 * The README's way to the command, typed in the shells that people have: from a clone in a home
 * where nothing of ours has run, by the link on the PATH.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { environment, PROGRAMS } from "../../support/environment.ts";
import { copyPlugin } from "../../support/launcher.ts";
import { Machine } from "../../support/machine.ts";
import { needing, programPath } from "../../support/missing.ts";
import { denoFolder, root } from "../../support/places.ts";

/** Shells, with arguments that keep them to the line; `sh` is one of them on every system. */
const SHELLS = [["dash"], ["bash", "--norc"], ["busybox", "sh"], ["zsh", "-f"]];

/** The line of the README that puts the command on the PATH. */
async function linkingLine(): Promise<string> {
  const readme = await Deno.readTextFile(`${root}/README.md`);
  const [, line] = /```sh\n(.*ln -s .*)\n```/.exec(readme) ?? [];
  assert(line !== undefined, "the README no longer makes a link");
  return line;
}

for (const [name, ...args] of SHELLS) {
  Deno.test({
    name: `the README's link leads to the command, typed in ${name}`,
    ...needing(name!),
    fn: async () => {
      await using machine = await Machine.make();
      const home = `${machine.folder}/new home`;
      await Deno.mkdir(home);
      // Modules are there already, but nothing in this home says so.
      await Deno.mkdir(`${home}/.cache/deno`, { recursive: true });
      await Deno.symlink(`${denoFolder}/npm`, `${home}/.cache/deno/npm`);
      const clone = await copyPlugin(machine, "a clone");
      const typed = `${await linkingLine()}
PATH=$HOME/.local/bin:$PATH
cd "$HOME" && echo hello >notes.md
claude-spread serve --preview notes.md && claude-spread --version
claude-spread recieve; echo "exit code $?"
`;
      const { code, stdout, stderr } = await new Deno.Command(
        programPath(name!),
        {
          args: [...args, "-c", typed],
          cwd: clone,
          clearEnv: true,
          env: {
            ...environment(machine, { DENO_DIR: "", XDG_STATE_HOME: "" }),
            HOME: home,
            PATH: PROGRAMS,
            PWD: clone,
          },
          stdin: "null",
        },
      ).output();
      const [said, errors] = [stdout, stderr]
        .map((bytes) => new TextDecoder().decode(bytes));
      const { version } = JSON.parse(
        await Deno.readTextFile(`${root}/deno.json`),
      );
      assertEquals(
        said!.trimEnd().split("\n").slice(-2),
        [`claude-spread ${version}`, "exit code 2"],
        errors,
      );
      assert(/preview|nothing/i.test(errors!), errors);
      assert(errors!.includes("receive"), errors);
      assertEquals(code, 0);
      const [ready] = await Array.fromAsync(
        Deno.readDir(`${home}/.local/state/claude-spread/deno`),
      );
      assert(ready !== undefined, "the first run has been noted in the home");
    },
  });
}
