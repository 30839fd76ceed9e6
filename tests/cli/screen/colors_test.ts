/**
 * Colors, and the width of the terminal: by the variables that people set, and without
 * permission to read them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Machine } from "../../support/machine.ts";
import { root } from "../../support/places.ts";
import { noTerminal, runOnTerminal } from "../../support/pseudo_terminal.ts";

/** Deno lets everyone read NO_COLOR and FORCE_COLOR. */
const VARIABLES = "--allow-env=TERM,TMUX";

const PROGRAM = `
import { hasColors, isDumb, isInTmux, terminalColumns }
  from "${root}/scripts/cli/screen/streams.ts";
console.log([hasColors(Deno.stdout), isDumb(), isInTmux(), terminalColumns()].join());
`;

/** The program's output with these variables: colors, dumb, tmux, columns. */
const TABLE: [
  env: Record<string, string>,
  isTerminal: boolean,
  isPermitted: boolean,
  said: string,
][] = [
  [{}, true, true, "true,false,false,33"],
  [{}, true, false, "true,false,false,33"],
  [{}, false, true, "false,false,false,33"],
  [{ NO_COLOR: "1" }, true, true, "false,false,false,33"],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, true, "true,false,false,33"],
  [{ FORCE_COLOR: "1" }, false, true, "true,false,false,33"],
  [{ FORCE_COLOR: "1" }, false, false, "true,false,false,33"],
  [{ FORCE_COLOR: "0" }, true, true, "false,false,false,33"],
  [{ TERM: "dumb" }, true, true, "false,true,false,33"],
  [{ TERM: "dumb", FORCE_COLOR: "1" }, true, true, "true,true,false,33"],
  [{ TERM: "tmux-256color" }, true, true, "true,false,true,33"],
  [{ TMUX: "/tmp/tmux-1000/default,1,0" }, true, true, "true,false,true,33"],
];

for (const [env, isTerminal, isPermitted, said] of TABLE) {
  Deno.test({
    name: `hasColors() and its kin heed ${JSON.stringify(env)} ${
      isTerminal ? "on a terminal" : "in a pipe"
    }${isPermitted ? "" : ", which they may not read"}`,
    ignore: noTerminal !== null,
    fn: async () => {
      await using machine = await Machine.make();
      const file = await machine.write("program.ts", PROGRAM);
      const permissions = isPermitted ? [VARIABLES] : [];
      const command = [Deno.execPath(), "run", "--no-prompt", "--quiet"];
      const { text } = await runOnTerminal(
        machine,
        [...command, "--no-config", ...permissions, file],
        { columns: 33, env, redirection: isTerminal ? "" : "| cat" },
      );
      assertEquals(text, `${said}\n`);
    },
  });
}
