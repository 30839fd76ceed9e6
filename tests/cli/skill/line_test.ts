/**
 * Options and passphrase from the line that a user typed in Claude Code.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
} from "../../support/checks.ts";
import {
  ClaudeSession,
  LOOPBACK,
  type SkillShare,
} from "../../support/claude_session.ts";
import { Machine } from "../../support/machine.ts";

const HOST = "A relay, or a host outside the local network, cannot be named";

/** Shares a document that Claude has written, with what the user typed. */
async function share(
  session: ClaudeSession,
  line: string,
): Promise<SkillShare> {
  await session.writeDocument();
  await session.type("distill-share", `${LOOPBACK} ${line}`);
  return await session.share("distill-share");
}

Deno.test("skill distill-share and distill-receive deliver every passphrase byte for byte, and forget it", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const tag = uniquePassphrase();
  for (
    const passphrase of [
      // Each begins with a mark on which a client or a shell could act, or with none.
      `${tag}  two  words "a' b" \\ back \\!slash\\`,
      `$(id) \`id\` $HOME \${CLAUDE_PLUGIN_ROOT} ${tag} 비밀번호`,
      `!x ${tag} !x`,
      `@/etc/hostname ${tag} @~/x`,
      `${tag}\nline two \u00a0no\u200bbreak`,
    ]
  ) {
    await using sharing = await share(session, passphrase);
    assert(!(await session.has("line.json")), passphrase);
    assert(!JSON.stringify(sharing.ended).includes(tag), "it is shown");
    await session.type("distill-receive", `${passphrase} ${sharing.address}`);
    const received = await session.run("distill-receive");
    assertSuccess(received);
    assert(received.text.startsWith("# a\n"), passphrase);
    assert(!(await session.has("line.json")), passphrase);
    assert(!JSON.stringify(received).includes(tag), "it is shown");
    // The same by hand: nothing was added, left out or executed.
    assertSuccess(
      await machine.run("receive", ["--", passphrase, sharing.address]),
    );
  }
});

Deno.test("skill distill-share makes a passphrase when none was typed", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  await using sharing = await share(session, "--keep-open 7");
  assert(sharing.ended.stderr.includes("for 7 minutes"), sharing.ended.stderr);
  await session.type("distill-receive", `our own ${sharing.address}`);
  assertFailure(
    await session.run("distill-receive"),
    "SECRET_MISMATCH",
    "The share has no passphrase that the sender chose",
    "Type the command that the sender shows",
  );
  assert(!(await session.has("line.json")), "no command can use it");
  assertSuccess(
    await machine.run("receive", [sharing.words, sharing.address]),
  );
});

Deno.test("the typed passphrase wins over CLAUDE_SPREAD_PASSPHRASE, which stands in for none", async () => {
  await using machine = await Machine.make();
  const [typed, set] = [uniquePassphrase(), uniquePassphrase()];
  const env = { CLAUDE_SPREAD_PASSPHRASE: set };
  const session = new ClaudeSession(machine, { env });
  for (const [line, right] of [[typed, typed], ["", set], ["--once", set]]) {
    await using sharing = await share(session, line!);
    assertSuccess(
      await machine.run("receive", [right!, sharing.address]),
    );
  }
  await using sharing = await share(new ClaudeSession(machine), set);
  await session.type("distill-receive", sharing.address);
  assertSuccess(await session.run("distill-receive"));
});

Deno.test("skill distill-receive says what is missing when nothing was typed", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  await session.type("distill-receive");
  assertFailure(
    await session.run("distill-receive"),
    "USAGE",
    "The sender's words are missing",
    "Type them after the command",
  );
});

Deno.test("skill distill-share reads a passphrase file that was typed", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const passphrase = uniquePassphrase();
  await Deno.writeTextFile(`${machine.home}/my words`, passphrase);
  for (const separator of [" ", "="]) {
    const line = `--passphrase-file${separator}"~/my words"`;
    await using sharing = await share(session, line);
    assertSuccess(await machine.run("receive", [passphrase, sharing.address]));
  }
  await session.writeDocument();
  await session.type("distill-share", '--passphrase-file "~/my words" words');
  assertFailure(
    await session.run("distill-share"),
    "USAGE",
    "A passphrase and --passphrase-file cannot be used together",
  );
});

Deno.test("a skill refuses a line that it does not understand, and forgets it", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const document = await session.writeDocument();
  for (
    const [line, message] of [
      ["--nonsense pass", "There is no option --nonsense here"],
      ["--relay --passphrase-file", "--passphrase-file needs a value"],
      ["--project / pass", "There is no option --project here"],
      ["--output a.md pass", "There is no option --output here"],
      ["our words --preview", "--preview stands where the passphrase is"],
      ["our words 127.0.0.1:9", 'The receiver would take "127.0.0.1:9"'],
    ] as const
  ) {
    await session.type("distill-share", line);
    assertFailure(await session.run("distill-share"), "USAGE", message);
    assert(!(await session.has("line.json")), line);
    assertEquals(await Deno.readTextFile(document), "# a\n");
  }
  assertEquals(await machine.entries(), []);
});

Deno.test("a skill keeps the line when something else keeps its command from working", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const line = `${LOOPBACK} our words`;
  await session.type("distill-share", line);
  const before = await Deno.readTextFile(session.path("line.json"));
  const document = session.written(`distillation-${session.id}.md`);
  assertFailure(
    await session.run("distill-share"),
    "PAYLOAD_UNREADABLE",
    `Cannot share "${document}": Claude has not written it`,
  );
  assertEquals(await Deno.readTextFile(session.path("line.json")), before);
  const { mode } = await Deno.stat(session.path("line.json"));
  assert(Deno.build.os === "windows" || (mode! & 0o777) === 0o600);
  await session.writeDocument();
  await using _sharing = await session.share("distill-share");
  assert(!(await session.has("line.json")));
});

Deno.test("skill distill-receive takes the line that Claude has written when hooks are off", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const words = `${uniquePassphrase()} "two"  \\ words`;
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share([words, file]);
  const path = await session.passOn(`'${words}' ${sharing.address}\n`);
  assertSuccess(await session.run("distill-receive"));
  await assertRejects(() => Deno.stat(path));
});

Deno.test("skill distill-share takes no line from Claude when hooks are off", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const line = "--relay wss://127.0.0.1:9 known words";
  const path = await session.passOn(line);
  const document = session.written(`distillation-${session.id}.md`);
  const ended = await session.run("distill-share");
  // Without a document it does not come to a share.
  assertFailure(ended, "PAYLOAD_UNREADABLE", `Cannot share "${document}"`);
  const ignored = "what was typed after the command is ignored";
  assert(ended.stderr.includes(ignored), ended.stderr);
  assertEquals(await Deno.readTextFile(path), line);
});

Deno.test("a skill refuses a line by Claude that Claude Code has changed, or that names a file or a host", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  for (
    const [line, message] of [
      ["a \\!b", 'Claude Code may have changed the "!" in this passphrase'],
      ["--passphrase-file /etc/hostname", "A file cannot be named while"],
      ["--timeout 9 --passphrase-file=~/x", "A file cannot be named while"],
      ["--relay wss://127.0.0.1:9/secret our words", HOST],
      ["--timeout 9 --relay=wss://127.0.0.1:9 our words", HOST],
      ["our words secret.invalid:4000", HOST],
      ["our words 192.0.2.1:4000", HOST],
      ["our words 127.0.0.1.secret.invalid:4000", HOST],
      ["our words [2001:db8::1]:4000", HOST],
    ] as const
  ) {
    const path = await session.passOn(line);
    assertFailure(
      await session.run("distill-receive"),
      "USAGE",
      message,
      "turn the plugin's hooks on",
    );
    await assertRejects(() => Deno.stat(path));
  }
});

Deno.test("a skill forgets a line that Claude has written when its command fails or long after", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const path = await session.passOn(`${LOOPBACK} our words 127.0.0.1:9`);
  assertFailure(
    await session.run("distill-receive"),
    "UNREACHABLE",
    "Cannot connect to 127.0.0.1:9",
  );
  await assertRejects(() => Deno.stat(path));
  await session.passOn("our words");
  const before = new Date(Date.now() - 31 * 60_000);
  await Deno.utime(path, before, before);
  assertFailure(
    await session.run("distill-receive"),
    "TYPED_MISSING",
    "The line typed in Claude Code was not kept",
  );
  await assertRejects(() => Deno.stat(path));
});

Deno.test({
  name:
    "a skill closes the folder for what Claude is to write, to other users, and says where it is",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const session = new ClaudeSession(machine);
    const folder = session.written("").slice(0, -1);
    for (const isThere of [false, true]) {
      if (isThere) await Deno.chmod(folder, 0o755);
      await session.run("memory-share");
      assertEquals((await Deno.stat(folder)).mode! & 0o777, 0o700);
      await Deno.chmod(folder, 0o755);
      assertFailure(
        await session.run("distill-receive"),
        "TYPED_MISSING",
        "The line typed in Claude Code was not kept",
        `to ${folder}/typed-${session.id}.txt with the Write tool`,
      );
      assertEquals((await Deno.stat(folder)).mode! & 0o777, 0o700);
    }
  },
});

Deno.test("skill stop ends the share that was typed, the only one, or all", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const file = await machine.write("a.md", "# a\n");
  const stop = async (line: string) => {
    await session.type("stop", line);
    return await session.run("stop");
  };
  await using one = await machine.share(["pass", file]);
  await using two = await machine.share(["pass", file]);
  await using three = await machine.share(["pass", file]);
  assertFailure(
    await stop(""),
    "USAGE",
    "It is unclear which share or drop to end",
  );
  assertFailure(
    await stop("$(id)"),
    "USAGE",
    'No open share or drop has the ID "$(id)"',
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
  const none = await stop("--all");
  assertSuccess(none);
  assert(none.stderr.includes("spread: nothing is shared\n"), none.stderr);
});
