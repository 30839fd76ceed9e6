/**
 * All sub-commands as one program, with the permissions that are compiled into it: run by Deno
 * everywhere, and compiled where Deno's runtime for that can be had.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
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

/** Stands in for what Deno compiles, with the same permissions. */
const script: Install = async (machine) => {
  const path = machine.path("claude-spread");
  const flags = ["--quiet", "--no-prompt", "--cached-only", ...PERMISSIONS];
  const line = [Deno.execPath(), "run", `--config=${root}/deno.json`, ...flags];
  const words = [...line, `${root}/scripts/claude_spread.ts`]
    .map((word) => `'${word}'`).join(" ");
  const text = `#!/bin/sh\nexec ${words} "$@"\n`;
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

  async run(
    ...args: string[]
  ): Promise<{ code: number; text: string; stderr: string; events: Event[] }> {
    const { code, stdout, stderr } = await this.command(args).output();
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
