/**
 * Plain relays that answer what cannot be used.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertFailure } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { PLAIN, PlainRelay } from "../support/plain_relay.ts";
import { DOCUMENT } from "./_stage.ts";

for (
  const [what, answer, code, message] of [
    [
      "a code of five characters",
      '{"type":"ROOM_CREATED","room_id":"9vxmo"}',
      "BAD_MESSAGE",
      "The room code of the relay is not six letters and digits",
    ],
    [
      "a code in capitals",
      '{"type":"ROOM_CREATED","room_id":"9VXMOD"}',
      "BAD_MESSAGE",
      "The room code of the relay is not six letters and digits",
    ],
    [
      "an unknown word",
      '{"type":"WELCOME"}',
      "BAD_MESSAGE",
      "The relay sent a message that this program does not understand",
    ],
    ["nothing", null, "RELAY_UNREACHABLE", "Cannot reach the relay"],
    [
      "that it is full",
      '{"type":"ERROR","reason":"too_many_rooms"}',
      "RELAY_BUSY",
      "The relay has no free room",
    ],
  ] as const
) {
  Deno.test(`serve fails with ${code}, when a plain relay answers ${what}`, async () => {
    await using relay = await PlainRelay.start({ ...PLAIN, answer });
    await using alice = await Machine.make();
    const file = await alice.write("doc.md", DOCUMENT);
    const args = ["--relay", relay.url, "--generate", file];
    assertFailure(await alice.run("serve", args), code, message);
    assertEquals(await alice.kept(), []);
    assertEquals(await Deno.readTextFile(file), DOCUMENT);
  });
}
