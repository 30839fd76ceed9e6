/** Claude Code's own marks around commands: those that are read, and that others are left alone. */

import { assertEquals } from "@std/assert";
import { commandOutput, typedCommand } from "./typed_command.ts";

const COMMANDS: [text: string, command: string | null][] = [
  ["<command-name>/init</command-name>", "/init"],
  ["<command-name>init</command-name>", "/init"],
  [
    "<command-message>x</command-message>\n<command-name>/a:b</command-name>\n<command-args>c\n</b></command-args>",
    "/a:b c\n</b>",
  ],
  [
    " <command-name>/compact</command-name>\n <command-args></command-args>",
    "/compact",
  ],
  ["<command-name>/init", null],
  ["<command-args>x</command-args>", null],
  ["See <command-name>/init</command-name>", null],
  ["", null],
];

for (const [text, command] of COMMANDS) {
  Deno.test(`typedCommand() finds ${command} in ${JSON.stringify(text)}`, () => {
    assertEquals(typedCommand(text), command);
  });
}

const OUTPUTS: [text: string, output: string | null][] = [
  ["<local-command-stdout>Done</local-command-stdout>", "Done"],
  ["<local-command-stderr>Error: x</local-command-stderr>", "Error: x"],
  ["<local-command-stdout></local-command-stdout>", ""],
  ["<local-command-stdout>Done", null],
  ["Said <local-command-stdout>Done</local-command-stdout>", null],
];

for (const [text, output] of OUTPUTS) {
  Deno.test(`commandOutput() finds ${output} in ${JSON.stringify(text)}`, () => {
    assertEquals(commandOutput(text), output);
  });
}
