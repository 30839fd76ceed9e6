/**
 * Checks what `deno task compile` builds, as far as possible without Deno's real runtime.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../scripts/cli/commands.ts";
import { copyPlugin, testOnMachine } from "../tests/support/launcher.ts";
import {
  compileArgs,
  findMissingRuntime,
  outputPath,
  PERMISSIONS,
  TARGETS,
} from "./compile.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);

/** A module in the output of `deno info`. */
interface Module {
  specifier: string;
  local?: string;
  error?: string;
}

/** Modules that a script imports, including dynamic imports; paths are relative to the root. */
async function modulesOf(script: string): Promise<Map<string, Module>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", script],
    cwd: root,
  }).output();
  const { modules }: { modules: Module[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  return new Map(modules.map((module) => [
    module.specifier.replace(`file://${root}/`, ""),
    module,
  ]));
}

/** Flags and script with which `bin/claude-spread` runs Deno for a sub-command and an option. */
async function launched(
  command: string,
): Promise<{ flags: string[]; script: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const fake = `#!/bin/sh
case $1 in
--version) echo "deno 2.9.6" ;;
run) printf "%s\\n" "$@" ;;
esac
`;
    await Deno.writeTextFile(`${folder}/deno`, fake, { mode: 0o755 });
    const { stdout } = await new Deno.Command("/bin/sh", {
      args: [`${root}/bin/claude-spread`, ...command.split(" ")],
      clearEnv: true,
      env: { PATH: `${folder}:/usr/bin:/bin` },
    }).output();
    const args = new TextDecoder().decode(stdout).trimEnd().split("\n");
    const script = args.find((arg) => arg.endsWith(".ts"))!
      .replace(`${root}/`, "");
    return { script, flags: args.filter((arg) => arg.startsWith("--allow-")) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const isWindows = Deno.build.os === "windows";

Deno.test({
  name: "claude_spread.ts leads to every module that a sub-command leads to",
  ignore: isWindows,
  fn: async () => {
    const all = await modulesOf("scripts/claude_spread.ts");
    for (const command of Object.keys(COMMANDS)) {
      const { script } = await launched(command);
      const needed = await modulesOf(script);
      const missing = [...needed.keys()].filter((path) => !all.has(path));
      // These entries only start their command.
      const isThin = ["relay", "bundle", "install"].includes(command);
      assertEquals(missing, isThin ? [script] : [], command);
    }
  },
});

Deno.test("claude_spread.ts leads to no module that is missing, or found only while it runs", async () => {
  for (const [path, module] of await modulesOf("scripts/claude_spread.ts")) {
    assertEquals(module.error, undefined, path);
    if (module.local === undefined || path.startsWith("file:")) continue;
    const text = await Deno.readTextFile(module.local);
    assertEquals(text.match(/\bimport\((?!\s*["'])/g), null, path);
    // A compiled program has no files beside its modules.
    const isLauncher = path === "scripts/serve/detached/start_detached.ts";
    const mentions = text.match(/import\.meta\.(url|dirname|filename)/g);
    assertEquals(mentions?.length ?? 0, isLauncher ? 1 : 0, path);
  }
});

Deno.test({
  name: "PERMISSIONS cover those of every sub-command, and nothing else",
  ignore: isWindows,
  fn: async () => {
    const commands = await Promise.all(Object.keys(COMMANDS).map(launched));
    const needed = commands.flatMap(({ flags }) => flags.map(parseFlag));
    const granted = PERMISSIONS.map(parseFlag);
    for (const [kind, values] of granted) {
      const wanted = needed.filter(([other]) => other === kind);
      assert(wanted.length > 0, `${kind} is not needed`);
      if (values.length === 0) continue;
      const names = new Set(wanted.flatMap(([, names]) => names));
      assertEquals(values.toSorted(), [...names].toSorted(), kind);
    }
    const kinds = new Set(needed.map(([kind]) => kind));
    assertEquals([...kinds].sort(), granted.map(([kind]) => kind).sort());
  },
});

/** Splits `--allow-env=A,B` into kind and values. */
function parseFlag(flag: string): [kind: string, values: string[]] {
  const [kind, values] = flag.split("=");
  return [kind!, values?.split(",") ?? []];
}

Deno.test("compileArgs() grants exactly PERMISSIONS, and lets nothing ask for more", () => {
  for (const target of TARGETS) {
    const args = compileArgs(target, outputPath(target));
    const granted = args.filter((arg) => /^(-A|--allow-)/.test(arg));
    assertEquals(granted, PERMISSIONS);
    assert(args.includes("--no-prompt") && args.includes("--frozen"));
    assert(args.includes(`--target=${target}`));
  }
  assertEquals(new Set(TARGETS.map(outputPath)).size, 6);
});

Deno.test("deno compile takes compileArgs(), when a runtime is there", async () => {
  const folder = await Deno.makeTempDir({ prefix: "cs-compile-" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: compileArgs(Deno.build.target, `${folder}/program`),
      cwd: root,
      // Stands in for the runtime, which may be out of reach; the result cannot run.
      env: { DENORT_BIN: Deno.execPath() },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const [built, ...rest] = await Array.fromAsync(Deno.readDir(folder));
    assertEquals([built?.name.replace(/\.exe$/, ""), rest], ["program", []]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("findMissingRuntime() tells a runtime that cannot be reached from another problem", () => {
  const url =
    "https://dl.deno.land/release/v2.9.6/denort-x86_64-apple-darwin.zip";
  const unreachable = `Download ${url}
error: Writing deno compile executable to temporary file 'a.tmp'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (${url}): client error (Connect)`;
  assertEquals(findMissingRuntime(unreachable), url);
  assertEquals(findMissingRuntime("error: Type checking failed."), null);
});

Deno.test("compile.ts says which targets there are, when there is no such target", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", `${root}/tools/compile.ts`, "amiga"],
  }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals([code, stdout.length], [2, 0]);
  for (const target of TARGETS) assert(text.includes(target), text);
});

/** Runs compile.ts in a copy of the project, with a runtime. */
async function compileWith(cwd: string, runtime: string, targets: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "tools/compile.ts", ...targets],
    cwd,
    // Nothing listens there: as good as no network.
    env: {
      DENORT_BIN: runtime,
      HTTPS_PROXY: "http://127.0.0.1:9",
      NO_COLOR: "1",
    },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text: text.join("") };
}

testOnMachine(
  "compile.ts says what is wrong with DENORT_BIN, and takes it for this platform alone",
  async (machine) => {
    const copy = await copyPlugin(machine, "copy");
    await new Deno.Command("cp", { args: ["-R", `${root}/tools`, copy] })
      .output();
    const ours = Deno.build.target;
    const other = TARGETS.find((target) => target.includes("windows"))!;
    for (const path of [`${copy}/missing`, copy]) {
      assertEquals(await compileWith(copy, path, [ours]), {
        code: 2,
        text:
          `DENORT_BIN names "${path}", which is not a file: name Deno's runtime for ${ours}, or unset it\n`,
      });
    }
    // What an earlier build has left is not what this one has made.
    await Deno.mkdir(`${copy}/dist`);
    await Deno.writeTextFile(`${copy}/${outputPath(ours)}`, "old");
    const notes = `${copy}/notes`;
    await Deno.writeTextFile(notes, "no program");
    const refused = await compileWith(copy, notes, [ours]);
    assertEquals(refused.code, 1);
    assertStringIncludes(
      refused.text,
      `${ours}: not built: DENORT_BIN names "${notes}", which Deno cannot use: `,
    );
    assert(!refused.text.includes("    at "), refused.text);
    assertEquals([...Deno.readDirSync(`${copy}/dist`)], []);
    const deno = Deno.execPath();
    const { code, text } = await compileWith(copy, deno, [ours, other]);
    const [first, second] = text.split("\n");
    assertEquals(code, 1, text);
    assertEquals(
      first,
      `${ours}: not built: it does not start; DENORT_BIN names "${deno}": is that Deno's runtime for programs?`,
    );
    const isCached = second === `${other}: ${outputPath(other)}`;
    assert(
      isCached || second!.includes("cannot download Deno's runtime"),
      text,
    );
    const left = await machine.works();
    assert(!left.includes(`copy/${outputPath(ours)}`), "it is still there");
  },
);
