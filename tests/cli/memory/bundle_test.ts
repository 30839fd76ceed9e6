/** `claude-spread bundle`, as people meet it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { whyNoPermissions, withoutPrivilege } from "../../support/isolation.ts";
import { memoryFolder, remember } from "../../support/memory.ts";

const noPermissions = await whyNoPermissions();

const FILES = {
  "MEMORY.md": "- [Build](build.md) — make\n- [Alex](user_role.md) — tabs\n",
  "build.md": "---\nmetadata:\n  type: project\n---\nmake\n",
  "user_role.md": "---\nmetadata:\n  type: user\n---\nAlex likes tabs.\n",
  "sub/한글.md": "\ufeffé\r\n",
};

Deno.test("bundle writes the memory as it is, readable by its owner only, and lists it", async () => {
  await using machine = await Machine.make();
  await remember(machine, { ...FILES, ".hidden.md": "x", "notes.txt": "x" });
  const ended = await machine.run("bundle", ["--json", "new/m.json"]);
  assertSuccess(ended);
  const path = machine.path("new/m.json");
  const { created, ...rest } = JSON.parse(await Deno.readTextFile(path));
  assert(!Number.isNaN(Date.parse(created)));
  assertEquals(rest, {
    type: "memory_bundle",
    version: 2,
    project: "work",
    sender: `tester@${Deno.hostname()}`,
    files: FILES,
  });
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  }
  const [listed, written] = ended.events;
  assertEquals(listed!.files, [
    { name: "MEMORY.md", type: "index", bytes: 61 },
    { name: "build.md", type: "project", bytes: 39 },
    { name: "sub/한글.md", type: "untyped", bytes: 7 },
    { name: "user_role.md", type: "user", bytes: 48 },
  ]);
  assertEquals(listed!.personal, 1);
  assertEquals(written!.event, "bundled");
  assertStringIncludes(ended.stderr, "--except user leaves it out");
});

Deno.test("bundle prints to standard output, when no file is named", async () => {
  await using machine = await Machine.make();
  await remember(machine, FILES);
  for (const args of [[], ["-"], ["--output", "-"]]) {
    const { text } = await machine.run("bundle", ["--anonymous", ...args]);
    const { files, sender } = JSON.parse(text);
    assertEquals([files, sender], [FILES, undefined]);
  }
});

Deno.test("bundle --preview writes nothing", async () => {
  await using machine = await Machine.make();
  await remember(machine, FILES);
  const ended = await machine.run("bundle", ["--preview", "m.json"]);
  assertSuccess(ended);
  assertEquals([ended.text, await machine.works()], ["", []]);
  assertStringIncludes(ended.stderr, "user_role.md  ← about a person");
});

Deno.test("bundle leaves out types, and the lines of the index that lead to them", async () => {
  await using machine = await Machine.make();
  await remember(machine, FILES);
  const table: [string[], string[]][] = [
    [["--except", "user"], ["MEMORY.md", "build.md", "sub/한글.md"]],
    [["--except=user,untyped"], ["MEMORY.md", "build.md"]],
    [["--only", "Project"], ["MEMORY.md", "build.md"]],
  ];
  for (const [args, names] of table) {
    const { text } = await machine.run("bundle", args);
    const { files } = JSON.parse(text);
    assertEquals(Object.keys(files), names);
    assertEquals(files["MEMORY.md"], "- [Build](build.md) — make\n");
  }
});

Deno.test("bundle says where it looked, when there is no memory", async () => {
  await using machine = await Machine.make();
  const folder = memoryFolder(machine);
  assertFailure(
    await machine.run("bundle", ["--json", "m.json"]),
    "NO_MEMORY",
    `There is no memory of "work": there is no folder "${folder}"`,
    "--project",
  );
  await remember(machine, {});
  assertFailure(
    await machine.run("bundle", ["--json", "m.json"]),
    "NO_MEMORY",
    `There is no memory of "work": nothing is in "${folder}"`,
  );
  assertEquals(await machine.works(), []);
});

Deno.test("bundle refuses memory that no receiver would take, and writes nothing", async () => {
  const long = "x".repeat(5_000_001);
  const many = Object.fromEntries(
    Array.from({ length: 1001 }, (_, i) => [`${i}.md`, "x"]),
  );
  const heavy = Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [`${i}.md`, long.slice(1000)]),
  );
  const table: [Record<string, string>, string[], string, string][] = [
    [{ "a.md": long }, [], "NO_MEMORY", '"a.md": it is longer than 5 MB'],
    [
      many,
      [],
      "PAYLOAD_TOO_LARGE",
      "The memory is too large: it has 1001 files",
    ],
    [heavy, [], "PAYLOAD_TOO_LARGE", "longer than 50 MB together"],
    [{ "con.md": "x" }, [], "NO_MEMORY", "is a device name"],
    [FILES, ["--only", "feedback,reference"], "PAYLOAD_EMPTY", "None of the"],
  ];
  for (const [files, args, code, message] of table) {
    await using machine = await Machine.make();
    await remember(machine, files);
    const ended = await machine.run("bundle", [...args, "m.json"]);
    assertFailure(ended, code as "NO_MEMORY", "");
    assertStringIncludes(ended.stderr, message);
    assertEquals(await machine.works(), []);
  }
});

Deno.test({
  name:
    "bundle leaves out what no receiver could take, with its index entry, and says why",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    await remember(machine, {
      "MEMORY.md":
        "# Memory\n- [ok](ok.md)\n- [odd](latin1.md)\n- [A](A.md)\n- [cut](cut.md)\n- [C](sub/CLAUDE.local.md)\n",
      "ok.md":
        "---\nmetadata:\n  originSessionId: 1-2\n  type: project\n---\nfine\n",
      "a:b.md": "---\nname: why\n---\nx\n",
      "sub/CLAUDE.local.md": "x",
      "of: x.md": "x",
      "a.md": "one",
      "A.md": "the other",
      "con.md": "x",
      "long.md": "x".repeat(5_000_001),
    });
    const folder = memoryFolder(machine);
    const latin1 = Uint8Array.from("caf\xe9", (char) => char.charCodeAt(0));
    await Deno.writeFile(`${folder}/latin1.md`, latin1);
    const { code, text, stderr } = await machine.run("bundle", []);
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(text).files, {
      "A.md": "the other",
      "MEMORY.md": "# Memory\n- [ok](ok.md)\n- [A](A.md)\n- [cut](cut.md)\n",
      "ok.md": "---\nmetadata:\n  type: project\n---\nfine\n",
    });
    const warnings = [
      '"sub/CLAUDE.local.md" is left out: its name is one that coding agents load as instructions',
      '"a:b.md" is left out: its name begins with a drive letter',
      `"of: x.md" is left out: its name contains one of < > : " | ? *`,
      '"a.md" is left out: on some systems it is the same file as "A.md"',
      '"con.md" is left out: its name is a device name on Windows',
      '"long.md" is left out: it is longer than 5 MB',
      '"latin1.md" is left out: it is not UTF-8 text',
    ];
    for (const warning of warnings) {
      assertStringIncludes(stderr, `spread: warning: ${warning}\n`);
    }
  },
});

Deno.test("bundle counts and names what is not Markdown and is left out", async () => {
  await using machine = await Machine.make();
  const more = { "a.txt": "x", "sub/b.json": "{}", "c\x1b[2J.png": "" };
  await remember(machine, { ...FILES, ...more });
  const { stderr } = await machine.run("bundle", ["--preview"]);
  assertStringIncludes(
    stderr,
    "spread: warning: 3 other files are left out, because only Markdown (.md) is memory: a.txt, c.png, sub/b.json\n",
  );
  await Deno.remove(`${memoryFolder(machine)}/sub`, { recursive: true });
  await Deno.remove(`${memoryFolder(machine)}/c\x1b[2J.png`);
  for (let i = 0; i < 7; i++) {
    await Deno.writeTextFile(`${memoryFolder(machine)}/b${i}`, "");
  }
  const { stderr: many } = await machine.run("bundle", ["--preview"]);
  assertStringIncludes(many, "8 other files are left out");
  assertStringIncludes(many, ": a.txt, b0, b1, b2, b3, and 3 more\n");
});

Deno.test({
  name: "bundle leaves out a memory and a folder that it may not read",
  ignore: noPermissions !== null,
  fn: async () => {
    await using machine = await Machine.make();
    await remember(machine, { "a.md": "x", "b.md": "y", "sub/c.md": "z" });
    const folder = memoryFolder(machine);
    for (const name of ["b.md", "sub"]) {
      await Deno.chmod(`${folder}/${name}`, 0);
    }
    const options = { via: withoutPrivilege() };
    const { text, stderr } = await machine.run("bundle", [], options);
    assertEquals(JSON.parse(text).files, { "a.md": "x" }, stderr);
    const why = "is left out: the permissions do not allow it\n";
    assertStringIncludes(stderr, `"b.md" ${why}`);
    assertStringIncludes(stderr, `"sub" ${why}`);
    await Deno.chmod(`${folder}/sub`, 0o700);
  },
});

Deno.test("bundle replaces a file only when told to", async () => {
  await using machine = await Machine.make();
  await remember(machine, FILES);
  await machine.write("m.json", "mine");
  assertFailure(
    await machine.run("bundle", ["m.json"]),
    "CANNOT_STORE",
    'Cannot write to "m.json": it exists already',
  );
  assertEquals(await Deno.readTextFile(machine.path("m.json")), "mine");
  assertSuccess(await machine.run("bundle", ["--force", "m.json"]));
  const text = await Deno.readTextFile(machine.path("m.json"));
  assertEquals(JSON.parse(text).files, FILES);
  assertEquals(await machine.works(), ["m.json"]);
});

Deno.test({
  name:
    "bundle needs to read a memory and nothing more, and says so when it may not",
  ignore: noPermissions !== null,
  fn: async () => {
    await using machine = await Machine.make();
    await remember(machine, FILES);
    const folder = memoryFolder(machine);
    const options = { via: withoutPrivilege() };
    await Deno.chmod(folder, 0o500);
    assertSuccess(await machine.run("bundle", ["m.json"], options));
    await Deno.chmod(folder, 0);
    assertFailure(
      await machine.run("bundle", ["n.json"], options),
      "PAYLOAD_UNREADABLE",
      `Cannot read the memory in "${folder}"`,
      "Check its permissions",
    );
    await Deno.chmod(folder, 0o700);
    assertEquals(await machine.works(), ["m.json"]);
  },
});

Deno.test({
  name: "bundle follows no link in the memory, and says so",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    await remember(machine, { "a.md": "x" });
    await Deno.symlink("/etc/hostname", `${memoryFolder(machine)}/link.md`);
    await Deno.symlink("/etc", `${memoryFolder(machine)}/etc`);
    const { text, stderr } = await machine.run("bundle", []);
    assertEquals(JSON.parse(text).files, { "a.md": "x" });
    assertStringIncludes(stderr, '"link.md" is left out: it is a link');
    assertStringIncludes(stderr, '"etc" is left out: it is a link');
  },
});

Deno.test("bundle says so, when memory is in folders deeper than names go", async () => {
  await using machine = await Machine.make();
  await remember(machine, {
    "1/2/3/4/5/6/7/a.md": "x",
    "1/2/3/4/5/6/7/8/b.md": "y",
  });
  const { text, stderr } = await machine.run("bundle", []);
  assertEquals(JSON.parse(text).files, { "1/2/3/4/5/6/7/a.md": "x" });
  assertStringIncludes(
    stderr,
    '"1/2/3/4/5/6/7/8" is left out: it is more than 7 folders deep',
  );
});

Deno.test({
  name:
    "bundle reads a memory that leads out of the home folder only when told to",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const folder = memoryFolder(machine);
    const outside = `${machine.folder}/outside`;
    await Deno.mkdir(folder.replace(/\/memory$/, ""), { recursive: true });
    await Deno.mkdir(outside);
    await Deno.writeTextFile(`${outside}/a.md`, "x");
    await Deno.symlink(outside, folder);
    assertFailure(
      await machine.run("bundle", []),
      "MEMORY_UNUSABLE",
      `Cannot use the memory in "${folder}": it leads out of the home folder, to "${outside}"`,
      `--memory "${outside}"`,
    );
    const { text } = await machine.run("bundle", ["--memory", outside]);
    assertEquals(JSON.parse(text).files, { "a.md": "x" });
    await Deno.remove(outside, { recursive: true });
    assertFailure(
      await machine.run("bundle", []),
      "MEMORY_UNUSABLE",
      `Cannot use "${folder}": a link in it leads nowhere`,
    );
  },
});

Deno.test("bundle warns, when Claude Code reads no memory", async () => {
  await using machine = await Machine.make();
  await remember(machine, FILES);
  const env = { CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1" };
  const { stderr } = await machine.run("bundle", ["--preview"], { env });
  assertStringIncludes(
    stderr,
    "warning: Claude Code reads no memory here: CLAUDE_CODE_DISABLE_AUTO_MEMORY",
  );
});

Deno.test("bundle shares no memory that is half changed", async () => {
  await using machine = await Machine.make();
  const journal = { ".claude-spread/journal.json": "{}" };
  await remember(machine, { ...FILES, ...journal });
  assertFailure(
    await machine.run("bundle", ["m.json"]),
    "MEMORY_BUSY",
    `Cannot read the memory in "${memoryFolder(machine)}"`,
    "finish it: claude-spread install --yes",
  );
  assertEquals(await machine.works(), []);
});

Deno.test("bundle explains what it does not understand", async () => {
  await using machine = await Machine.make();
  const table: [string[], string][] = [
    [["--only", "persons"], '"persons" is not a type of memory'],
    [["--only", "user", "--except", "user"], "cannot be used together"],
    [["--json"], "--json needs --output or --preview"],
    [["a", "b"], 'Too many arguments: "b"'],
    [["--nonsense"], "There is no option --nonsense"],
    [["--raw"], "There is no option --raw"],
    [["--typed", "."], "There is no option --typed"],
    [["--project", "none"], 'There is no folder "none"'],
  ];
  for (const [args, message] of table) {
    const ended = await machine.run("bundle", args);
    assertEquals(ended.code, 2, ended.stderr);
    assertStringIncludes(ended.stderr, message);
  }
});
