/**
 * All sub-commands as one program, with the permissions that are compiled into it: run by Deno
 * everywhere, and compiled where Deno's runtime for that can be had.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { projectName } from "../../../lib/claude/config_folder.ts";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { COMMANDS } from "../../../scripts/cli/commands.ts";
import {
  compileArgs,
  findMissingRuntime,
  outputPath,
  PERMISSIONS,
  TARGETS,
} from "../../../tools/compile.ts";
import { until } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { environment } from "../../support/environment.ts";
import { denoFolder, root } from "../../support/places.ts";
import type { Event } from "../../support/output.ts";

/** Makes the program on a machine and returns its path. */
type Install = (machine: Machine) => Promise<string>;

/**
 * Stands in for what Deno compiles, with the same permissions. Like that, it starts itself for a
 * detached share, and not the launcher; it notes in the home which commands it was started for.
 */
const script: Install = async (machine) => {
  const path = machine.path("claude-spread");
  const preload = await machine.write(
    "standalone.ts",
    `Object.defineProperty(Deno, "build", {
       value: { ...Deno.build, standalone: true },
     });
     Object.defineProperty(Deno, "execPath", {
       value: () => ${JSON.stringify(path)},
     });`,
  );
  const flags = ["--quiet", "--no-prompt", "--cached-only", ...PERMISSIONS];
  const line = [Deno.execPath(), "run", `--config=${root}/deno.json`, ...flags];
  line.push(`--preload=${preload}`, `${root}/scripts/claude_spread.ts`);
  const words = line.map((word) => `'${word}'`).join(" ");
  const note = 'echo "${1-}" >>"$HOME/started"';
  const text = `#!/bin/sh\n${note}\nexec ${words} "$@"\n`;
  await Deno.writeTextFile(path, text, { mode: 0o755 });
  return path;
};

/** The compiled program, or `null` where it cannot be built; a reason is printed. */
async function compile(): Promise<Install | null> {
  const target = TARGETS.find((target) => target === Deno.build.target);
  if (target === undefined) return null;
  const folder = await Deno.makeTempDir({ prefix: "cs-compiled-" });
  const output = `${folder}/${outputPath(target).replace("dist/", "")}`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArgs(target, output),
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  if (success) {
    addEventListener(
      "unload",
      () => Deno.removeSync(folder, { recursive: true }),
    );
    return () => Promise.resolve(output);
  }
  await Deno.remove(folder, { recursive: true });
  const problem = new TextDecoder().decode(stderr);
  const url = findMissingRuntime(problem);
  if (url === null) throw new Error(problem);
  console.log(
    `tests of the compiled program are skipped: cannot download ${url}`,
  );
  return null;
}

/** How it ended, and what it printed. */
interface Answer {
  code: number;
  text: string;
  stderr: string;
  events: Event[];
}

/** The program on a machine. */
class Program {
  private constructor(
    private readonly path: string,
    private readonly machine: Machine,
  ) {}

  static async on(machine: Machine, install: Install): Promise<Program> {
    return new Program(await install(machine), machine);
  }

  command(args: string[], env: Record<string, string> = {}): Deno.Command {
    return new Deno.Command(this.path, {
      args,
      cwd: this.machine.path("."),
      clearEnv: true,
      env: environment(this.machine, env),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  run(...args: string[]): Promise<Answer> {
    return this.runWith({}, args);
  }

  /** Runs it with more variables. */
  async runWith(env: Record<string, string>, args: string[]): Promise<Answer> {
    const { code, stdout, stderr } = await this.command(args, env).output();
    const text = new TextDecoder().decode(stdout);
    return {
      code,
      text,
      stderr: new TextDecoder().decode(stderr),
      events: text.split("\n").filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line)),
    };
  }
}

function test(
  name: string,
  install: Install | null,
  body: (program: Program, machine: Machine) => Promise<void>,
): void {
  Deno.test({
    name,
    // What stands in for it is a shell script.
    ignore: install === null || Deno.build.os === "windows",
    fn: async () => {
      await using machine = await Machine.make();
      await body(await Program.on(machine, install!), machine);
    },
  });
}

const compiled = await compile();
const programs: [string, Install | null][] = [
  ["claude_spread.ts", script],
  ["compiled claude-spread", compiled],
];

for (const [name, install] of programs) {
  test(
    `${name} hands over by a share that goes on by itself, tells of it and ends it`,
    install,
    async (program, machine) => {
      const file = await machine.write("a.md", "# a\n");
      const keep = ["--interface", "127.0.0.1"];
      const shared = await program.run(
        ...["serve", "--detach", "--json", "--generate", ...keep, file],
      );
      assertEquals([shared.code, shared.stderr], [0, ""]);
      const [ready] = shared.events;
      const [address] = ready!.addresses as string[];
      const received = await program.run(
        ...["receive", ...keep, String(ready!.invite), address!],
      );
      assertEquals(
        [received.code, received.text],
        [0, "# a\n"],
        received.stderr,
      );
      const before = await program.run("status", "--json");
      assertEquals(before.events[0]?.delivered, 1);
      assertEquals((await program.run("stop")).code, 0);
      await until("its end", async () => {
        const { events } = await program.run("status", "--json");
        return events[0]?.state === "ended";
      });
    },
  );

  test(
    `${name} relay runs until it is told to end`,
    install,
    async (program) => {
      const env = { RELAY_HOST: "127.0.0.1", RELAY_PORT: "0" };
      const relay = program.command(["relay"], env).spawn();
      const lines = relay.stdout.pipeThrough(new TextDecoderStream())
        .getReader();
      const { value } = await lines.read();
      relay.kill("SIGTERM");
      await Promise.all([lines.cancel(), relay.stderr.cancel()]);
      assertEquals(JSON.parse(value!).event, "started");
      assertEquals((await relay.status).code, 0);
    },
  );

  test(
    `${name} relay --check tells whether a relay works`,
    install,
    async (program) => {
      await using relay = await startLocalRelay();
      for (const args of [["--check", relay.url], [`--check=${relay.url}`]]) {
        const { code, stderr, events } = await program.run(
          ...["relay", "--json", ...args],
        );
        assertEquals([code, stderr], [0, ""]);
        assertEquals(events.at(-1)?.event, "checked");
      }
    },
  );

  test(
    `${name} explains itself, and what is not a command`,
    install,
    async (program) => {
      for (const args of [["nonsense"], ["toString"]]) {
        const { code, text, stderr } = await program.run(...args);
        assertEquals([code, text], [2, ""]);
        assertStringIncludes(stderr, `There is no command "${args[0]}"`);
      }
      for (const args of [[], ["--help"]]) {
        const help = await program.run(...args);
        assertEquals([help.code, help.stderr], [0, ""]);
        assertStringIncludes(help.text, "Usage: claude-spread COMMAND");
      }
      const { version } = JSON.parse(
        await Deno.readTextFile(`${root}/deno.json`),
      );
      assertEquals(
        (await program.run("--version")).text,
        `claude-spread ${version}\n`,
      );
    },
  );
}

/** By command: arguments, the exit code, and a part of what it prints. */
const ANSWERS: Record<string, [args: string, code: number, says: string]> = {
  serve: ["--preview words a.md", 0, "nothing is shared: this was a preview"],
  receive: ["words 127.0.0.1:9", 5, "Cannot connect to 127.0.0.1:9"],
  status: ["", 0, "nothing is shared"],
  stop: ["", 2, "Nothing is shared"],
  pair: ["words", 2, "These are not the words of a machine"],
  pairs: ["", 0, "there are no pairs"],
  waiting: ["", 0, ""],
  forget: ["cedar", 3, 'This machine has no pair "cedar"'],
  bundle: ["m.json", 0, '1 file in "m.json"'],
  install: ["m.json", 0, "there is nothing to install"],
  "sessions list": ["", 0, "this project has no sessions"],
  "sessions export": ["none x.session", 2, "is not the ID of a session"],
  "sessions install": ["a.md", 6, "it is not a packed session"],
  "sessions undo": ["", 6, "No received session is installed"],
  "work list": ["", 0, "no work has been received"],
  "work show": ["", 6, "This machine has received no work"],
  "work open": ["", 6, "This machine has received no work"],
  "work undo": ["", 6, "No work is open"],
  "work save": ["w.bundle", 6, "This machine has received no work"],
  "skill distill-share": ["", 6, "Claude has not written it"],
  "skill distill-receive": [
    "",
    2,
    "The line typed in Claude Code was not kept",
  ],
  "skill memory-share": ["", 0, "the user shares a document that you write"],
  "skill memory-receive": ["", 2, "The line typed in Claude Code was not kept"],
  "skill sessions-share": ["", 0, "this project has no sessions"],
  "skill sessions-receive": [
    "",
    2,
    "The line typed in Claude Code was not kept",
  ],
  "skill work": ["", 6, "This machine has received no work"],
  "skill pair": ["", 2, "Nothing was done: the plugin's hooks are off"],
  "skill status": ["", 0, "nothing is shared"],
  "skill stop": ["", 2, "Nothing is shared"],
  relay: ["--help", 0, "Starts a relay"],
  "relay --check": ["http://127.0.0.1:9", 2, "is not the address of a relay"],
  // A machine on which tests run may have no network.
  doctor: ["--interface 127.0.0.1", 0, "nothing is wrong"],
  completion: ["fish", 0, "complete -c claude-spread"],
  help: ["pair", 0, "Usage: claude-spread pair"],
};

for (const [name, install] of programs) {
  test(
    `${name} answers by every command of the table`,
    install,
    async (program, machine) => {
      assertEquals(Object.keys(ANSWERS), Object.keys(COMMANDS));
      await machine.write("a.md", "# a\n");
      const project = projectName(machine.work);
      const memory = `${machine.home}/.claude/projects/${project}/memory`;
      await Deno.mkdir(memory, { recursive: true });
      await Deno.writeTextFile(`${memory}/a.md`, "Body\n");
      // As in Claude Code, where the skills run.
      const env = { CLAUDE_CODE_SESSION_ID: crypto.randomUUID() };
      const wrong: [string, Answer][] = [];
      for (const [command, [args, code, says]] of Object.entries(ANSWERS)) {
        const words = `${command} ${args}`.trim().split(" ");
        const answer = await program.runWith(env, words);
        const said = answer.text + answer.stderr;
        if (answer.code !== code || !said.includes(says)) {
          wrong.push([command, answer]);
        }
      }
      assertEquals(wrong, []);
    },
  );
}

test(
  "claude_spread.ts, as a compiled program, starts itself for a share that goes on by itself",
  script,
  async (program, machine) => {
    const file = await machine.write("a.md", "# a\n");
    const args = [
      "--detach",
      "--interface",
      "127.0.0.1",
      "words of mine",
      file,
    ];
    assertEquals((await program.run("serve", ...args)).code, 0);
    assertEquals((await program.run("stop")).code, 0);
    const started = await Deno.readTextFile(`${machine.home}/started`);
    assertEquals(started, "serve\nserve\nstop\n");
  },
);

Deno.test("main() gives up what only other sub-commands need", async () => {
  await using machine = await Machine.make();
  const file = await machine.write(
    "probe.ts",
    `import { main } from "${root}/scripts/claude_spread.ts";
     await main(["status"]);
     for (const name of ["run", "sys", "read", "net"]) {
       console.log(name, (await Deno.permissions.query({ name })).state);
     }`,
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--no-prompt", "--cached-only"],
      ...[`--config=${root}/deno.json`, ...PERMISSIONS, file],
    ],
    env: { HOME: `${machine.folder}/home`, DENO_DIR: denoFolder },
  }).output();
  assertEquals(
    new TextDecoder().decode(stdout),
    "run prompt\nsys prompt\nread granted\nnet granted\n",
  );
});
