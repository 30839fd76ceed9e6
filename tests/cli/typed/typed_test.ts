/**
 * `--typed`: options and passphrase from the line that a person typed in Claude Code.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import {
  dataOf,
  eventOf,
  IN_SESSION,
  keep,
  keepText,
  keptPath,
  passedOnPath,
  passOn,
  SESSION_ID,
} from "../../support/typed.ts";

async function isKept(machine: Machine): Promise<boolean> {
  return await Deno.lstat(keptPath(machine)).then(() => true, () => false);
}

/** Shares a document, with what was typed. */
async function share(machine: Machine, line: string) {
  const file = await machine.write("a.md", "# a\n");
  const typed = await keep(machine, "distill-share", line);
  return await machine.share([...typed, file], IN_SESSION);
}

Deno.test("serve and receive --typed deliver every passphrase byte for byte, and forget it", async () => {
  await using machine = await Machine.make();
  const tag = uniquePassphrase();
  for (
    const passphrase of [
      `${tag}  two  words`,
      `${tag} "a' b"`,
      `$(id) \`id\` $HOME \${CLAUDE_PLUGIN_ROOT} ${tag}`,
      `!x ${tag} !x`,
      `${tag}\nline two`,
      `${tag}\u00a0no\u200bbreak`,
      `${tag}\\ back \\!slash\\`,
      `${tag} 비밀번호`,
    ]
  ) {
    await using sharing = await share(machine, passphrase);
    assert(!(await isKept(machine)), passphrase);
    assert(!JSON.stringify(sharing.ready).includes(tag), "it is shown");
    const typed = await keep(
      machine,
      "distill-receive",
      `${passphrase} ${sharing.address}`,
    );
    const received = await machine.run("receive", typed, IN_SESSION);
    assertSuccess(received);
    assertEquals(received.text, "# a\n", passphrase);
    assert(!(await isKept(machine)), passphrase);
    // The same by hand: nothing was added, left out or executed.
    assertSuccess(
      await machine.run("receive", ["--", passphrase, sharing.address]),
    );
  }
});

Deno.test("serve --typed makes a passphrase, when none was typed", async () => {
  await using machine = await Machine.make();
  await using sharing = await share(machine, "--keep-open 7");
  assertEquals(sharing.ready.keep_open_min, 7);
  assertSuccess(
    await machine.run("receive", [
      String(sharing.ready.invite),
      sharing.address,
    ]),
  );
});

Deno.test("the typed passphrase wins over CLAUDE_SPREAD_PASSPHRASE, which stands in for none", async () => {
  await using machine = await Machine.make();
  const [typed, set] = [uniquePassphrase(), uniquePassphrase()];
  const env = { ...IN_SESSION.env, CLAUDE_SPREAD_PASSPHRASE: set };
  const file = await machine.write("a.md", "# a\n");
  for (const [line, right] of [[typed, typed], ["", set], ["--once", set]]) {
    const args = await keep(machine, "distill-share", line!);
    await using sharing = await machine.share([...args, file], { env });
    assertSuccess(
      await machine.run("receive", [right!, sharing.address]),
    );
  }
  await using sharing = await share(machine, set);
  const args = await keep(machine, "distill-receive", sharing.address);
  assertSuccess(await machine.run("receive", args, { env }));
});

Deno.test("receive --typed says what is missing, when nothing was typed", async () => {
  await using machine = await Machine.make();
  const args = await keep(machine, "distill-receive", "");
  assertFailure(
    await machine.run("receive", args, IN_SESSION),
    "USAGE",
    "The words from the sender are missing",
    "Type them after the command",
  );
});

Deno.test("serve --typed reads a passphrase file that was typed", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  await Deno.writeTextFile(`${machine.folder}/home/my words`, passphrase);
  await using sharing = await share(
    machine,
    '--passphrase-file "~/my words"',
  );
  assertSuccess(await machine.run("receive", [passphrase, sharing.address]));
  const typed = await keep(
    machine,
    "distill-share",
    '--passphrase-file "~/my words" words',
  );
  assertFailure(
    await machine.run("serve", [...typed, machine.path("a.md")], IN_SESSION),
    "USAGE",
    "A passphrase and --passphrase-file cannot be used together",
  );
});

Deno.test("--typed refuses what Claude Code would change or leak, and forgets it", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  for (
    const [line, message] of [
      ["@/etc/hostname", 'Claude Code takes "@/etc/hostname" for a file'],
      ["--nonsense pass", "There is no option --nonsense here"],
      ["--relay --passphrase-file", "--passphrase-file needs a value"],
    ] as const
  ) {
    const typed = await keep(machine, "distill-share", line);
    const args = ["--json", "--remove-file", ...typed, file];
    const ended = await machine.run("serve", args, IN_SESSION);
    assertFailure(ended, "USAGE", message);
    assert(!(await isKept(machine)), line);
    assertEquals(await Deno.readTextFile(file), "# a\n");
  }
});

Deno.test("--typed keeps the line, when something else keeps the command from working", async () => {
  await using machine = await Machine.make();
  const typed = await keep(machine, "distill-share", "our words");
  const before = await Deno.readTextFile(keptPath(machine));
  const file = machine.path("a.md");
  assertFailure(
    await machine.run("serve", [...typed, file], IN_SESSION),
    "PAYLOAD_UNREADABLE",
    `Cannot read "${file}"`,
  );
  assertEquals(await Deno.readTextFile(keptPath(machine)), before);
  const { mode } = await Deno.stat(keptPath(machine));
  assert(Deno.build.os === "windows" || (mode! & 0o777) === 0o600);
  await machine.write("a.md", "# a\n");
  await using _sharing = await machine.share([...typed, file], IN_SESSION);
  assert(!(await isKept(machine)));
});

Deno.test("--typed takes the line that Claude has written, when the hook has kept none", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  const words = `${uniquePassphrase()} "two"  \\ words`;
  const typed = await passOn(machine, `--keep-open 9 '${words}'\n`);
  await using sharing = await machine.share([...typed, file], IN_SESSION);
  assertEquals(sharing.ready.keep_open_min, 9);
  await assertRejects(() => Deno.stat(passedOnPath(machine)));
  await passOn(machine, `'${words}' ${sharing.address}`);
  assertSuccess(await machine.run("receive", typed, IN_SESSION));
  await assertRejects(() => Deno.stat(passedOnPath(machine)));
});

Deno.test("--typed refuses a line that Claude Code has changed for Claude", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  const typed = await passOn(machine, "a \\!b");
  assertFailure(
    await machine.run("serve", [...typed, file], IN_SESSION),
    "USAGE",
    'Claude Code may have changed the "!" in this passphrase',
    "allow the plugin's hooks",
  );
  await assertRejects(() => Deno.stat(passedOnPath(machine)));
});

Deno.test("--typed forgets a line that Claude has written, when the command fails or long after", async () => {
  await using machine = await Machine.make();
  const file = machine.path("a.md");
  const typed = await passOn(machine, "our words");
  assertFailure(
    await machine.run("serve", [...typed, file], IN_SESSION),
    "PAYLOAD_UNREADABLE",
    `Cannot read "${file}"`,
  );
  await assertRejects(() => Deno.stat(passedOnPath(machine)));
  await passOn(machine, "our words");
  const before = new Date(Date.now() - 31 * 60_000);
  await Deno.utime(passedOnPath(machine), before, before);
  assertFailure(
    await machine.run("serve", [...typed, file], IN_SESSION),
    "TYPED_MISSING",
    "The line typed in Claude Code was not kept",
  );
  await assertRejects(() => Deno.stat(passedOnPath(machine)));
});

Deno.test({
  name: "--typed closes the folder for what Claude is to write, to other users",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const folder = `${machine.folder}/home/.cache/claude-spread`;
    const args = ["--typed", dataOf(machine), machine.path("a.md")];
    for (const isThere of [false, true]) {
      if (isThere) await Deno.chmod(folder, 0o755);
      assertFailure(
        await machine.run("serve", args, IN_SESSION),
        "TYPED_MISSING",
        "The line typed in Claude Code was not kept",
        "~/.cache/claude-spread/typed-SESSION.txt",
      );
      assertEquals((await Deno.stat(folder)).mode! & 0o777, 0o700);
    }
  },
});

/** What is wrong with a file, how it comes to be so, and what is said. */
const DISTRUSTED: [string, (machine: Machine) => Promise<void>, string][] = [
  ["absent", async () => {}, "The line typed in Claude Code was not kept"],
  [
    "empty",
    (machine) => keepText(machine, ""),
    "it is damaged, or written by an unknown version of Claude Code",
  ],
  [
    "cut",
    (machine) => keepText(machine, '{"session_id":"c39'),
    "it is damaged",
  ],
  [
    "of another version",
    (machine) => {
      const { command_args: args, ...rest } = eventOf("distill-share", "x");
      return keepText(machine, JSON.stringify({ ...rest, arguments: args }));
    },
    "written by an unknown version",
  ],
  [
    "of another session",
    (machine) => {
      const event = eventOf("distill-share", "x");
      return keepText(machine, JSON.stringify({ ...event, session_id: "x" }));
    },
    "it belongs to another session",
  ],
  [
    "for another command",
    async (machine) => void await keep(machine, "memory-share", "x"),
    "The line typed last is not for distill-share",
  ],
  [
    "too large",
    async (machine) =>
      void await keep(machine, "distill-share", "x".repeat(1024 * 1024)),
    "it is larger than 1 MiB",
  ],
  [
    "readable by others",
    async (machine) => {
      await keep(machine, "distill-share", "x");
      await Deno.chmod(keptPath(machine), 0o644);
    },
    "other users may read or change it",
  ],
  [
    "a link",
    async (machine) => {
      await keep(machine, "distill-share", "x");
      await Deno.rename(keptPath(machine), machine.path("other.json"));
      await Deno.symlink(machine.path("other.json"), keptPath(machine));
    },
    "it is not a file",
  ],
  [
    "a folder",
    (machine) => Deno.mkdir(keptPath(machine), { recursive: true }),
    "it is not a file",
  ],
];

for (const [what, prepare, message] of DISTRUSTED) {
  Deno.test({
    name: `--typed does not use a line that is ${what}, and nothing is lost`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using machine = await Machine.make();
      const file = await machine.write("a.md", "# a\n");
      await prepare(machine);
      const wasKept = await isKept(machine);
      const args = ["--json", "--remove-file", "--typed", dataOf(machine)];
      const ended = await machine.run("serve", [...args, file], IN_SESSION);
      const { stderr } = ended;
      assert(stderr.includes(message), stderr);
      assertFailure(ended, "TYPED_MISSING", "", "and run the command again");
      assertEquals(await Deno.readTextFile(file), "# a\n");
      assertEquals(await isKept(machine), wasKept);
    },
  });
}

Deno.test({
  name: "--typed does not use a line that belongs to another user",
  // Only the administrator can give files away.
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("a.md", "# a\n");
    const typed = await keep(machine, "distill-share", "words");
    await Deno.chown(keptPath(machine), 12_345, 12_345);
    assertFailure(
      await machine.run("serve", [...typed, file], IN_SESSION),
      "TYPED_MISSING",
      `Cannot use "${keptPath(machine)}": it belongs to another user`,
    );
  },
});

Deno.test("--typed needs to know the session, and takes no path for one", async () => {
  await using machine = await Machine.make();
  const typed = await keep(machine, "distill-receive", "words 127.0.0.1:9");
  const bad = ["", "..", `../typed/${SESSION_ID}`, "a/b", "-x", "a".repeat(65)];
  for (const id of bad) {
    const env = { CLAUDE_CODE_SESSION_ID: id };
    assertFailure(
      await machine.run("receive", typed, { env }),
      "TYPED_MISSING",
      "Claude Code did not name its session (CLAUDE_CODE_SESSION_ID)",
    );
  }
  assert(await isKept(machine));
  await assertRejects(() => Deno.stat(`${machine.state}/partial`));
});

Deno.test("stop --typed ends the share that was typed, the only one, or all", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  const stop = async (line: string) => {
    const typed = await keep(machine, "stop", line);
    return await machine.run("stop", ["--json", ...typed], IN_SESSION);
  };
  await using one = await machine.share(["pass", file]);
  await using two = await machine.share(["pass", file]);
  await using three = await machine.share(["pass", file]);
  assertFailure(await stop(""), "USAGE", "More than one share is open");
  assertFailure(
    await stop("$(id)"),
    "USAGE",
    'No open share has the ID "$(id)"',
  );
  assertFailure(
    await stop("--once"),
    "USAGE",
    "There is no option --once here",
  );
  assertSuccess(await stop(String(two.ready.id)));
  assertEquals((await two.ended).code, 130);
  assertSuccess(await stop("--all"));
  assertEquals([(await one.ended).code, (await three.ended).code], [130, 130]);
  await using four = await machine.share(["pass", file]);
  assertSuccess(await stop(""));
  assertEquals((await four.ended).code, 130);
});
