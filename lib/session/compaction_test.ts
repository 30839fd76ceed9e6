/** Sessions that were compacted: the conversation begins with the summary, and nothing is lost. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assistant,
  type Fields,
  listFiles,
  readLines,
  Receiver,
  TALK,
  user,
} from "../testing/session.ts";
import { findSessions } from "./local/find.ts";
import { packSession } from "./pack/pack.ts";
import { undoSession } from "./undo.ts";

const HOW = { openOptions: [], secrets: null, anonymous: null };

const ID = "0a1b2c3d-0000-4000-8000-000000000001";

/** Packs a session that Alex has. */
async function pack(alex: Receiver, lines: Fields[]): Promise<string> {
  await Deno.mkdir(alex.sessions, { recursive: true });
  await Deno.writeTextFile(
    `${alex.sessions}/${ID}.jsonl`,
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  const place = { home: alex.folder, cwd: alex.project, env: () => undefined };
  const [session] = await findSessions(place, [ID], HOW);
  const output = `${alex.folder}/packed`;
  await packSession(session!, { ...HOW, output, encoding: "identity" });
  return output;
}

/** A conversation that was compacted; the last answer before that stays as it was. */
function compacted(alex: Receiver): Fields[] {
  return [
    ...TALK,
    user("u2", "a1", `In ${alex.project}`, { cwd: alex.project }),
    assistant("a2", "u2", "Kept as it was"),
    {
      type: "system",
      subtype: "compact_boundary",
      uuid: "c1",
      parentUuid: null,
      logicalParentUuid: "a2",
      content: "Conversation compacted",
      compactMetadata: {
        trigger: "manual",
        preservedSegment: { headUuid: "a2", anchorUuid: "u3", tailUuid: "a2" },
      },
    },
    user("u3", "c1", `The sum; all of it is in ${alex.sessions}/${ID}.jsonl`, {
      isCompactSummary: true,
      isVisibleInTranscriptOnly: true,
    }),
    user("u4", "u3", "And on"),
  ];
}

function contents(lines: Fields[]): unknown[] {
  return lines.map(({ message }) => (message as Fields).content);
}

Deno.test("installSession() begins a compacted session with its summary, which says where the rest is", async () => {
  await using alex = await Receiver.make();
  await using blake = await Receiver.make();
  const installed = await blake.install(await pack(alex, compacted(alex)));
  const { id, path, tally } = installed;
  const earlier = `${blake.sessions}/${id}/earlier-messages.jsonl`;
  const lines = await readLines(path);
  assertEquals(contents(lines.slice(0, -3)), [
    `The sum; all of it is in ${earlier}`,
    [{ type: "text", text: "Kept as it was" }],
    "And on",
  ]);
  assert(lines.every(({ type }) => type !== "system"));
  assert(lines.every((line) => line.isCompactSummary === undefined));
  assertEquals([tally.messages, tally.earlier, installed.earlier], [
    3,
    3,
    earlier,
  ]);
  assertEquals(contents(await readLines(earlier)), [
    "Hello",
    [{ type: "text", text: "Hello to you" }],
    `In ${blake.project}`,
  ]);
  assertEquals((await Deno.stat(earlier)).mode! & 0o777, 0o600);
});

Deno.test("undoSession() takes the earlier messages and the documents away too", async () => {
  await using alex = await Receiver.make();
  await using blake = await Receiver.make();
  const source = { type: "base64", media_type: "application/pdf" };
  const pdf = { type: "document", source: { ...source, data: "JVBERi0x" } };
  const lines = [...compacted(alex), user("u5", "u4", [pdf])];
  const { id, tally } = await blake.install(await pack(alex, lines));
  const folder = `${blake.sessions}/${id}`;
  assertEquals(await listFiles(folder), [
    "documents/",
    "documents/1.pdf",
    "earlier-messages.jsonl",
  ]);
  assertEquals(await Deno.readTextFile(`${folder}/documents/1.pdf`), "%PDF-1");
  assertStringIncludes(
    await Deno.readTextFile(`${folder}.jsonl`),
    `"[Document: PDF, 6 bytes, in ${folder}/documents/1.pdf]"`,
  );
  assertEquals(tally.changed.documents, 1);
  await undoSession(blake.history, { id, force: false });
  assertEquals(await listFiles(blake.folder + "/.claude/projects"), []);
});

Deno.test("installSession() refuses earlier messages behind the conversation, or twice", async () => {
  await using blake = await Receiver.make();
  const earlier = [{ part: "earlier" }, ...TALK];
  const facts = {
    part: "session",
    id: "x",
    title: "x",
    project: "/a/b",
    companions: "/a/c",
  };
  const head = { format: "claude-spread/session", version: 1 };
  const talk = [{ part: "transcript" }, ...TALK];
  const orders: [lines: Fields[], why: string][] = [
    [[...talk, ...earlier], "its parts are out of order"],
    [[...earlier, ...earlier, ...talk], "two of its parts have the same name"],
  ];
  for (const [lines, why] of orders) {
    const file = await blake.write([
      { ...head, encoding: "identity" },
      facts,
      ...lines,
      { part: "end" },
    ]);
    await blake.refuses(
      file,
      "SESSION_REFUSED",
      `Cannot use this session: ${why}`,
    );
  }
});
