/**
 * `claude-spread sessions`: what people and programs see of it, and what is left when it fails.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { packedLines, TALK } from "../../../lib/testing/session.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { onSmallDisk, whyNoSmallDisk } from "../../support/isolation.ts";

/** Returns the folder of a project's sessions, for a project in the work folder. */
function sessionsOf(machine: Machine, project = "app"): string {
  const name = machine.path(project).replace(/[^A-Za-z0-9]/g, "-");
  return `${machine.folder}/home/.claude/projects/${name}`;
}

/** A machine with a project, and a packed session in its work folder. */
async function make(
  lines = packedLines(TALK),
): Promise<{ machine: Machine; file: string; project: string }> {
  const machine = await Machine.make();
  const project = machine.path("app");
  await Deno.mkdir(project);
  const text = lines.map((line) => JSON.stringify(line)).join("\n");
  return { machine, file: await machine.write("a.session", text), project };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) =>
      name
    );
  } catch {
    return [];
  }
}

Deno.test("sessions install, list and undo tell a person what they did and what is next", async () => {
  const { machine, file, project } = await make(packedLines([
    ...TALK,
    { type: "permission-mode", permissionMode: "acceptEdits" },
    { type: "mode" },
    { type: "file-history-snapshot" },
    {
      ...TALK[0]!,
      uuid: "u9",
      message: { content: "In /home/alex/app/x\u200b" },
    },
  ]));
  await using _machine = machine;
  const at = ["--project", project];
  const installed = await machine.run("sessions", ["install", ...at, file]);
  assertSuccess(installed);
  const [name] = await namesIn(sessionsOf(machine));
  const id = name!.replace(".jsonl", "");
  assertEquals(installed.text, "");
  assertEquals(
    installed.stderr,
    `spread: installed "Doors (received)": 3 messages
spread: changed: 1 hidden or misleading character removed, 1 path changed to this project's
spread: left out: 2 settings, 1 snapshot of files
spread: the conversation is somebody else's; to continue it, type:

    cd ${project} && claude --resume ${id}

`,
  );
  const listed = await machine.run("sessions", ["list", ...at]);
  assertSuccess(listed);
  assertEquals(listed.stderr, "");
  const [titles, row] = listed.text.trimEnd().split("\n");
  assertEquals(titles!.split(/ {2,}/), [
    "ID",
    "LAST USED",
    "MESSAGES",
    "SIZE",
    "BRANCH",
    "TITLE",
  ]);
  assert(row!.startsWith(`${id}  just now          5  `), row);
  assert(row!.endsWith("  Doors (received)"), row);
  const undone = await machine.run("sessions", ["undo"]);
  assertEquals(undone.stderr, `spread: removed "Doors (received)": 1 file\n`);
  assertEquals(await namesIn(sessionsOf(machine)), []);
  assertEquals(await machine.works(), ["a.session"]);
});

Deno.test("sessions --json prints events, and nothing else", async () => {
  const { machine, file, project } = await make();
  await using _machine = machine;
  const installed = await machine.run("sessions", [
    ...["install", "--json", "--project", project, file],
  ]);
  assertEquals([installed.code, installed.stderr], [0, ""]);
  const { event, id, path, ...rest } = installed.events[0]!;
  assertEquals(event, "installed");
  assertEquals(path, `${sessionsOf(machine)}/${id}.jsonl`);
  assertEquals(rest, {
    title: "Doors (received)",
    project,
    messages: 2,
    changed: {},
    left_out: {},
    resume: `claude --resume ${id}`,
  });
  const listed = await machine.run("sessions", ["list", "--all", "--json"]);
  const [session, end] = listed.events;
  assertEquals([session!.event, session!.id, session!.path], [
    "session",
    id,
    undefined,
  ]);
  assertEquals(end, { event: "listed", sessions: 1, omitted: 0 });
  const undone = await machine.run("sessions", ["undo", "--json", String(id)]);
  assertEquals<unknown>(undone.events, [
    { event: "undone", id, title: "Doors (received)", removed: 1, missing: 0 },
  ]);
});

Deno.test("sessions list tells of this project, or of all, as it is told", async () => {
  await using machine = await Machine.make();
  for (const [project, n] of [["app", 1], ["other", 2]] as const) {
    await Deno.mkdir(machine.path(project));
    const folder = sessionsOf(machine, project);
    await Deno.mkdir(folder, { recursive: true });
    const line = { ...TALK[0]!, cwd: machine.path(project) };
    const name = `0a1b2c3d-0000-4000-8000-00000000000${n}.jsonl`;
    await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(line));
  }
  const list = async (args: string[]) => {
    const { events } = await machine.run("sessions", [
      "list",
      "--json",
      "--project",
      machine.path("app"),
      ...args,
    ]);
    return events.filter(({ event }) => event === "session")
      .map(({ project }) => String(project).split("/").at(-1)).sort();
  };
  assertEquals(await list([]), ["app"]);
  assertEquals(await list(["--all"]), ["app", "other"]);
});

Deno.test("sessions list says when there are none, here or anywhere", async () => {
  const { machine, project } = await make();
  await using _machine = machine;
  const here = await machine.run("sessions", ["list", "--project", project]);
  assertEquals([here.code, here.stderr], [
    0,
    "spread: this project has no sessions; --all shows those of other projects\n",
  ]);
  const all = await machine.run("sessions", ["list", "--all"]);
  assertEquals([all.code, all.stderr], [
    0,
    "spread: this machine has no sessions\n",
  ]);
});

const MISUSES: [args: string[], message: string][] = [
  [[], "claude-spread sessions needs one more word"],
  [["share"], 'There is no command "sessions share"'],
  [["list", "x"], 'Too many arguments: "x"'],
  [["list", "--limit", "0"], "--limit 0 is not a whole number"],
  [["export"], "The session to export is missing"],
  [["export", "0a1b2c3d"], "The file to write is missing"],
  [["export", "0a1b2c3d", "a", "b"], 'Too many arguments: "b"'],
  [["export", "short", "a"], '"short" is not the ID of a session'],
  [["export", "all", "a"], "One file holds one session"],
  [
    ["export", "this", "a"],
    'Cannot tell which session "this" is: the command does not run in Claude Code',
  ],
  [
    ["export", "--json", "0a1b2c3d", "-"],
    "--json and - cannot be used together",
  ],
  [["install"], "The file to install is missing"],
  [["install", "a", "b"], 'Too many arguments: "b"'],
  [["install", "--force", "a"], "--force"],
  [["undo", "a", "b"], 'Too many arguments: "b"'],
];

for (const [args, message] of MISUSES) {
  Deno.test(`sessions ${args.join(" ")} says how it is used`, async () => {
    await using machine = await Machine.make();
    const ended = await machine.run("sessions", args);
    assertEquals(ended.code, 2);
    assertStringIncludes(ended.stderr, message);
  });
}

Deno.test("sessions explains itself, for each of its words", async () => {
  await using machine = await Machine.make();
  for (const word of ["list", "export", "install", "undo"]) {
    for (const args of [["--help"], [word, "--help"]]) {
      const { code, text } = await machine.run("sessions", args);
      assertEquals(code, 0);
      assertStringIncludes(text, `Usage: claude-spread sessions ${word} `);
    }
  }
});

Deno.test("sessions install says what is wrong with a file or a project, and leaves nothing", async () => {
  const { machine, file, project } = await make();
  await using _machine = machine;
  const none = machine.path("none");
  const broken = await machine.write(
    "b.session",
    (await Deno.readTextFile(file)).slice(0, -20),
  );
  const other = await machine.write(
    "c.session",
    '{"format":"claude-spread/session","version":9,"encoding":"zstd"}\n',
  );
  const table: [
    string,
    string,
    "USAGE" | "SESSION_REFUSED" | "PAYLOAD_UNREADABLE",
    string,
    string,
  ][] = [
    [
      none,
      file,
      "USAGE",
      `There is no folder "${none}"`,
      "Check the folder of the project",
    ],
    [
      project,
      none,
      "PAYLOAD_UNREADABLE",
      `Cannot read "${none}": there is no such file`,
      "Check the path",
    ],
    [
      project,
      broken,
      "SESSION_REFUSED",
      "Cannot use this session: it is not complete",
      "Ask for the session again; nothing was installed",
    ],
    [
      project,
      other,
      "SESSION_REFUSED",
      "Cannot use this session: it has version 9, and this program reads version 1",
      "Update Claude Spread on both sides",
    ],
    [
      project,
      project,
      "SESSION_REFUSED",
      "Cannot use this session: it is not a file",
      "Choose another file",
    ],
  ];
  for (const json of [[], ["--json"]]) {
    for (const [folder, path, code, message, hint] of table) {
      const ended = await machine.run("sessions", [
        "install",
        ...json,
        "--project",
        folder,
        path,
      ]);
      assertFailure(ended, code, message, hint);
    }
  }
  assertEquals(await namesIn(sessionsOf(machine)), []);
  assertEquals(await machine.kept(), []);
});

Deno.test("sessions undo says when there is nothing to undo, and when the conversation has gone on", async () => {
  const { machine, file, project } = await make();
  await using _machine = machine;
  assertFailure(
    await machine.run("sessions", ["undo"]),
    "NOTHING_TO_UNDO",
    "No received session is installed",
  );
  await machine.run("sessions", ["install", "--project", project, file]);
  const [name] = await namesIn(sessionsOf(machine));
  const path = `${sessionsOf(machine)}/${name}`;
  await Deno.writeTextFile(path, "{}\n", { append: true });
  assertFailure(
    await machine.run("sessions", ["undo"]),
    "SESSION_CHANGED",
    `Cannot undo session ${
      name!.replace(".jsonl", "")
    }: the conversation has continued since it was installed`,
    "Add --force to remove it anyway",
  );
  assert((await Deno.stat(path)).isFile);
  const outputs = `${path.slice(0, -".jsonl".length)}/tool-results`;
  await Deno.mkdir(outputs, { recursive: true });
  await Deno.writeTextFile(`${outputs}/new.txt`, "Added since");
  assertSuccess(await machine.run("sessions", ["undo", "--force"]));
  assertEquals(await namesIn(sessionsOf(machine)), []);
});

const noSmallDisk = await whyNoSmallDisk();

Deno.test({
  name: "sessions install leaves nothing half-written, when the disk is full",
  ignore: noSmallDisk !== null,
  fn: async () => {
    const long = Array.from({ length: 3000 }, (_, i) => ({
      ...TALK[0]!,
      uuid: `u${i}`,
      message: { content: `${i} ${"x".repeat(1000)}` },
    }));
    const { machine, file, project } = await make(packedLines(long));
    await using _machine = machine;
    const projects = `${machine.folder}/home/.claude/projects`;
    await Deno.mkdir(projects, { recursive: true });
    const listing = machine.path("listing");
    const ended = await machine.run("sessions", [
      "install",
      "--project",
      project,
      file,
    ], {
      via: onSmallDisk(projects, 1024, listing),
    });
    assertFailure(
      ended,
      "CANNOT_STORE",
      `Cannot write to "${sessionsOf(machine)}/.claude-spread-`,
      "Free some space, then try again",
    );
    assertStringIncludes(ended.stderr, "the disk is full");
    assertEquals(await Deno.readTextFile(listing), "");
    assertEquals(await machine.kept(), []);
    assertSuccess(
      await machine.run("sessions", ["install", "--project", project, file]),
    );
  },
});
