/**
 * `bin/claude-spread`: which files each command may touch. The expected grants are written by hand, as a
 * specification; the launcher makes its own from the table of commands.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Grants } from "../../support/granted.ts";
import { testOnMachine as test } from "../../support/launcher.ts";
import { root } from "../../support/places.ts";
import {
  HISTORY,
  MEMORY,
  NOTICE,
  OWN,
  PAIRS,
  PARTIAL,
  SHARE,
  WORK,
} from "./_places.ts";

/**
 * Files by command line. Each part of a line stands in any order to the others, but for parts
 * without a dash, which keep theirs.
 */
const FILES: [
  command: string,
  parts: string[][],
  reads: string[],
  changes: string[],
][] = [
  ["serve", [], [], SHARE],
  ["serve", [["-"]], [], SHARE],
  ["serve", [["a.md"]], ["a.md"], SHARE],
  ["serve", [["some words"], ["a b.md"]], ["a b.md"], SHARE],
  ["serve", [["b.md"], ["a.md"]], ["a.md", "b.md"], SHARE],
  ["serve", [["a.md"], ["b.md"], ["there"]], ["a.md", "b.md", "there"], SHARE],
  ["serve", [["secret"], ["a.md"], ["--relay", "wss://r.example"]], [
    "a.md",
  ], SHARE],
  ["serve", [["a.md"], ["--relay"], ["--once"]], ["a.md"], SHARE],
  ["serve", [["--leave", "3d"], ["--json"]], [], SHARE],
  ["serve", [["--leave", "a.md"]], ["a.md"], SHARE],
  ["serve", [["--leave", "3dd"]], ["3dd"], SHARE],
  ["serve", [["--leave=3d"], ["d"]], ["d"], SHARE],
  ["serve", [["a.md"], ["--relay=HTTPS://r.example"]], ["a.md"], SHARE],
  ["serve", [["--relay", "WsS://r.example"], ["--json"]], [], SHARE],
  ["serve", [["a.md"], ["--keep-open", "5"], ["--port", "9"], ["--legacy"]], [
    "a.md",
  ], SHARE],
  ["serve", [["a.md"], ["--interface", "1.2.3.4"], ["--kind", "memory"]], [
    "a.md",
  ], SHARE],
  ["serve", [["a.md"], ["--project", "/p q"]], ["/p q", "a.md"], SHARE],
  ["serve", [["a"], ["--project=/p"], ["--passphrase-file=/w"]], [
    "/p",
    "/w",
    "a",
  ], SHARE],
  ["serve", [["a"], ["--passphrase-file", "/w"]], ["/w", "a"], SHARE],
  ["serve", [["a"], ["--passphrase-file", "-"]], ["a"], SHARE],
  ["serve", [["a.md"], ["--remove-file"]], [], [...SHARE, "a.md"]],
  ["serve", [["--kind", "session"], ["--session", "all"], ["--all"]], [
    ".",
    HISTORY[1]!,
  ], SHARE],
  ["serve", [["--session", "this"], ["--project=/p"]], [
    "/p",
    HISTORY[1]!,
  ], SHARE],
  ["receive", [["words"], ["127.0.0.1:9"]], [root, PAIRS], PARTIAL],
  ["receive", [["words"], ["--relay", "wss://r"], ["--room", "k7m2xq"]], [
    root,
    PAIRS,
  ], PARTIAL],
  ["receive", [["x"], ["--output", "a.md"]], [root, PAIRS], [...PARTIAL, "."]],
  ["receive", [["x"], ["-o", "d/a.md"]], [root, PAIRS], [...PARTIAL, "d"]],
  ["receive", [["x"], ["-o/d/a.md"]], [root, PAIRS], [...PARTIAL, "/d"]],
  ["receive", [["x"], ["-o=/d/a=b.md"]], [root, PAIRS], [...PARTIAL, "/d"]],
  ["receive", [["x"], ["--output=/d/e/a"]], [root, PAIRS], [
    ...PARTIAL,
    "/d/e",
  ]],
  ["receive", [["x"], ["--output=/a"]], [root, PAIRS], [...PARTIAL, "/"]],
  ["receive", [["x"], ["--output", "-"]], [root, PAIRS], PARTIAL],
  ["receive", [["x"], ["--timeout", "9"], ["--passphrase-file", "/w"]], [
    "/w",
    root,
    PAIRS,
  ], PARTIAL],
  ["receive", [["x"], ["--pick", "1,2"]], [".", root, PAIRS], [
    ...PARTIAL,
    ...HISTORY,
  ]],
  ["receive", [["x"], ["--project", "/p"], ["--kind", "session"]], [
    "/p",
    root,
    PAIRS,
  ], [...PARTIAL, ...HISTORY]],
  ["receive", [["x"], ["--project", "/p"], ["--kind", "memory"]], [
    "/p",
    root,
    PAIRS,
  ], PARTIAL],
  ["pair", [["words"], ["--name", "oak"], ["--relay", "wss://r.example"]], [], [
    PAIRS,
    NOTICE,
    OWN[0]!,
  ]],
  ["pairs", [["--json"]], [PAIRS], []],
  ["forget", [["oak"], ["--json"]], [], [PAIRS]],
  ["status", [["--json"]], [], OWN],
  [
    "status",
    [["/etc/passwd"], ["--output", "/etc/x"], ["--project=/p"]],
    [],
    OWN,
  ],
  ["stop", [["0badcafe"], ["--json"]], [], OWN],
  ["stop", [["--all"], ["--json"]], [], OWN],
  ["bundle", [["--preview"], ["--json"]], [
    ".",
    "home/.claude/settings.json",
    MEMORY[0]!,
  ], []],
  ["bundle", [["/d/a.json"], ["--only", "user"], ["--project=/p"]], [
    "/p",
    "home/.claude/settings.json",
    MEMORY[0]!,
  ], ["/d"]],
  ["bundle", [["--output", "a.json"], ["--except", "user"]], [
    "home/.claude/settings.json",
    MEMORY[0]!,
  ], ["."]],
  ["bundle", [["--memory", "/m"], ["--preview"]], [".", "/m"], []],
  ["install", [["a.json"], ["--yes"]], [
    ".",
    "a.json",
    "home/.claude/settings.json",
  ], MEMORY],
  ["install", [["a.json"], ["--on-conflict", "theirs"], ["--project", "/p"]], [
    "/p",
    "a.json",
    "home/.claude/settings.json",
  ], MEMORY],
  ["install", [["--undo"]], [".", "home/.claude/settings.json"], MEMORY],
  ["install", [["a.json"], ["--remove-file"], ["--yes"]], [
    ".",
    "home/.claude/settings.json",
  ], [...MEMORY, "a.json"]],
  ["install", [["a.json"], ["--discard"]], [
    ".",
    "home/.claude/settings.json",
  ], [...MEMORY, "a.json"]],
  ["install", [["a.json"], ["--memory", "/m/x"]], [".", "a.json"], [
    "/m/x",
    MEMORY[1]!,
  ]],
  ["sessions list", [["--project", "/p"], ["--json"]], ["/p"], HISTORY],
  ["sessions list", [["--limit", "5"], ["--all"]], ["."], HISTORY],
  ["sessions install", [["a.session"], ["--json"]], [
    ".",
    "a.session",
  ], HISTORY],
  ["sessions export", [["0badcafe"], ["/d/a.session"], ["--project=/p"]], [
    "/p",
  ], [...HISTORY, "/d"]],
  ["sessions undo", [["0badcafe"], ["--force"]], ["."], HISTORY],
  ["work list", [["--json"]], [], [WORK]],
  ["work show", [["0badcafe"], ["--project", "/p"]], ["/p"], [WORK]],
  ["work open", [["/d/new"], ["--id", "0badcafe"]], ["."], [WORK]],
  ["work undo", [["0badcafe"], ["--force"]], ["."], [WORK]],
  ["work save", [["/d/a.bundle"], ["--id", "0badcafe"]], [], [WORK, "/d"]],
  ["relay", [["--check"], ["--json"], ["--insecure-relay"]], [], []],
  ["relay", [["--check", "wss://r.example"], ["--json"]], [], []],
  ["relay", [["--check"], ["--json"], ["wss://r.example"]], [], []],
  ["relay", [], ["/dev/null", `${root}/deno.json`], []],
  // Deno ends a path at a comma.
  ["serve", [["a,b.md"]], ["."], SHARE],
  ["serve", [["d/a,b.md"]], ["d/"], SHARE],
  ["serve", [["/d,e/f/a.md"]], ["/"], SHARE],
  ["serve", [["a"], ["--project", "/d/e,f/g"]], ["/d/", "a"], SHARE],
];

/** Orders of the parts of a line: as it is, from its end, and from each part on. */
function* orders(parts: string[][]): Generator<string[]> {
  const isOperand = ([first]: string[]) => !/^-./.test(first!);
  const operands = parts.filter(isOperand);
  const arrange = (order: string[][]) => {
    let next = 0;
    return order.flatMap((part) => isOperand(part) ? operands[next++]! : part);
  };
  yield parts.flat();
  yield arrange(parts.toReversed());
  for (let i = 1; i < parts.length; i++) {
    yield arrange([...parts.slice(i), ...parts.slice(0, i)]);
  }
}

test("claude-spread lets each command read and change its own places and what its arguments name, in any order", async (machine) => {
  for (const name of ["a.md", "b.md", "a b.md"]) await machine.write(name, "");
  await Deno.mkdir(machine.path("there"));
  const grants = await Grants.on(machine);
  for (const [command, parts, reads, changes] of FILES) {
    for (const args of orders(parts)) {
      const line = [...command.split(" "), ...args];
      const granted = await grants.of(line);
      assertEquals(
        granted.writes.toSorted(),
        [...new Set(changes)].sort(),
        line.join(" "),
      );
      assertEquals(
        granted.reads.toSorted(),
        [...new Set([...reads, ...changes])].sort(),
        line.join(" "),
      );
    }
  }
});

test("claude-spread lets serve read the files of its project that say what is secret, and no other", async (machine) => {
  for (const name of [".env", ".env.local", ".envrc", ".env.a,b", "a.md"]) {
    await machine.write(name, "");
  }
  await Deno.mkdir(machine.path(".env.d"));
  const links = { ".env.home": machine.home, ".env.zero": "/dev/zero" };
  for (const [name, target] of Object.entries(links)) {
    await Deno.symlink(target, machine.path(name));
  }
  await Deno.symlink("allowed", machine.path(".claude-spread.json"));
  const { reads } = await (await Grants.on(machine)).of(["serve", "a.md"]);
  assertEquals(
    reads.filter((path) => !SHARE.includes(path)).sort(),
    ["./.claude-spread.json", "./.env", "./.env.local", "a.md"]
      .concat("work/allowed").sort(),
  );
});

test("claude-spread takes the last of an option, and no option after --", async (machine) => {
  const grants = await Grants.on(machine);
  const table: [args: string[], reads: string[], writes: string[]][] = [
    [["receive", "-o", "/a/x", "--output=/b/x"], [root], ["/b"]],
    [["receive", "--output=/b/x", "-o", "/a/x"], [root], ["/a"]],
    [["receive", "--output", "--json"], [root], []],
    [["receive", "--output"], [root], []],
    [["receive", "--kind", "session", "--kind", "memory"], [root], []],
    [["serve", "--passphrase-file", "--once", "/w"], ["/w"], []],
    [["serve", "--once", "--", "--remove-file"], ["--remove-file"], []],
    [["serve", "--", "--passphrase-file", "/w"], ["/w"], []],
    [["serve", "--relay", "--", "-x.md"], ["-x.md"], []],
    [["serve", "--relay", "relay.example.org"], ["relay.example.org"], []],
    [["serve", "--project", "-5", "a"], ["a"], []],
    [["serve", "--", "-"], [], []],
  ];
  for (const [args, reads, writes] of table) {
    const granted = await grants.of(args);
    const others = (paths: string[]) =>
      paths.filter((path) =>
        !path.includes("claude-spread/") && !SHARE.includes(path)
      );
    assertEquals(others(granted.writes), writes, args.join(" "));
    assertEquals(
      others(granted.reads.filter((path) => path !== root)),
      [...writes, ...reads].filter((path) => path !== root),
      args.join(" "),
    );
  }
});

test("claude-spread is POSIX sh: other shells grant the same", async (machine) => {
  const grants = await Grants.on(machine);
  await Deno.symlink("nowhere", machine.path("link"));
  const lines = [
    ["serve", "some words", "link", "--relay", "wss://r", "--project=/p"],
    ["receive", "-olink/a.md", "--pick", "1", "words"],
    ["install", "--memory", "/m", "--discard", "a,b.json"],
    ["sessions", "export", "--", "-x", "a"],
    ["doctor", "--clean", "--relay"],
    ["nothing"],
  ];
  for (const shell of await shells()) {
    for (const line of lines) {
      const granted = await grants.of(line, { shell });
      assertEquals(granted, await grants.of(line), `${shell}: ${line}`);
    }
  }
});

/** The shells of this machine. */
async function shells(): Promise<string[][]> {
  const all = [["dash"], ["bash", "--posix"], ["busybox", "sh"], ["ksh"]];
  const found = await Promise.all(all.map(async ([name]) => {
    const args = ["-c", `command -v ${name}`];
    return (await new Deno.Command("sh", { args }).output()).success;
  }));
  return all.filter((_, i) => found[i]);
}

test("claude-spread finds Claude Code's folder where CLAUDE_CONFIG_DIR says", async (machine) => {
  const grants = await Grants.on(machine);
  for (
    const [config, projects] of [["/c d", "/c d/projects"], [
      "c",
      "./c/projects",
    ]]
  ) {
    const env = { CLAUDE_CONFIG_DIR: config! };
    const { writes } = await grants.of(["sessions", "undo"], { env });
    assertEquals(writes, ["state/claude-spread/sessions", projects]);
  }
});

test("claude-spread may read the branch of a project, and of the repository of a worktree", async (machine) => {
  await Deno.mkdir(machine.path("repo/.git"), { recursive: true });
  await Deno.mkdir(machine.path("repo/a, b/c"), { recursive: true });
  await Deno.mkdir(machine.path("tree/in"), { recursive: true });
  await machine.write("tree/.git", "gitdir: /w/t\n");
  await Deno.mkdir(machine.path("near"));
  await machine.write("near/.git", "gitdir: ../w/t\n");
  const linked = (folder: string) =>
    ["HEAD", "commondir", "gitdir"].map((name) => `${folder}/${name}`);
  const table: [string, string[]][] = [
    ["repo", ["repo", "work/repo/.git"]],
    ["repo/a, b/c", ["repo/", "work/repo/.git"]],
    ["tree/in", ["tree/in", "work/tree/.git", ...linked("/w/t")]],
    ["near", ["near", "work/near/.git", ...linked("work/near/../w/t")]],
    ["missing", ["missing"]],
  ];
  const grants = await Grants.on(machine);
  for (const [project, reads] of table) {
    const args = ["sessions", "list", "--project", project];
    const granted = await grants.of(args);
    const expected = [...reads, ...HISTORY].sort();
    assertEquals(granted.reads.toSorted(), expected, project);
    assertEquals(granted.writes, HISTORY, project);
  }
});
