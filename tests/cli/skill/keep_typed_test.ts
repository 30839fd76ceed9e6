/**
 * `hooks/keep-typed`: runs before each command of the plugin.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ClaudeSession } from "../../support/claude_session.ts";
import { Machine } from "../../support/machine.ts";
import { listFiles } from "../../support/files.ts";

/** A machine, and what the hook keeps on it. */
class Kept implements AsyncDisposable {
  private constructor(
    readonly machine: Machine,
    readonly session: ClaudeSession,
  ) {}

  static async make(): Promise<Kept> {
    const machine = await Machine.make();
    // A name as people's folders have them.
    const project = `${machine.folder}/a, shop`;
    await Deno.mkdir(project);
    return new Kept(machine, new ClaudeSession(machine, { project }));
  }

  /** Runs the hook; it must neither fail nor say anything. */
  async keep(input: string, session = this.session): Promise<void> {
    const output = await session.hook("keep-typed", input);
    assertEquals(output, { code: 0, stdout: "", stderr: "" });
  }

  /** A session with another id. */
  other(id: string): ClaudeSession {
    return new ClaudeSession(this.machine, { id });
  }

  /** Files that are kept, as paths from the folder of all sessions. */
  names(): Promise<string[]> {
    return listFiles(`${this.machine.home}/.local/state/claude-spread/claude`);
  }

  path(name: string): string {
    return this.session.path(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

function test(name: string, body: (kept: Kept) => Promise<void>): void {
  Deno.test({
    name,
    // A shell script, which Windows does not start.
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using kept = await Kept.make();
      await body(kept);
    },
  });
}

async function modeOf(path: string): Promise<number> {
  return (await Deno.stat(path)).mode! & 0o777;
}

test("keep-typed keeps what was typed byte for byte, and the project, for their owner only", async (kept) => {
  const typed =
    `{"command_args":"a  \\"b' $(id) \`id\` \\\\ !x 비밀\u00a0"}\n\n`;
  await kept.keep(typed);
  const { id } = kept.session;
  assertEquals(await kept.names(), [`${id}/line.json`, `${id}/project`]);
  assertEquals(await Deno.readTextFile(kept.path("line.json")), typed);
  assertEquals(
    await Deno.readTextFile(kept.path("project")),
    `${kept.machine.folder}/a, shop\n`,
  );
  for (const name of ["line.json", "project"]) {
    assertEquals(await modeOf(kept.path(name)), 0o600);
  }
  assertEquals(await modeOf(kept.path("")), 0o700);
});

test("keep-typed forgets the line before, also when the new one is too long", async (kept) => {
  await kept.keep("first");
  await kept.keep("second");
  assertEquals(await Deno.readTextFile(kept.path("line.json")), "second");
  await kept.keep("x".repeat(1024 * 1024));
  assertEquals((await Deno.stat(kept.path("line.json"))).size, 1024 * 1024);
  await kept.keep("x".repeat(1024 * 1024 + 1));
  assertEquals(await kept.names(), [`${kept.session.id}/project`]);
});

test("keep-typed forgets what was asked and answered before, and keeps what is to be shown and a memory that waits", async (kept) => {
  await kept.keep("first");
  for (const name of ["question.json", "answer.json"]) {
    await Deno.writeTextFile(kept.path(name), "{}");
  }
  for (const name of ["message.json", "memory"]) {
    await Deno.writeTextFile(kept.path(name), "{}");
  }
  await kept.keep("second");
  const { id } = kept.session;
  assertEquals(
    await kept.names(),
    ["line.json", "memory", "message.json", "project"].map((name) =>
      `${id}/${name}`
    ),
  );
});

test("keep-typed writes nothing when there is no session id or a strange one", async (kept) => {
  const before = await listFiles(kept.machine.folder);
  const ids = [
    "",
    "..",
    "../x",
    "a/b",
    "-rf",
    "a b",
    "a\nb",
    "é",
    "*",
    "a".repeat(65),
  ];
  for (const id of ids) {
    await kept.keep("typed", kept.other(id));
    assertEquals(await listFiles(kept.machine.folder), before, id);
  }
  const long = "a".repeat(64);
  await kept.keep("typed", kept.other(long));
  assertEquals(await kept.names(), [`${long}/line.json`, `${long}/project`]);
});

test("keep-typed writes nothing when Claude Code does not name the project", async (kept) => {
  const before = await listFiles(kept.machine.folder);
  const env = { CLAUDE_PROJECT_DIR: "" };
  await kept.keep("typed", new ClaudeSession(kept.machine, { env }));
  assertEquals(await listFiles(kept.machine.folder), before);
});

test("keep-typed removes lines of more than a day ago and sessions of more than a week ago, and nothing newer", async (kept) => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  const age = async (session: ClaudeSession, name: string, days: number) => {
    await Deno.utime(session.path(name), daysAgo(days), daysAgo(days));
  };
  const [ancient, old, recent] = ["ancient", "old", "recent"].map((id) =>
    kept.other(id)
  ) as [ClaudeSession, ClaudeSession, ClaudeSession];
  for (const session of [ancient, old, recent]) {
    await kept.keep("typed", session);
    await Deno.writeTextFile(session.path("memory"), "{}");
    await Deno.writeTextFile(session.path("4242.new"), "half");
  }
  for (const name of ["line.json", "4242.new"]) {
    await age(ancient, name, 9);
    await age(old, name, 1.1);
    await age(recent, name, 0.9);
  }
  await age(ancient, "", 9);
  await age(old, "", 6);
  await kept.keep("new");
  const { id } = kept.session;
  assertEquals(await kept.names(), [
    `${id}/line.json`,
    `${id}/project`,
    "old/memory",
    "old/project",
    "recent/4242.new",
    "recent/line.json",
    "recent/memory",
    "recent/project",
  ]);
});

test("keep-typed lets the command run when there is no place to write", async (kept) => {
  await Deno.mkdir(`${kept.machine.home}/.local/state/claude-spread`, {
    recursive: true,
  });
  await Deno.writeTextFile(
    `${kept.machine.home}/.local/state/claude-spread/claude`,
    "in the way",
  );
  await kept.keep("typed");
  assertEquals(
    await Deno.readTextFile(
      `${kept.machine.home}/.local/state/claude-spread/claude`,
    ),
    "in the way",
  );
});

test("keep-typed follows no link that stands in place of a file", async (kept) => {
  const other = kept.machine.path("other");
  await Deno.writeTextFile(other, "untouched");
  await Deno.mkdir(kept.path(""), { recursive: true, mode: 0o700 });
  for (const name of ["line.json", "project", "answer.json"]) {
    await Deno.symlink(other, kept.path(name));
  }
  await kept.keep("typed");
  assertEquals(await Deno.readTextFile(other), "untouched");
  for (const name of ["line.json", "project"]) {
    assert((await Deno.lstat(kept.path(name))).isFile);
  }
  assert(!(await kept.session.has("answer.json")));
});

test("keep-typed closes the folder for documents to others, also one that is there", async (kept) => {
  const cache = `${kept.machine.home}/.cache`;
  const modes = async () => {
    await kept.keep("{}");
    return await modeOf(`${cache}/claude-spread`);
  };
  assertEquals(await modes(), 0o700);
  await Deno.chmod(`${cache}/claude-spread`, 0o755);
  assertEquals(await modes(), 0o700);
  await Deno.remove(cache, { recursive: true });
  await Deno.writeTextFile(cache, "in the way");
  await kept.keep("{}");
  assert(await kept.session.has("line.json"));
});

test("keep-typed keeps a project's name as it is, and stops the command when it has a line break", async (kept) => {
  const names = [
    "a$(id)b",
    "a`id`b",
    "$HOME",
    'a"; id; echo "b',
    "it's; id",
    "C:\\Users\\alex",
    "커피",
    "(x) #y",
    " blanks ",
  ];
  const inProject = (project: string) =>
    new ClaudeSession(kept.machine, { env: { CLAUDE_PROJECT_DIR: project } });
  for (const name of names) {
    const project = `/home/alex/${name}`;
    await kept.keep("{}", inProject(project));
    assertEquals(
      await Deno.readTextFile(kept.path("project")),
      `${project}\n`,
    );
  }
  await Deno.remove(kept.path(""), { recursive: true });
  for (const name of ["a\nb", "a\n", "\n/etc"]) {
    const { code, stdout, stderr } = await inProject(`/home/alex/${name}`)
      .hook("keep-typed", "{}");
    assertEquals([code, stdout], [2, ""], name);
    assert(
      /^claude-spread: .* rename the folder[^\n]*\n$/.test(stderr),
      stderr,
    );
    assertEquals(await kept.names(), []);
  }
});

test("keep-typed and the command find each other's folder, whatever XDG_STATE_HOME is", async (kept) => {
  const { machine } = kept;
  for (const set of ["", "relative/state", `${machine.folder}/elsewhere`]) {
    const env = { XDG_STATE_HOME: set };
    const session = new ClaudeSession(machine, { env });
    await session.type("status");
    assert(await session.has("line.json"));
    // As if Claude had set it for its command.
    const other = new ClaudeSession(machine, {
      env: { XDG_STATE_HOME: `${machine.folder}/by-claude` },
    });
    const { code, stderr } = await other.run("status");
    assertEquals(code, 0, stderr);
    assert(!stderr.includes("hooks are off"), stderr);
  }
});
