/**
 * `bin/claude-spread`: which permissions a sub-command gets.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Machine } from "../../support/machine.ts";
import {
  launch,
  type LaunchOptions,
  testOnMachine as test,
  withPrintingDeno,
} from "../../support/launcher.ts";
import { root } from "../../support/places.ts";
import type { Script } from "../../support/commands.ts";
import { engineFlags, permissions, scriptPath } from "./_expected.ts";
import {
  IN_SESSION,
  keep,
  keptPath,
  passedOnPath,
  passOn,
} from "../../support/typed.ts";

/** What Deno is told. */
interface Told {
  /** Flags that permit something other than files. */
  flags: string[];
  /** Flags about how modules are loaded and compiled. */
  engine: string[];
  reads: string[];
  writes: string[];
  /** What the script gets. */
  args: string[];
}

/** Runs a sub-command and reads what Deno is told; paths begin at the machine's folder. */
async function tell(
  machine: Machine,
  script: Script,
  args: string[],
  options: LaunchOptions = {},
): Promise<Told> {
  // Looked for anew: this Deno has nothing downloaded.
  for (const name of ["fake deno", "downloads"]) {
    await Deno.remove(machine.path(name), { recursive: true }).catch(() => {});
  }
  const programs = await withPrintingDeno(machine);
  const env = { ...options.env, DENO_DIR: machine.path("downloads") };
  const name = script === "relay_check" ? "relay" : script;
  const { stdout } = await launch(machine, [name, ...args], programs, {
    env,
  });
  const lines = stdout.split("\n").slice(0, -1);
  const end = lines.indexOf(`${root}/${scriptPath(script)}`);
  const told = lines.slice(0, end);
  assert(told.includes("--no-prompt"), stdout);
  const paths = (flag: string) =>
    told.flatMap((line) => line === flag ? [`${flag}=everywhere`] : [line])
      .filter((line) => line.startsWith(`${flag}=`))
      .flatMap((line) => line.slice(flag.length + 1).split(","))
      .map((path) => path.replace(`${machine.folder}/`, ""));
  return {
    flags: told.filter((flag) => /^--allow-(?!read|write)|^-A/.test(flag)),
    engine: told.filter((flag) => /^--(unstable|v8)-/.test(flag)),
    reads: paths("--allow-read"),
    writes: paths("--allow-write"),
    args: lines.slice(end + 1),
  };
}

const SCRIPTS: Script[] = [
  "serve",
  "receive",
  "status",
  "stop",
  "bundle",
  "install",
  "sessions",
];

for (const script of SCRIPTS) {
  test(`claude-spread ${script} runs with the permissions and flags that are tested, and the arguments as they are`, async (machine) => {
    const typed = ["two  words", "$(id)", '"', "--", "-x", ""];
    const { flags, engine, args } = await tell(machine, script, typed);
    assertEquals(args, typed);
    assertEquals(engine, engineFlags(script, false));
    const tested = permissions(script, "/").filter((flag) =>
      !flag.endsWith("=/")
    );
    // Starting itself, for shares that go on by themselves, is tested apart.
    const itself = `,${root}/bin/claude-spread`;
    const run = `--allow-run=git${script === "serve" ? itself : ""}`;
    const expected = tested.map((flag) =>
      flag === "--allow-run=git" ? run : flag
    );
    assertEquals(flags.sort(), expected.sort());
  });
}

test("claude-spread relay --check runs as a client of relays, which touches no file", async (machine) => {
  for (
    const args of [
      ["--check"],
      ["--json", "--check", "wss://relay.example.org"],
      ["--check=wss://relay.example.org", "$(id)"],
    ]
  ) {
    const told = await tell(machine, "relay_check", args);
    assertEquals(told.flags, permissions("relay_check", "/"));
    assertEquals([told.reads, told.writes, told.args], [[], [], args]);
    assertEquals(told.engine, engineFlags("relay_check", false));
  }
});

test("claude-spread serve may touch its own folders and what its arguments name", async (machine) => {
  const own = [
    "state/claude-spread/shares",
    "state/claude-spread/spool",
    "home/.cache/claude-spread",
  ];
  const table: [string[], reads: string[], writes: string[]][] = [
    [[], [], []],
    [["-"], [], []],
    [["words", "a b.md"], ["a b.md"], []],
    [["--once", "--", "-x.md"], ["-x.md"], []],
    [["--remove-file", "a.md"], ["a.md"], ["a.md"]],
    [["a.md", "--keep-open", "5", "--port", "9"], ["a.md"], []],
    [["--project", "/p q", "a.md"], ["/p q", "a.md"], []],
    [["--project=/p", "--passphrase-file=/w", "a"], ["/p", "/w", "a"], []],
    [["--passphrase-file", "/w", "a"], ["/w", "a"], []],
    [["--passphrase-file", "-", "a"], ["a"], []],
    [["--typed", "/data", "a"], ["/data/typed", own[2]!, "a"], [
      "/data/typed",
      own[2]!,
    ]],
    [["--kind", "session", "a"], ["a", ".", "home/.claude/projects"], []],
    [["--kind=session", "--project=/p", "a"], [
      "/p",
      "a",
      "home/.claude/projects",
    ], []],
    [["a", "--kind", "memory"], ["a"], []],
    [["a,b.md"], ["."], []],
    [["d/a,b.md"], ["d/"], []],
    [["/d,e/f/a.md"], ["/"], []],
    [["--project", "/d/e,f/g", "a"], ["/d/", "a"], []],
  ];
  for (const [args, reads, writes] of table) {
    const told = await tell(machine, "serve", args);
    const ofSessions = args.some((arg) => arg.endsWith("session"));
    assertEquals(told.engine, engineFlags("serve", ofSessions));
    assertEquals(told.reads, [...own, ...reads], args.join(" "));
    assertEquals(told.writes, [...own, ...writes], args.join(" "));
  }
});

test("claude-spread receive, status and stop may touch what they need", async (machine) => {
  const table: [Script, string[], string[]][] = [
    ["receive", ["words", "127.0.0.1:9"], ["state/claude-spread/partial"]],
    ["receive", ["--output", "a.md", "x"], [
      "state/claude-spread/partial",
      ".",
    ]],
    ["receive", ["--output=/d/e/a", "x"], [
      "state/claude-spread/partial",
      "/d/e",
    ]],
    ["receive", ["--output=/a", "x"], ["state/claude-spread/partial", "/"]],
    ["receive", ["--typed", "/data"], [
      "state/claude-spread/partial",
      "/data/typed",
      "home/.cache/claude-spread",
    ]],
    ["status", ["--json"], ["state/claude-spread/shares"]],
    ["stop", ["0badcafe"], ["state/claude-spread/shares"]],
    ["stop", ["--typed", "/data"], [
      "state/claude-spread/shares",
      "/data/typed",
      "home/.cache/claude-spread",
    ]],
  ];
  for (const [script, args, paths] of table) {
    const told = await tell(machine, script, args);
    // Its modules, which it loads by itself when they are needed.
    const modules = script === "receive" ? [root] : [];
    const expected = [[...paths, ...modules], paths];
    assertEquals([told.reads, told.writes], expected, args.join(" "));
  }
});

test("claude-spread sessions may write beside the client's own sessions, read what is named, and reach no network", async (machine) => {
  const own = ["state/claude-spread/sessions"];
  const typed = ["/data/typed", "home/.cache/claude-spread"];
  const table: [string[], string, reads: string[], writes: string[]][] = [
    [["install", "a.session"], "", [".", "a.session"], [
      "home/.claude/projects",
    ]],
    [["undo"], "/c d", [".", "undo"], ["/c d/projects"]],
    [["undo"], "c", [".", "undo"], ["./c/projects"]],
    [["list", "--project", "/p", "--typed", "/data"], "", ["/p", "list"], [
      "home/.claude/projects",
      ...typed,
    ]],
  ];
  for (const [args, config, reads, writes] of table) {
    const env = { CLAUDE_CONFIG_DIR: config };
    const told = await tell(machine, "sessions", args, { env });
    assertEquals(told.writes, [...own, ...writes], args.join(" "));
    assertEquals(told.reads, [...reads, ...own, ...writes]);
    assert(!told.flags.some((flag) => /net|run/.test(flag)));
  }
});

/** Makes the folder where a machine's Claude Code keeps what it knows of a project. */
async function keepsMemory(machine: Machine, name: string): Promise<string> {
  const folder = `${machine.folder}/home/.claude/projects/${name}`;
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

test("claude-spread bundle and install read memory and what tells where it is, and write there and in the state folder", async (machine) => {
  await keepsMemory(machine, "-x");
  const projects = "home/.claude/projects";
  await Deno.mkdir(machine.path("repo/.git"), { recursive: true });
  const memory = ["work/repo", "work/repo/.git"];
  const reads = [
    ...["repo", ...memory],
    ...["home/.claude/settings.json", projects, projects],
  ];
  const kept = [projects, "state/claude-spread/memory"];
  const typed = ["/data/typed", "home/.cache/claude-spread"];
  const table: [Script, string[], reads: string[], writes: string[]][] = [
    ["bundle", ["--preview"], [], []],
    ["bundle", ["--only", "user", "/d/a.json"], [], ["/d"]],
    ["bundle", ["--output", "a.json", "--json"], [], ["."]],
    ["bundle", ["--preview", "--typed", "/data"], [], typed],
    ["install", ["--yes", "a.json"], ["a.json"], kept],
    ["install", ["--undo"], [], kept],
    ["install", ["--remove-file", "--yes", "a.json"], [], [...kept, "a.json"]],
    ["install", ["--discard", "a.json"], [], [...kept, "a.json"]],
  ];
  for (const [script, args, read, writes] of table) {
    const told = await tell(machine, script, ["--project=repo", ...args]);
    const expected = [...new Set([...reads, ...writes, ...read])];
    assertEquals([...new Set(told.reads)], expected, args.join(" "));
    assertEquals(told.writes, writes, args.join(" "));
    assert(!told.flags.some((flag) => /net|run/.test(flag)));
  }
});

test("claude-spread bundle and install follow memory wherever it leads", async (machine) => {
  const folder = await keepsMemory(machine, "-x");
  await Deno.mkdir(machine.path(".claude"));
  const setting = '{ "autoMemoryDirectory": "~/kept" }';
  const leads: [string, () => Promise<void>][] = [
    "work/.claude/settings.json",
    "work/.claude/settings.local.json",
    "home/.claude/settings.json",
  ].map((name) => `${machine.folder}/${name}`).map((path) => [
    path,
    async () => {
      await Deno.writeTextFile(path, setting);
    },
  ]);
  const link = `${folder}/memory`;
  leads.push([link, () => Deno.symlink(machine.folder, link)]);
  for (const [path, make] of leads) {
    assert(!(await tell(machine, "bundle", [])).reads.includes("everywhere"));
    await make();
    assertEquals((await tell(machine, "bundle", [])).reads, ["everywhere"]);
    const { writes } = await tell(machine, "install", ["a.json"]);
    assertEquals(writes, ["everywhere"], path);
    await Deno.remove(path);
  }
  const named = await tell(machine, "bundle", ["--memory", "/m"]);
  assertEquals(named.reads, ["everywhere"]);
  const env = { CLAUDE_CODE_REMOTE_MEMORY_DIR: "/m" };
  const remote = await tell(machine, "bundle", [], { env });
  assertEquals(remote.reads, ["everywhere"]);
});

test("claude-spread receive may write sessions beside the client's own, and reads the project and its branch only", async (machine) => {
  const partial = "state/claude-spread/partial";
  const own = ["state/claude-spread/sessions", "home/.claude/projects"];
  await Deno.mkdir(machine.path("repo/.git"), { recursive: true });
  await Deno.mkdir(machine.path("repo/a, b/c"), { recursive: true });
  await Deno.mkdir(machine.path("tree/in"), { recursive: true });
  await Deno.writeTextFile(machine.path("tree/.git"), "gitdir: /w/t\n");
  await Deno.mkdir(machine.path("near"));
  await Deno.writeTextFile(machine.path("near/.git"), "gitdir: ../w/t\n");
  const linked = (folder: string) =>
    ["HEAD", "commondir", "gitdir"].map((name) => `${folder}/${name}`);
  const table: [string, string[]][] = [
    ["repo", ["repo", "work/repo/.git"]],
    ["repo/a, b/c", ["repo/", "work/repo/.git"]],
    ["tree/in", ["tree/in", "work/tree/.git", ...linked("/w/t")]],
    ["near", ["near", "work/near/.git", ...linked("work/near/../w/t")]],
    ["missing", ["missing"]],
  ];
  for (const [project, reads] of table) {
    const args = ["--kind", "session", "--project", project, "words"];
    const told = await tell(machine, "receive", args);
    assertEquals(told.engine, engineFlags("receive", true));
    assertEquals(told.reads, [partial, ...reads, ...own, root], project);
    assertEquals(told.writes, [partial, ...own], project);
  }
});

test("claude-spread may read the passphrase file that was typed, and no other word of the line", async (machine) => {
  const table: [string, string | null][] = [
    ["--passphrase-file /w", "/w"],
    ["--relay --passphrase-file=/w --once", "/w"],
    ['--passphrase-file "/a b/c"', "/a b/c"],
    ["--passphrase-file '/a b/c' x", "/a b/c"],
    ["--passphrase-file ~/words", "home/words"],
    ["words --passphrase-file /w", null],
    ["--once /etc/shadow", null],
    ["", null],
  ];
  const named = async (typed: string[]) => {
    const args = [...typed, "a.md"];
    const { reads } = await tell(machine, "serve", args, IN_SESSION);
    return reads.filter((read) => !/claude-spread|typed$|^a.md$/.test(read));
  };
  for (const [line, path] of table) {
    const paths = path === null ? [] : [path];
    const typed = await keep(machine, "distill-share", line);
    assertEquals(await named(typed), paths, line);
    await Deno.remove(keptPath(machine));
    for (const end of ["", "\n"]) {
      await passOn(machine, line + end);
      assertEquals(await named(typed), paths, `${line} without the hook`);
    }
    await Deno.remove(passedOnPath(machine));
  }
});

test("claude-spread knows every option that takes a value", async () => {
  const launcher = await Deno.readTextFile(`${root}/bin/claude-spread`);
  const known = /name_files\(\) \{.*?\n\}/s.exec(launcher)![0];
  const options = ["serve", "receive", "memory", "sessions"]
    .map((command) => `${root}/scripts/${command}/options.ts`);
  for (const file of options) {
    const text = await Deno.readTextFile(file);
    const lists = [...text.matchAll(/\bstring: \[([^\]]*)\]/g)];
    assert(lists.length > 0, `${file} names no option`);
    for (const [, names] of lists) {
      for (const [, name] of names!.matchAll(/"([a-z-]+)"/g)) {
        // It takes the next word only if that is an address.
        if (name === "relay") continue;
        assert(new RegExp(`--${name}\\b`).test(known), `--${name} is missing`);
      }
    }
  }
});

test("claude-spread explains itself, when there is no such command", async (machine) => {
  const programs = await withPrintingDeno(machine);
  for (const args of [[], ["nonsense"], ["--help"], ["serve.ts"]]) {
    const { code, stdout, stderr } = await launch(machine, args, programs);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(
      stderr,
      "usage: claude-spread serve|receive|status|stop|",
    );
  }
});
