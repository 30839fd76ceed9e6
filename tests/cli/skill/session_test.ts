/**
 * The session that a skill runs in: its id and project, and the files that are kept of it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import {
  ClaudeSession,
  LOOPBACK,
  SESSION_ID,
  SkillShare,
  typedEvent,
} from "../../support/claude_session.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { Machine } from "../../support/machine.ts";

/** A session with a document to share, and what the user typed. */
async function prepared(machine: Machine): Promise<ClaudeSession> {
  const session = new ClaudeSession(machine);
  await session.writeDocument();
  await session.type("distill-share", `${LOOPBACK} our words`);
  return session;
}

/** Replaces a file that is kept, and which only its owner can read. */
async function keep(session: ClaudeSession, name: string, text: string) {
  await Deno.writeTextFile(session.path(name), text, { mode: 0o600 });
}

/** Makes of a file a link to it, from elsewhere. */
async function link(session: ClaudeSession, name: string): Promise<void> {
  const other = session.machine.path("other");
  await Deno.rename(session.path(name), other);
  await Deno.symlink(other, session.path(name));
}

/** The state of a file, how it comes to be in it, and the error. */
const DISTRUSTED: [
  state: string,
  spoil: (session: ClaudeSession) => Promise<void>,
  message: string,
][] = [
  [
    "gone",
    (session) => Deno.remove(session.path("line.json")),
    "The line that the user typed is for another command, or has been used",
  ],
  [
    "empty",
    (session) => keep(session, "line.json", ""),
    "it is damaged, or written by an unknown version of Claude Code",
  ],
  [
    "cut",
    (session) => keep(session, "line.json", '{"session_id":"c39'),
    "it is damaged",
  ],
  [
    "of another version",
    (session) => {
      const { command_args: args, ...rest } = typedEvent("distill-share", "x");
      const event = { ...rest, arguments: args };
      return keep(session, "line.json", JSON.stringify(event));
    },
    "written by an unknown version",
  ],
  [
    "of another session",
    (session) => {
      const event = typedEvent("distill-share", "x", "another");
      return keep(session, "line.json", JSON.stringify(event));
    },
    "it belongs to another session",
  ],
  [
    "for another command",
    (session) => session.type("memory-share", "x"),
    "The line that the user typed is for another command, or has been used",
  ],
  [
    "for another plugin",
    (session) => {
      const event = typedEvent("distill-share", "x");
      const command_name = "claude-spread-2:distill-share";
      return keep(
        session,
        "line.json",
        JSON.stringify({ ...event, command_name }),
      );
    },
    "The line that the user typed is for another command, or has been used",
  ],
  [
    "too large",
    (session) => {
      const event = typedEvent("distill-share", "x".repeat(1024 * 1024));
      return keep(session, "line.json", JSON.stringify(event));
    },
    "it is larger than 1 MiB",
  ],
  ...["line.json", "project"].flatMap((name): typeof DISTRUSTED => [
    [
      `as Claude writes it (${name})`,
      (session) => Deno.chmod(session.path(name), 0o644),
      `Cannot use "PATH/${name}": other users may read or change it`,
    ],
    [
      `open to others to write (${name})`,
      (session) => Deno.chmod(session.path(name), 0o602),
      `Cannot use "PATH/${name}": other users may read or change it`,
    ],
    [
      `a link (${name})`,
      (session) => link(session, name),
      `Cannot use "PATH/${name}": it is not a file`,
    ],
    [
      `a folder (${name})`,
      async (session) => {
        await Deno.remove(session.path(name));
        await Deno.mkdir(session.path(name), { mode: 0o700 });
      },
      `Cannot use "PATH/${name}": it is not a file`,
    ],
  ]),
];

for (const [state, spoil, message] of DISTRUSTED) {
  Deno.test({
    name:
      `a skill does not use a kept file that is ${state}, and loses nothing`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using machine = await Machine.make();
      const session = await prepared(machine);
      await spoil(session);
      const wasKept = await session.has("line.json");
      const ended = await session.run("distill-share");
      assertFailure(ended, "TYPED_MISSING", "", "Type the command in Claude");
      const said = message.replace("PATH", session.path("").slice(0, -1));
      assert(ended.stderr.includes(said), ended.stderr);
      const document = session.written(`distillation-${session.id}.md`);
      assertEquals(await Deno.readTextFile(document), "# a\n");
      assertEquals(await session.has("line.json"), wasKept);
      assertEquals(await machine.entries(), []);
    },
  });
}

for (const name of ["line.json", "project"]) {
  Deno.test({
    name: `a skill does not use a kept file of another user (${name})`,
    // Only the administrator can give files away.
    ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
    fn: async () => {
      await using machine = await Machine.make();
      const session = await prepared(machine);
      await Deno.chown(session.path(name), 12_345, 12_345);
      assertFailure(
        await session.run("distill-share"),
        "TYPED_MISSING",
        `Cannot use "${session.path(name)}": it belongs to another user`,
      );
      assertEquals(await machine.entries(), []);
    },
  });
}

Deno.test("a skill needs to know the session, and takes no path for one", async () => {
  await using machine = await Machine.make();
  const session = await prepared(machine);
  // What a path would lead to is there, and as the hooks write it.
  await Deno.copyFile(
    session.path("project"),
    session.path("../project"),
  );
  const bad = [
    "",
    "..",
    ".",
    "../x",
    `../claude/${SESSION_ID}`,
    `${SESSION_ID}/`,
    "a/b",
    "-x",
    "a b",
    "é",
    "a".repeat(65),
  ];
  for (const id of bad) {
    const stranger = new ClaudeSession(machine, { id });
    for (const skill of ["distill-share", "memory-receive", "status"]) {
      assertFailure(
        await stranger.run(skill),
        "TYPED_MISSING",
        "Claude Code did not name its session (CLAUDE_CODE_SESSION_ID)",
        "the plugin needs 2.1.197 or newer",
      );
    }
  }
  assert(await session.has("line.json"));
  assertEquals(await machine.entries(), []);
  await assertRejects(() => Deno.stat(`${machine.state}/partial`));
});

Deno.test("a skill is for the project of the session, wherever Claude has gone since", async () => {
  await using machine = await Machine.make();
  await writeSession(machine, conversation("Doors"));
  const session = new ClaudeSession(machine);
  await session.type("sessions-share");
  await Deno.mkdir(`${machine.folder}/elsewhere`);
  const ended = await session.runIn(
    `${machine.folder}/elsewhere`,
    "sessions-share",
  );
  assert(ended.stderr.includes("1. Doors"), ended.stderr);
  assert(!ended.stderr.includes("hooks are off"), ended.stderr);
});

Deno.test("where hooks are off a skill is for the folder of its command, and says which", async () => {
  await using machine = await Machine.make();
  await writeSession(machine, conversation("Doors"));
  await Deno.mkdir(`${machine.folder}/elsewhere`);
  const session = new ClaudeSession(machine);
  await session.passOn("");
  for (
    const [cwd, expected] of [
      [machine.work, "1. Doors"],
      [`${machine.folder}/elsewhere`, "this project has no sessions"],
    ] as const
  ) {
    const { stderr } = await session.runIn(cwd, "sessions-share");
    assert(stderr.includes(expected), stderr);
    assert(
      stderr.includes(
        `spread: the plugin's hooks are off: this is for the project in ${cwd}, and what was typed after the command is ignored\n`,
      ),
      stderr,
    );
  }
});

Deno.test("two sessions share at once, each with its own line, document and project", async () => {
  await using machine = await Machine.make();
  const projects = ["one", "two"].map((name) => `${machine.folder}/${name}`);
  const sessions = projects.map((project, i) =>
    new ClaudeSession(machine, { id: `session-${i}`, project })
  );
  for (const [i, session] of sessions.entries()) {
    await Deno.mkdir(projects[i]!);
    await session.writeDocument(`# ${i}\n`);
    await session.type("distill-share", `${LOOPBACK} words of ${i}`);
  }
  await using first = await sessions[0]!.share("distill-share");
  await using second = await sessions[1]!.share("distill-share");
  for (const [i, { address }] of [first, second].entries()) {
    const received = await machine.run("receive", [`words of ${i}`, address]);
    assertSuccess(received);
    assert(received.text.includes(`# ${i}\n`), received.text);
    assert(received.text.includes(["one", "two"][i]!), received.text);
  }
});

Deno.test("two commands at once use a line once", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  await session.writeDocument();
  await session.type("distill-share", LOOPBACK);
  const both = ["distill-share", "distill-share"];
  const ended = await Promise.all(both.map((skill) => session.run(skill)));
  const [good, bad] = ended.toSorted((a, b) => a.code - b.code);
  await using _sharing = await SkillShare.of(machine, good!);
  assertSuccess(good!);
  assert(bad!.code !== 0, bad!.stderr);
});
