/**
 * Completion scripts, sourced in the shells that they are for: options, and IDs of what is there.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";

import { payloadPath, workId, writeKept } from "../../../lib/work/open/kept.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { environment } from "../../support/environment.ts";
import { Machine } from "../../support/machine.ts";
import { needing, programPath } from "../../support/missing.ts";
import { ESC, runOnTerminal } from "../../support/pseudo_terminal.ts";
import { root } from "../../support/places.ts";
import { leaveDrop } from "../doctor/_left.ts";

/**
 * Completions of the last word of a command line, by a shell.
 *
 * @param expected One of them, which a shell on a terminal waits for.
 */
type Complete = (
  machine: Machine,
  words: string[],
  expected: string,
) => Promise<string[]>;

/** Has `claude-spread` on the PATH, as the scripts expect. */
function variables(machine: Machine): Record<string, string> {
  const env = environment(machine);
  return environment(machine, {
    PATH: `${root}/bin:${env.PATH}`,
    TERM: "xterm",
  });
}

async function run(
  machine: Machine,
  shell: string,
  args: string[],
): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(
    programPath(shell),
    {
      args,
      cwd: machine.work,
      clearEnv: true,
      env: variables(machine),
      stdin: "null",
    },
  ).output();
  const [text, problem] = [stdout, stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  assert(success && problem === "", problem);
  return text!.split("\n").map((line) => line.split("\t")[0]!.trim())
    .filter(Boolean);
}

const byBash: Complete = (machine, words) =>
  run(machine, "bash", [
    "--norc",
    "-c",
    `source <(claude-spread completion bash)
complete_with=$(complete -p claude-spread | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=(claude-spread "$@") COMP_CWORD=$#
COMP_LINE="claude-spread $*" COMP_POINT=\${#COMP_LINE}
before=\${COMP_WORDS[COMP_CWORD - 1]}
"$complete_with" claude-spread "\${COMP_WORDS[COMP_CWORD]}" "$before"
printf '%s\\n' "\${COMPREPLY[@]}"`,
    "bash",
    ...words,
  ]);

const byFish: Complete = (machine, words) =>
  run(machine, "fish", [
    "--no-config",
    "-c",
    `claude-spread completion fish | source
complete -C "claude-spread ${words.join(" ")}"`,
  ]);

/** By pressing Tab twice, as zsh completes only on a terminal. */
const byZsh: Complete = async (machine, words, expected) => {
  const env = { ...variables(machine), PS1: "ready> ", PROMPT_EOL_MARK: "" };
  const source = "autoload -Uz compinit && compinit -u -D && " +
    "source <(claude-spread completion zsh) && echo sourced$((1+1))\n";
  const line = `claude-spread ${words.join(" ")}`;
  const typed: [string | RegExp, string][] = [
    ["ready> ", source],
    ["sourced2", `${line}\t\t`],
    // What it lists is whole once the line has been cleared and another one run.
    [new RegExp(`sourced2[^]*${expected}`), "\x15echo over$((1+1))\n"],
    ["over2", "exit\n"],
  ];
  const zsh = [programPath("zsh"), "-f", "-i"];
  const { text } = await runOnTerminal(machine, zsh, { env, typed });
  return text.slice(text.indexOf("sourced2"))
    // Backspaces and sequences for the screen.
    .replace(new RegExp(`${ESC}\\[[0-9;?]*[A-Za-z]`, "g"), " ")
    .split(/[\s\p{Cc}]+/u)
    .filter(Boolean);
};

/** Puts received work on a machine; returns its ID. */
async function receiveWork(machine: Machine): Promise<string> {
  const sha256 = "0badcafe".padEnd(64, "0");
  const folder = `${machine.state}/work`;
  const kept = {
    id: workId(sha256),
    sha256,
    received: new Date().toISOString(),
  };
  await Deno.mkdir(folder);
  await Deno.writeTextFile(payloadPath(folder, kept), "{}\n");
  await writeKept(folder, { version: 1, ...kept });
  return kept.id;
}

const SHELLS: [string, Complete][] = [
  ["bash", byBash],
  ["zsh", byZsh],
  ["fish", byFish],
];

for (const [shell, complete] of SHELLS) {
  const test = (name: string, fn: (machine: Machine) => Promise<void>) =>
    Deno.test({
      name: `completion for ${shell} ${name}`,
      ...needing(shell, ...shell === "zsh" ? ["script"] : []),
      fn: async () => {
        await using machine = await Machine.make();
        await fn(machine);
      },
    });

  const assertCompletes = async (
    machine: Machine,
    words: string[],
    ...expected: string[]
  ) => {
    const found = await complete(machine, words, expected[0]!);
    const missing = expected.filter((word) => !found.includes(word));
    assertEquals(missing, [], `${words}: ${found}`);
  };

  test("completes commands and options", async (machine) => {
    const commands = ["sessions", "serve", "status", "stop"];
    await assertCompletes(machine, ["s"], ...commands);
    const options = ["--relay", "--remove-file"];
    await assertCompletes(machine, ["serve", "--re"], ...options);
    await assertCompletes(machine, ["receive", "--ou"], "--output");
    await assertCompletes(machine, ["relay", "--ch"], "--check");
  });

  test("completes files after an ID, and after --relay without an address", async (machine) => {
    await machine.write("notes.md", "# a\n");
    const talk = conversation("Doors");
    await writeSession(machine, talk);
    // Where a script offers nothing, bash completes names of files.
    for (
      const words of [["sessions", "export", talk.id], ["serve", "--relay"]]
    ) {
      if (shell === "bash") {
        assertEquals(await complete(machine, [...words, ""], ""), []);
      } else await assertCompletes(machine, [...words, "no"], "notes.md");
    }
  });

  test("completes the IDs of open shares, of drops that may wait, of sessions and of received work", async (machine) => {
    const file = await machine.write("a.md", "# a\n");
    await using sharing = await machine.share(["--generate", file]);
    await leaveDrop(machine.state, "0badd0c5", { expires: 1 });
    const ids = [String(sharing.ready.id), "0badd0c5"];
    await assertCompletes(machine, ["stop", ""], ...ids);
    const talk = conversation("Doors");
    await writeSession(machine, talk);
    const words = ["sessions", "export", talk.id.slice(0, 6)];
    await assertCompletes(machine, words, talk.id);
    const id = await receiveWork(machine);
    await assertCompletes(machine, ["work", "open", "--id", ""], id);
  });
}

Deno.test("completion of a shell that it does not know names those that it does", async () => {
  await using machine = await Machine.make();
  for (const args of [["tcsh"], []]) {
    const { code, stderr } = await machine.run("completion", args);
    assertEquals(code, 2, stderr);
    for (const shell of ["bash", "zsh", "fish"]) {
      assertStringIncludes(stderr, shell);
    }
  }
});
