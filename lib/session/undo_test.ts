/** Undo of an installation: its own files, if unchanged, and nothing else. */

import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import { listFiles, packedLines, Receiver, TALK } from "../testing/session.ts";
import { undoSession } from "./undo.ts";

const WITH_OUTPUT = packedLines(TALK, {
  companions: [{ part: "tool_result", name: "a.txt" }, { text: "x" }],
});

async function assertFails(
  action: () => Promise<unknown>,
  code: SpreadErrorCode,
  message: string,
): Promise<void> {
  const error = await assertRejects(action, SpreadError);
  assertEquals([error.code, error.message], [code, message]);
}

Deno.test("undoSession() removes what the last installation made, folders too", async () => {
  await using receiver = await Receiver.make();
  const file = await receiver.write(WITH_OUTPUT);
  const before = await listFiles(receiver.folder);
  const { id, title } = await receiver.install(file);
  const { installed, removed, missing } = await undoSession(receiver.history);
  assertEquals([installed.id, installed.title, removed, missing], [
    id,
    title,
    2,
    0,
  ]);
  const after = await listFiles(receiver.folder);
  assertEquals(after.filter((name) => !name.startsWith("state/")), before);
  await assertFails(
    () => undoSession(receiver.history),
    "NOTHING_TO_UNDO",
    "No received session is installed",
  );
});

Deno.test("undoSession() takes the last one, or the one that is named", async () => {
  await using receiver = await Receiver.make();
  const file = await receiver.write(WITH_OUTPUT);
  const at = (minute: number) => ({
    now: new Date(Date.UTC(2026, 5, 1, 12, minute)),
  });
  const first = await receiver.install(file, at(1));
  const second = await receiver.install(file, at(2));
  const third = await receiver.install(file, at(3));
  assertEquals((await undoSession(receiver.history)).installed.id, third.id);
  assertEquals(
    (await undoSession(receiver.history, { id: first.id.slice(0, 13) }))
      .installed
      .id,
    first.id,
  );
  assertEquals(await listFiles(receiver.history), [`${second.id}.json`]);
  await assertFails(
    () => undoSession(receiver.history, { id: first.id }),
    "NOTHING_TO_UNDO",
    `No session "${first.id}" was installed here`,
  );
});

Deno.test("undoSession() asks for more of an id that is not clear", async () => {
  await using receiver = await Receiver.make();
  const file = await receiver.write(WITH_OUTPUT);
  for (const n of [1, 2]) {
    await receiver.install(file, {
      newId: () => `0a1b2c3d-0000-4000-8000-00000000000${n}`,
    });
  }
  await assertFails(
    () => undoSession(receiver.history, { id: "0a1b" }),
    "USAGE",
    `More than one installed session has an ID that begins with "0a1b"`,
  );
});

Deno.test("undoSession() removes nothing when the conversation has gone on, unless it is told to", async () => {
  await using receiver = await Receiver.make();
  const { id, path } = await receiver.install(
    await receiver.write(WITH_OUTPUT),
  );
  await Deno.writeTextFile(path, "More\n", { append: true });
  const before = await listFiles(receiver.folder);
  await assertFails(
    () => undoSession(receiver.history),
    "SESSION_CHANGED",
    `Cannot undo session ${id}: the conversation has continued since it was installed`,
  );
  assertEquals(await listFiles(receiver.folder), before);
  assertEquals(
    (await undoSession(receiver.history, { force: true })).removed,
    2,
  );
});

Deno.test("undoSession() removes what was added to the session, too, when it is told to, and follows no link", async () => {
  await using receiver = await Receiver.make();
  const { path } = await receiver.install(await receiver.write(WITH_OUTPUT));
  const elsewhere = `${receiver.folder}/elsewhere`;
  const own = path.slice(0, -".jsonl".length);
  await Deno.mkdir(elsewhere);
  await Deno.writeTextFile(`${elsewhere}/theirs.txt`, "Theirs");
  await Deno.writeTextFile(`${own}/tool-results/new.txt`, "New");
  await Deno.mkdir(`${own}/subagents/deep`, { recursive: true });
  await Deno.writeTextFile(`${own}/subagents/deep/agent-1.jsonl`, "{}\n");
  await Deno.symlink(elsewhere, `${own}/subagents/link`);
  await Deno.writeTextFile(path, "More\n", { append: true });
  await Deno.writeTextFile(`${receiver.sessions}/other.jsonl`, "Theirs");
  const { removed, missing } = await undoSession(receiver.history, {
    force: true,
  });
  // A link counts as the file that it is.
  assertEquals([removed, missing], [5, 0]);
  assertEquals(await listFiles(receiver.sessions), ["other.jsonl"]);
  assertEquals(await listFiles(elsewhere), ["theirs.txt"]);
  assertEquals(await listFiles(receiver.history), []);
});

Deno.test("undoSession() removes the folder that Claude Code has made for a session without one", async () => {
  await using receiver = await Receiver.make();
  const { path } = await receiver.install(
    await receiver.write(packedLines(TALK)),
  );
  const own = path.slice(0, -".jsonl".length);
  await Deno.mkdir(`${own}/tool-results`, { recursive: true });
  await Deno.writeTextFile(`${own}/tool-results/new.txt`, "New");
  await undoSession(receiver.history, { force: true });
  assertEquals(await listFiles(`${receiver.folder}/.claude/projects`), []);
});

Deno.test("undoSession() removes a link in place of the session's folder, and nothing behind it", async () => {
  await using receiver = await Receiver.make();
  const { path } = await receiver.install(await receiver.write(WITH_OUTPUT));
  const elsewhere = `${receiver.folder}/elsewhere`;
  const own = path.slice(0, -".jsonl".length);
  await Deno.rename(own, elsewhere);
  await Deno.symlink(elsewhere, own);
  const before = await listFiles(elsewhere);
  await undoSession(receiver.history, { force: true });
  assertEquals(await listFiles(receiver.sessions).catch(() => []), []);
  assertEquals(await listFiles(elsewhere), before);
});

Deno.test("undoSession() leaves what somebody else has put there", async () => {
  await using receiver = await Receiver.make();
  const { id } = await receiver.install(await receiver.write(WITH_OUTPUT));
  const theirs = `${receiver.sessions}/${id}/tool-results/theirs.txt`;
  await Deno.writeTextFile(theirs, "Theirs");
  await Deno.writeTextFile(`${receiver.sessions}/other.jsonl`, "Theirs");
  await undoSession(receiver.history);
  assertEquals(await listFiles(receiver.sessions), [
    ...[`${id}/`, `${id}/tool-results/`, `${id}/tool-results/theirs.txt`],
    "other.jsonl",
  ]);
});

Deno.test("undoSession() says what had gone already", async () => {
  await using receiver = await Receiver.make();
  const { path } = await receiver.install(await receiver.write(WITH_OUTPUT));
  await Deno.remove(path);
  const { removed, missing } = await undoSession(receiver.history);
  assertEquals([removed, missing], [1, 1]);
});

Deno.test("undoSession() does not follow a link that stands in a file's place", async () => {
  await using receiver = await Receiver.make();
  const { path } = await receiver.install(await receiver.write(WITH_OUTPUT));
  const victim = `${receiver.folder}/victim`;
  await Deno.rename(path, victim);
  await Deno.symlink(victim, path);
  await assertRejects(() => undoSession(receiver.history), SpreadError);
  await undoSession(receiver.history, { force: true });
  assertEquals((await Deno.stat(victim)).isFile, true);
});

Deno.test("undoSession() obeys no entry that names other files", async () => {
  await using receiver = await Receiver.make();
  const { id } = await receiver.install(await receiver.write(WITH_OUTPUT));
  const path = `${receiver.history}/${id}.json`;
  const record = JSON.parse(await Deno.readTextFile(path));
  for (const name of ["../victim", "/etc/passwd", ".ssh/x"]) {
    const files = [{ name, size: 1, sha256: "" }];
    await Deno.writeTextFile(path, JSON.stringify({ ...record, files }));
    await assertFails(
      () => undoSession(receiver.history, { force: true }),
      "NOTHING_TO_UNDO",
      "No received session is installed",
    );
  }
});
