/**
 * `skill memory-share`: lists the memory of the project, and shares a document of it or the files
 * themselves.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import {
  ClaudeSession,
  LOOPBACK,
  type SkillShare,
} from "../../support/claude_session.ts";
import { Machine } from "../../support/machine.ts";
import { remember } from "../../support/memory.ts";

const FILES = {
  "MEMORY.md": "- [Build](build.md) — make\n- [Alex](user_role.md) — tabs\n",
  "build.md": "---\nmetadata:\n  type: project\n---\nmake\n",
  "user_role.md": "---\nmetadata:\n  type: user\n---\nAlex likes tabs.\n",
  "sub/한글.md": "\ufeffé\r\n",
};

async function furnished(machine: Machine): Promise<ClaudeSession> {
  await remember(machine, FILES);
  return new ClaudeSession(machine);
}

/** The bytes that a receiver gets. */
async function received(
  machine: Machine,
  sharing: SkillShare,
): Promise<string> {
  const path = machine.path("received");
  const args = ["--kind=memory", "--output", path];
  assertSuccess(
    await machine.run("receive", [...args, sharing.words, sharing.address]),
  );
  const text = await Deno.readTextFile(path);
  await Deno.remove(path);
  return text;
}

/** Claude's two steps, and the names of the files that a receiver gets. */
async function namesShared(
  session: ClaudeSession,
  line: string,
): Promise<string[]> {
  await session.type("memory-share", `${LOOPBACK} ${line}`);
  assertSuccess(await session.run("memory-share"));
  await using sharing = await session.share("memory-share", "--share");
  const bundle = JSON.parse(await received(session.machine, sharing));
  assert(
    !bundle.files["MEMORY.md"].includes("user_role") ||
      "user_role.md" in bundle.files,
  );
  return Object.keys(bundle.files).sort();
}

Deno.test("skill memory-share lists the files, says what is shared, and leaves the line for the share", async () => {
  await using machine = await Machine.make();
  const session = await furnished(machine);
  const table: [line: string, shared: RegExp, left: number][] = [
    ["our secret words", /shares a document that you write/, 0],
    ["", /shares a document that you write/, 0],
    ["--raw --relay our secret words", /shares these files as they are/, 1],
    ["--raw --except project our secret words", /files as they are/, 1],
    ["--raw --only user our secret words", /files as they are/, 2],
  ];
  for (const [line, shared, left] of table) {
    await session.type("memory-share", line);
    const ended = await session.run("memory-share");
    assertSuccess(ended);
    assert(shared.test(ended.stderr), ended.stderr);
    const [, count = "0"] =
      /spread: (\d+) files? left out/.exec(ended.stderr) ??
        [];
    assertEquals(Number(count), left, ended.stderr);
    assert(!JSON.stringify(ended).includes("secret words"));
    assert(await session.has("line.json"));
  }
  await session.type("memory-share", "--only persons x");
  assertFailure(
    await session.run("memory-share"),
    "USAGE",
    '"persons" is not a type of memory',
  );
  assertEquals(await machine.entries(), []);
});

Deno.test("skill memory-share --share shares the document that Claude has written, and removes it", async () => {
  await using machine = await Machine.make();
  const session = await furnished(machine);
  await session.type("memory-share", LOOPBACK);
  const name = `memory-${session.id}.md`;
  assertFailure(
    await session.run("memory-share", "--share"),
    "PAYLOAD_UNREADABLE",
    `Cannot share "${session.written(name)}"`,
  );
  assert(await session.has("line.json"));
  const path = await session.write(name, "# Project memory: shop\n");
  await using sharing = await session.share("memory-share", "--share");
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  assertEquals(await received(machine, sharing), "# Project memory: shop\n");
});

Deno.test("skill memory-share --share leaves out memories about a person where --raw was typed, and says so", async () => {
  await using machine = await Machine.make();
  const session = await furnished(machine);
  const others = ["MEMORY.md", "build.md", "sub/한글.md"];
  assertEquals(await namesShared(session, "--raw"), others);
  assertEquals(await namesShared(session, "--raw --anonymous"), others);
  for (const step of [[], ["--share"]]) {
    await session.type("memory-share", `--raw ${LOOPBACK}`);
    const { stderr } = await session.run("memory-share", ...step);
    assert(stderr.includes("memories about a person (type user) are left out"));
    assert(stderr.includes("1 file left out"), stderr);
    assert(!stderr.includes("user_role.md"), stderr);
  }
  assertSuccess(await machine.run("stop", ["--all"]));
});

Deno.test("skill memory-share --share shares the types that were typed with --raw", async () => {
  await using machine = await Machine.make();
  const session = await furnished(machine);
  const table: [line: string, names: string[]][] = [
    ["--raw --only user", ["MEMORY.md", "user_role.md"]],
    ["--raw --only=user,project", ["MEMORY.md", "build.md", "user_role.md"]],
    ["--raw --except project", ["MEMORY.md", "sub/한글.md", "user_role.md"]],
    ["--raw --except user,project", ["MEMORY.md", "sub/한글.md"]],
  ];
  for (const [line, names] of table) {
    assertEquals(await namesShared(session, line), names, line);
  }
});

Deno.test("skill memory-share shares files only where --raw was typed, and of the session's project", async () => {
  await using machine = await Machine.make();
  const session = await furnished(machine);
  const elsewhere = `${machine.folder}/elsewhere`;
  await Deno.mkdir(elsewhere);
  // A bundle that Claude has written instead of the command.
  const bundle = await session.write(`memory-${session.id}.json`, "{}");
  await session.type("memory-share", LOOPBACK);
  assertFailure(
    await session.run("memory-share", "--share"),
    "PAYLOAD_UNREADABLE",
    `Cannot share "${bundle.replace(/json$/, "md")}"`,
  );
  await session.type("memory-share", `--raw ${LOOPBACK}`);
  const ended = await session.runIn(elsewhere, "memory-share", "--share");
  assertSuccess(ended);
  assert(ended.stderr.includes('memory of "work"'), ended.stderr);
  assertSuccess(await machine.run("stop", ["--all"]));
});

Deno.test("where hooks are off, memory-share takes nothing from Claude, and shares a document only", async () => {
  await using machine = await Machine.make();
  const session = await furnished(machine);
  await session.passOn(`${LOOPBACK} --raw --only user`);
  const looked = await session.run("memory-share");
  assertSuccess(looked);
  assert(/shares a document that you write/.test(looked.stderr), looked.stderr);
  assertFailure(
    await session.run("memory-share", "--share"),
    "PAYLOAD_UNREADABLE",
    `Cannot share "${session.written(`memory-${session.id}.md`)}"`,
  );
  assertEquals(await machine.entries(), []);
});

Deno.test("skill memory-share sends the user to a terminal for what only a terminal has", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  await session.type("memory-share");
  assertFailure(
    await session.run("memory-share"),
    "NO_MEMORY",
    "There is no memory of",
    "(in a terminal; the user does that, not Claude)",
  );
});
