/** Drops whose sender has put something else behind the payload than the offer says. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../../../lib/bytes.ts";
import { makeCode } from "../../../lib/drops/code.ts";
import { DropRelay } from "../../../lib/drops/drop_relay.ts";
import { DropKeys } from "../../../lib/drops/keys.ts";
import { leaveDrop } from "../../../lib/drops/leave.ts";
import { DropSealer } from "../../../lib/drops/seal.ts";
import type { SpreadErrorCode } from "../../../lib/errors.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { assertFailure, sha256 } from "../../support/checks.ts";
import { DOCUMENT, Drops } from "./_drops.ts";
import { keptWork } from "../../support/work.ts";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

/** Leaves an offer, and any bytes as what follows it; returns the code. */
async function leaveAnything(
  url: string,
  offer: Offer,
  content: Bytes,
): Promise<string> {
  const { secret, code } = await makeCode(fillRandom);
  const keys = await DropKeys.ofCode(secret);
  using relay = new DropRelay(url, {
    proxy: null,
    signal: new AbortController().signal,
  });
  // The sealer reads as many bytes as the padding has room for.
  const sealer = new DropSealer(keys, offer, new BytesPayload(content), 16e6);
  await leaveDrop(relay, sealer, {
    keys,
    deleteToken: fillRandom(new Uint8Array(32)),
    ttlS: 60,
    fillRandom,
    onProgress: () => {},
  });
  return code;
}

Deno.test("receive keeps nothing of work that is not what the offer says, and the text that was printed", async () => {
  await using drops = await Drops.open({ RELAY_DROPS_PER_ADDRESS: "10" });
  const text = utf8(DOCUMENT);
  const work = utf8("{}\n".repeat(100));
  const honest: Offer = {
    kind: "distillation",
    name: "notes.md",
    size: text.length,
    sha256: await sha256(text),
    created: "2026-11-29T10:00:00.000Z",
    work: { size: work.length, sha256: await sha256(work) },
  };
  const other = { size: work.length, sha256: "0".repeat(64) };
  const NOT_IT = [
    "PAYLOAD_CORRUPT",
    "Cannot use the work that came along: it is not what the sender offered",
    "The document or the sessions stay",
  ] as const;
  const NOT_THE_DROP = [
    "PAYLOAD_CORRUPT",
    "Cannot use what the relay has returned",
    "ask the sender to leave it again",
  ] as const;
  const cases: [
    name: string,
    offer: Offer,
    content: Bytes,
    printed: string,
    error: readonly [SpreadErrorCode, string, string],
  ][] = [
    ["zeros", honest, text, DOCUMENT, NOT_IT],
    [
      "another hash",
      { ...honest, work: other },
      concatBytes(text, work),
      DOCUMENT,
      NOT_IT,
    ],
    [
      "shorter work",
      honest,
      concatBytes(text, work.slice(1)),
      DOCUMENT,
      NOT_IT,
    ],
    [
      "longer work",
      honest,
      concatBytes(text, work, work),
      "",
      NOT_THE_DROP,
    ],
    [
      "work that is not named",
      { ...honest, work: undefined },
      concatBytes(text, utf8("x")),
      "",
      NOT_THE_DROP,
    ],
    [
      "something else than work",
      honest,
      concatBytes(text, work),
      DOCUMENT,
      [
        "WORK_REFUSED",
        "Cannot use the received work: its description is broken",
        "ask the sender to share again",
      ],
    ],
  ];
  for (const [name, offer, content, printed, [code, message, hint]] of cases) {
    const secret = await leaveAnything(drops.url, offer, content);
    const ended = await drops.take(secret);
    assertFailure(ended, code, message, hint);
    assertEquals(ended.text, printed, name);
    assertStringIncludes(ended.stderr, "from a drop left");
    assertEquals(await keptWork(drops.bob), [], name);
  }
});
