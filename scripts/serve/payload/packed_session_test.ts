import { assertEquals, assertRejects } from "@std/assert";
import { utf8 } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import { decodeCatalogue } from "../../../lib/session/catalogue.ts";
import { packedLines, TALK } from "../../../lib/testing/session.ts";
import { Terminal } from "../../cli/terminal.ts";
import type { CommonOffer } from "./sessions.ts";
import { sharePackedSession } from "./packed_session.ts";

const COMMON: CommonOffer = {
  kind: "session",
  created: "2026-06-01T12:00:00.000Z",
  sender: "alex@walnut",
};

const ID = "0a1b2c3d-0000-4000-8000-000000000001";

const HOW = {
  options: {
    file: "a.session",
    keepSecrets: false,
    preview: false,
    anonymous: false,
  },
  terminal: new Terminal({ json: true }),
  signal: new AbortController().signal,
};

/** A packed session, not compressed. */
function packed(title = "Doors"): BytesPayload {
  const lines = packedLines(TALK, { facts: { title } });
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  return new BytesPayload(utf8(text));
}

Deno.test("sharePackedSession() offers the file as it is, in the encoding that it states", async () => {
  const file = packed();
  const { payload, choices, name } = await sharePackedSession(
    file,
    COMMON,
    HOW,
  );
  assertEquals(name, "1 session");
  const [bytes] = await Array.fromAsync(payload.read(0));
  const entries = decodeCatalogue(bytes!);
  assertEquals(entries.map(({ id, title }) => [id, title]), [[ID, "Doors"]]);
  using chosen = await choices.open({ id: ID, encodings: ["identity"] });
  assertEquals(chosen.source, file);
  assertEquals(chosen.offer, {
    ...COMMON,
    name: "Doors",
    size: file.size,
    sha256: file.sha256,
    choice: ID,
    encoding: "identity",
  });
});

Deno.test("sharePackedSession() has a name for a session whose title cannot be shown", async () => {
  const file = packed("\u200b");
  const { choices } = await sharePackedSession(file, COMMON, HOW);
  using chosen = await choices.open({ id: ID, encodings: ["identity"] });
  assertEquals(chosen.offer.name, "1 session");
});

Deno.test("sharePackedSession() opens no other session, and none that the receiver could not read", async () => {
  const { choices } = await sharePackedSession(packed(), COMMON, HOW);
  const refused = async (id: string, encodings: ("identity" | "zstd")[]) => {
    const open = () => choices.open({ id, encodings });
    return (await assertRejects(open, SpreadError)).code;
  };
  assertEquals(await refused("another", ["identity", "zstd"]), "NOT_OFFERED");
  assertEquals(await refused(ID, ["zstd"]), "CANNOT_PACK");
});

Deno.test("sharePackedSession() refuses a session with secrets in any of its parts, unless the person keeps them", async () => {
  const token = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";
  const companions = [{ part: "tool_result", name: "a" }, { text: token }];
  const facts = { title: `Doors ${token}` };
  for (const how of [{ facts }, { companions }]) {
    const text = packedLines(TALK, how)
      .map((line) => `${JSON.stringify(line)}\n`).join("");
    const file = new BytesPayload(utf8(text));
    const error = await assertRejects(
      () => sharePackedSession(file, COMMON, HOW),
      SpreadError,
    );
    assertEquals(error.code, "SECRETS_FOUND");
    assertEquals(
      error.message,
      'Cannot share "a.session": it holds 1 secret: GitHub token',
    );
    assertEquals(JSON.stringify(error.fields).includes(token), false);
    const options = { ...HOW.options, keepSecrets: true };
    await sharePackedSession(file, COMMON, { ...HOW, options });
  }
});
