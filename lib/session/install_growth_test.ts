/** Sessions that would grow without end while they are rebuilt, as with paths that are longer here. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { peakOf } from "../../tests/support/peak.ts";
import { EXIT_CODES, SpreadError } from "../errors.ts";
import { MAX_LINE_BYTES } from "./container.ts";
import { rebuildSession } from "./rebuild/rebuild.ts";
import {
  assistant,
  call,
  type Fields,
  NOW,
  packedLines,
  readLines,
  Receiver,
  TALK,
  user,
} from "../testing/session.ts";

const ONCE_REBUILT = "Cannot use this session: it is too large once rebuilt";

/** The conversation `line` after facts whose root is much shorter than ours. */
function withShortRoot(line: Fields | string): (Fields | string)[] {
  return packedLines([...TALK, line], { facts: { companions: "/b" } });
}

Deno.test("installSession() gives up a line that the paths of this machine make too long, in a bounded memory", async () => {
  await using receiver = await Receiver.make();
  const paths = (bytes: number) => "/b ".repeat(bytes / 3);
  const called = (input: Fields) => assistant("a2", "u1", call("x", input));
  const texts = Array.from({ length: 8000 }, () => paths(1998));
  const lines = [
    user("u2", "a1", paths(MAX_LINE_BYTES - 999)),
    // In parts, each of which is short.
    called({ texts }),
    called(Object.fromEntries(texts.map((text, i) => [`${i} ${text}`, 1]))),
    user("u2", "a1", texts.map((text) => ({ type: "text", text }))),
  ];
  for (const line of lines) {
    const path = await receiver.write(withShortRoot(line));
    await receiver.refuses(path, "PAYLOAD_TOO_LARGE", ONCE_REBUILT);
  }
  if (Deno.build.os !== "linux") return;
  const path = await receiver.write(withShortRoot(lines[0]!));
  const { code, bytes } = await peakOf(
    "scripts/sessions.ts",
    ["install", path, "--project", receiver.project],
    receiver.folder,
  );
  assertEquals(code, EXIT_CODES.PAYLOAD_TOO_LARGE);
  assert(bytes < 250e6, `${bytes} bytes`);
});

Deno.test("installSession() turns every path of a line that grows by megabytes", async () => {
  await using receiver = await Receiver.make();
  const path = await receiver.write(
    withShortRoot(user("u2", "a1", "/b ".repeat(100_000))),
  );
  const { id, path: transcript } = await receiver.install(path);
  const said = (await readLines(transcript))[2]!.message as Fields;
  const texts = (said.content as Fields[]).map(({ text }) => text);
  assertEquals(
    texts.join(""),
    `${receiver.sessions}/${id} `.repeat(100_000),
  );
});

Deno.test("rebuildSession() stops at the most bytes that its files may have, whatever they are", async () => {
  await using receiver = await Receiver.make();
  const text = "x".repeat(100_000);
  const pdf = btoa(`%PDF-${text}`);
  const source = { type: "base64", media_type: "application/pdf", data: pdf };
  const output = { part: "tool_result", name: "a.txt" };
  const sessions = [
    packedLines([...TALK, user("u2", "a1", text)]),
    packedLines([user("u1", null, [{ type: "document", source }])]),
    packedLines(TALK, { companions: [output, { text }] }),
    packedLines(TALK, {
      companions: [output, ...Array(3000).fill({ text: "x".repeat(32) })],
    }),
  ];
  for (const lines of sessions) {
    const path = await receiver.write(lines);
    const rebuild = async (limit: number) => {
      const folder = await Deno.makeTempDir({ dir: receiver.folder });
      return await rebuildSession(
        path,
        folder,
        {
          id: crypto.randomUUID(),
          project: receiver.project,
          companions: `${receiver.sessions}/x`,
          branch: "HEAD",
          now: NOW,
        },
        undefined,
        limit,
      );
    };
    const { files } = await rebuild(110_000);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    await rebuild(size);
    const error = await assertRejects(() => rebuild(size - 1), SpreadError);
    assertEquals([error.code, error.message], [
      "PAYLOAD_TOO_LARGE",
      ONCE_REBUILT,
    ]);
  }
});
