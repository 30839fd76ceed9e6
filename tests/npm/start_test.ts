/**
 * The command of the npm package, with another launcher beside it: what it passes on, here and on
 * Windows, which is emulated: another platform and another cmd.exe for Node.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { PATIENCE_MS, within } from "../../lib/testing/protocol.ts";
import { Machine } from "../support/machine.ts";
import { needing, programPath } from "../support/missing.ts";
import { Output } from "../support/output.ts";
import { root } from "../support/places.ts";
import { noTerminal, runOnTerminal } from "../support/pseudo_terminal.ts";
import { passedOn, readCommandLine } from "./_cmd.ts";

const node = programPath("node");

function test(name: string, body: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name: `start.mjs ${name}`,
    ...Deno.build.os === "windows" ? { ignore: true } : needing("node"),
    fn: async () => {
      await using machine = await Machine.make();
      await body(machine);
    },
  });
}

/** Puts the command beside a launcher; returns the path of the command. */
async function put(machine: Machine, script?: string): Promise<string> {
  const folder = machine.path("a, bin");
  await Deno.mkdir(folder);
  await Deno.copyFile(`${root}/tools/npm/start.mjs`, `${folder}/start.mjs`);
  await Deno.chmod(`${folder}/start.mjs`, 0o755);
  if (script !== undefined) {
    const text = `#!/bin/sh\n${script}\n`;
    await Deno.writeTextFile(`${folder}/claude-spread`, text, { mode: 0o755 });
  }
  return `${folder}/start.mjs`;
}

function start(path: string, args: string[]): Deno.Command {
  return new Deno.Command(node, {
    args: [path, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("passes on arguments, input, output and the exit code", async (machine) => {
  const path = await put(
    machine,
    "printf '%s\\n' \"$@\"; cat; cat >&2; exit 7",
  );
  const args = ["serve", "a  b", "", "*", "$(id)", 'say "x"', "-", "é\n"];
  const child = start(path, args).spawn();
  await new Blob(["typed"]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  assertEquals([code, decode(stderr)], [7, ""]);
  assertEquals(decode(stdout), `${args.join("\n")}\ntyped`);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`passes on ${signal}, and ends as the launcher does`, async (machine) => {
    const name = signal.slice(3);
    const path = await put(
      machine,
      `case $1 in catch) trap 'echo told; exit 3' ${name} ;; esac
echo ready; while read -r line; do :; done`,
    );
    const dies = { code: { INT: 130, TERM: 143, HUP: 129 }[name]!, signal };
    for (
      const [way, ending, said] of [
        ["catch", { code: 3, signal: null }, "told\n"],
        ["", dies, ""],
      ] as const
    ) {
      const child = start(path, [way]).spawn();
      const output = new Output(child.stdout);
      await output.until(
        "a start",
        (text) => text.includes("ready") || undefined,
      );
      child.kill(signal);
      const { code, signal: killed } = await within(PATIENCE_MS, child.status);
      await Promise.all([output.whole, child.stderr.cancel()]);
      await child.stdin.abort().catch(() => {});
      assertEquals({ code, signal: killed }, ending);
      assertEquals(output.text, `ready\n${said}`);
    }
  });
}

Deno.test({
  name: "start.mjs lets Ctrl+C reach the launcher once, on a terminal",
  ignore: noTerminal !== null || needing("node").ignore,
  fn: async () => {
    await using machine = await Machine.make();
    const path = await put(
      machine,
      // Node passes on signals in their order, and SIGTERM in any case.
      `trap 'echo told' INT; trap 'exit 4' TERM; echo ready
until read -r line; do :; done
kill -TERM $PPID
while :; do read -r line; done`,
    );
    const { code, text } = await runOnTerminal(machine, [node, path], {
      typed: [["ready", "\x03"], ["told", "go on\n"]],
    });
    assertEquals(code, 4, text);
    assertEquals(text.match(/told/g)?.length, 1, text);
  },
});

// Fails when a launcher that did not end by itself counts as one that succeeded.
test("ends as a launcher that was killed, also by a signal that Node ignores", async (machine) => {
  const path = await put(machine, 'kill -s "$1" $$');
  for (const [name, ending] of [["PIPE", 141], ["KILL", 137]] as const) {
    const { code } = await new Deno.Command(node, { args: [path, name] })
      .output();
    assertEquals(code, ending, name);
  }
});

test("says that there is no launcher", async (machine) => {
  const path = await put(machine);
  const { code, stdout, stderr } = await new Deno.Command(node, {
    args: [path],
  }).output();
  assertEquals([code, decode(stdout)], [127, ""]);
  assertStringIncludes(decode(stderr), "claude-spread: cannot start: ");
});

// --- Windows -----------------------------------------------------------------------------------

/** Runs the command as on Windows, with a cmd.exe that prints its arguments. */
async function startOnWindows(machine: Machine, args: string[]) {
  const path = await put(machine);
  const preload = await machine.write(
    "windows.cjs",
    'Object.defineProperty(process, "platform", { value: "win32" });\n',
  );
  // Such a path has no folders here.
  const system = machine.path("Windows");
  await Deno.writeTextFile(
    `${system}\\System32\\cmd.exe`,
    "#!/bin/sh\nprintf '%s\\0' \"$@\"; exit 9\n",
    { mode: 0o755 },
  );
  const { code, stdout, stderr } = await new Deno.Command(node, {
    args: ["--require", preload, path, ...args],
    env: { SystemRoot: system, COMSPEC: "/bin/false", ComSpec: "/bin/false" },
  }).output();
  const told = decode(stdout).split("\0").slice(0, -1);
  return { path, code, told, stderr: decode(stderr) };
}

/** Variables that no argument may bring in. */
const VARIABLES = { PATH: "C:\\expanded", "A^": "expanded" };

/** Arguments that cmd would like to read in its own way. */
const HARD = [
  ...["a b", "", " ", "50%", "%PATH%", "%path%", "%%PATH%%", "^", "^^", "a^b"],
  ...["a & calc", "a|b", "<a>", "(a)", "!PATH!", "a,b;c=d", "*?", "'", "`"],
  ...[
    "C:\\My files\\",
    "a b\\\\",
    "\\\\host\\share",
    "--output=C:\\a b\\c",
    "~",
  ],
  ...["한글", "%~1", "%*", "%0", "a\tb", "--", "@", "#$[]{}"],
];

test("passes each argument through cmd as it is, on Windows", async (machine) => {
  const random = fc.sample(
    fc.array(
      fc.constantFrom(..."%^&|<>()!\\ ,;=ab", "%PATH%"),
    )
      .map((parts) => parts.join("")),
    { numRuns: 300, seed: 22 },
  );
  const args = ["receive", ...HARD, ...random];
  const { path, code, told, stderr } = await startOnWindows(machine, args);
  assertEquals([code, stderr], [9, ""]);
  assertEquals(told.slice(0, -1), ["/d", "/v:off", "/s", "/c"]);
  const { program, rest } = readCommandLine(told.at(-1)!, VARIABLES);
  assertEquals(program, path.replace("start.mjs", "claude-spread.cmd"));
  // The batch file compares its first argument with names of commands.
  assert(rest.startsWith("receive "), rest);
  assertEquals(passedOn(rest), args);
});

test("refuses an argument that cmd cannot take, on Windows", async (machine) => {
  const { code, told, stderr } = await startOnWindows(machine, [
    'a" & calc & "',
  ]);
  assertEquals([code, told], [2, []]);
  assertEquals(
    stderr,
    "claude-spread: on Windows an argument cannot contain quotation marks or line breaks\n",
  );
});

test("is what npm starts on Windows, by Node", async (machine) => {
  const path = await put(machine, 'printf "%s\\n" "$@"; exit 5');
  const npm = await Deno.realPath(programPath("npm"));
  const shim = new URL("../node_modules/cmd-shim", `file://${npm}`).pathname;
  const made = machine.path("prefix/claude-spread");
  const script = "require(process.argv[1])(...process.argv.slice(2))";
  const args = ["-e", script, shim, path, made];
  const { success, stderr } = await new Deno.Command(node, { args }).output();
  assert(success, decode(stderr));
  const [cmd, shell] = await Promise.all(
    [".cmd", ".ps1"].map((end) => Deno.readTextFile(`${made}${end}`)),
  );
  assertStringIncludes(cmd!, 'SET "_prog=node"');
  assertStringIncludes(cmd!, '"%_prog%"  "%dp0%\\..\\a, bin\\start.mjs" %*');
  assertStringIncludes(
    shell!,
    '& "node$exe"  "$basedir/../a, bin/start.mjs" $args',
  );
  // What Git Bash takes runs here as well.
  const run = await new Deno.Command(made, { args: ["a b", "c"] }).output();
  assertEquals([run.code, decode(run.stdout)], [5, "a b\nc\n"]);
});
