/** Two peers that follow the protocol; tampering on the way is in handshake_tamper_test.ts. */

import { assertEquals } from "@std/assert";
import { utf8 } from "../../bytes.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import {
  connectLoopback,
  outcomeOf,
  senderSecrets,
} from "../../testing/protocol.ts";
import { interpose, passOn } from "../../testing/interposed.ts";
import { SecureChannel } from "../secure_channel.ts";
import { type SenderSecrets } from "./sender.ts";
import { asReceiver, asSender, PASSPHRASE } from "../../testing/handshake.ts";

/** Both sides, one record each way; "agreed" for each side that got the other's record. */
async function meet(
  [sender, receiver]: [Channel, Channel],
  secrets: SenderSecrets,
  passphrase: string,
  roomCode = "",
): Promise<[string, string]> {
  const exchange = async (secure: SecureChannel, word: string) => {
    await using channel = secure;
    await channel.send(0x42, utf8(word));
    const { type, body } = await channel.receive();
    return `${type} ${new TextDecoder().decode(body)}`;
  };
  return await Promise.all([
    outcomeOf(
      sender,
      async () => exchange(await asSender(sender, secrets), "from sender"),
    ),
    outcomeOf(
      receiver,
      async () =>
        exchange(
          await asReceiver(receiver, passphrase, roomCode),
          "from receiver",
        ),
    ),
  ]);
}

const AGREED = ["66 from receiver", "66 from sender"];
const REFUSED = ["PASSPHRASE_REFUSED", "PASSPHRASE_REFUSED"];

for (
  const [transport, connect] of [
    ["memory", () => Promise.resolve(connectMemory())],
    ["TCP", connectLoopback],
  ] as const
) {
  Deno.test(`handshake gives both sides the same keys, over ${transport}`, async () => {
    const secrets = senderSecrets(PASSPHRASE);
    assertEquals(await meet(await connect(), secrets, PASSPHRASE), AGREED);
    assertEquals(secrets.guesses.total, 0);
  });
}

const ROOM_CODES: [sender: string, receiver: string, ends: string[]][] = [
  ["k7m2xq", "k7m2xq", AGREED],
  ["k7m2xq", "k7m2xr", REFUSED],
  ["k7m2xq", "", REFUSED],
  ["", "k7m2xq", REFUSED],
];

for (const [ours, theirs, ends] of ROOM_CODES) {
  Deno.test(`handshake binds the room code, when sender has "${ours}" and receiver "${theirs}"`, async () => {
    const secrets = senderSecrets(PASSPHRASE, { roomCode: ours });
    assertEquals(
      await meet(connectMemory(), secrets, PASSPHRASE, theirs),
      ends,
    );
  });
}

const PASSPHRASES: [name: string, sender: string, receiver: string][] = [
  ["é composed and decomposed", "caf\u00e9", "cafe\u0301"],
  ["Hangul composed and decomposed", "\ud55c", "\u1112\u1161\u11ab"],
  ["spaces around and inside", "  my pass  phrase ", "  my pass  phrase "],
  ["quotes, dollar and newline", `"'$HOME\`\n\\`, `"'$HOME\`\n\\`],
  ["10 KB", "x\u00e9".repeat(3500), "x\u00e9".repeat(3500)],
];

for (const [name, ours, theirs] of PASSPHRASES) {
  Deno.test(`handshake takes a passphrase as typed: ${name}`, async () => {
    assertEquals(
      await meet(connectMemory(), senderSecrets(ours), theirs),
      AGREED,
    );
  });
}

const TYPED = "walnut orbit cactus fable";

const WRONG_PASSPHRASES: [name: string, sender: string, receiver: string][] = [
  ["another case", TYPED, TYPED.toUpperCase()],
  ["a trailing space", TYPED, `${TYPED} `],
  ["a trailing newline", TYPED, `${TYPED}\n`],
  ["a compatibility form", "ﬁle", "file"],
  ["empty", TYPED, ""],
  [
    "the last of 10 KB differs",
    `${"x".repeat(10_240)}a`,
    `${"x".repeat(10_240)}b`,
  ],
];

for (const [name, ours, theirs] of WRONG_PASSPHRASES) {
  Deno.test(`handshake refuses a wrong passphrase on both sides: ${name}`, async () => {
    const secrets = senderSecrets(ours);
    await using middle = interpose(passOn);
    assertEquals(
      await meet([middle.sender, middle.receiver], secrets, theirs),
      REFUSED,
    );
    assertEquals(secrets.guesses.total, 1);
    // After CHALLENGE, the refusal and nothing else.
    assertEquals(
      middle.seen.toReceiver.slice(1).map((frame) => frame.toHex()),
      ["0501"],
    );
  });
}

Deno.test("handshake gives every run other messages, also with the same passphrase", async () => {
  const runs: string[][] = [];
  for (let run = 0; run < 2; run++) {
    await using middle = interpose(passOn);
    const secrets = senderSecrets(PASSPHRASE);
    await meet([middle.sender, middle.receiver], secrets, PASSPHRASE);
    const { toSender, toReceiver } = middle.seen;
    runs.push([...toSender, ...toReceiver].map((frame) => frame.toHex()));
  }
  const [first, second] = runs;
  assertEquals(first!.length, 6);
  assertEquals(first!.filter((frame) => second!.includes(frame)), []);
});
