import { assertEquals, assertThrows } from "@std/assert";
import { type Bytes, concatBytes } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import {
  decodeChallenge,
  decodeConfirmation,
  decodeHello,
  decodeProof,
  decodeRefusal,
  encodeChallenge,
  encodeConfirmation,
  encodeHello,
  encodePairHello,
  encodeProof,
  encodeRefusal,
  REFUSAL_REASONS,
  type RefusalReason,
} from "./messages.ts";

function bytesOf(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

function assertBad(decode: () => unknown): void {
  assertEquals(assertThrows(decode, SpreadError).code, "BAD_MESSAGE");
}

const nonce = bytesOf(16);
const share = bytesOf(32);
const salt = bytesOf(16);
const tag = bytesOf(32);
const pairTag = bytesOf(8);

const MESSAGES: [
  name: string,
  frame: Bytes,
  layout: Bytes[],
  decode: (frame: Bytes) => unknown,
  content: unknown,
][] = [
  [
    "HELLO",
    encodeHello("words", nonce),
    [Uint8Array.of(1, 2, 1), nonce],
    decodeHello,
    { secret: "words", nonce, tag: new Uint8Array(0) },
  ],
  [
    "HELLO of a pair",
    encodePairHello(nonce, pairTag),
    [Uint8Array.of(1, 2, 3), nonce, pairTag],
    decodeHello,
    { secret: "pair", nonce, tag: pairTag },
  ],
  [
    "CHALLENGE",
    encodeChallenge({ nonce, share, salt }),
    [Uint8Array.of(2), nonce, share, Uint8Array.of(0x53), salt],
    decodeChallenge,
    { nonce, share, salt },
  ],
  [
    "PROOF",
    encodeProof({ share, tag }),
    [Uint8Array.of(3), share, tag],
    decodeProof,
    { share, tag },
  ],
  [
    "CONFIRMATION",
    encodeConfirmation(tag),
    [Uint8Array.of(4), tag],
    decodeConfirmation,
    tag,
  ],
];

for (const [name, frame, layout, decode, content] of MESSAGES) {
  Deno.test(`${name} has the bytes that docs/protocol.md gives it, and reads back`, () => {
    assertEquals(frame, concatBytes(...layout));
    assertEquals(decode(frame), content);
  });

  Deno.test(`decode of ${name} refuses any other length or type`, () => {
    for (let length = 0; length < frame.length; length++) {
      assertBad(() => decode(frame.slice(0, length)));
    }
    assertBad(() => decode(concatBytes(frame, Uint8Array.of(0))));
    for (let type = 0; type < 256; type++) {
      if (type === frame[0]) continue;
      assertBad(() => decode(concatBytes(Uint8Array.of(type), frame.slice(1))));
    }
  });
}

Deno.test("decodeHello() returns null for any other version, and only then", () => {
  for (let version = 0; version < 256; version++) {
    const frame = encodeHello("typed", nonce);
    frame[1] = version;
    const ours = { secret: "typed" as const, nonce, tag: new Uint8Array(0) };
    assertEquals(decodeHello(frame), version === 2 ? ours : null);
    // Another version may have another length; ours may not.
    const longer = Uint8Array.of(...frame, 0);
    if (version !== 2) assertEquals(decodeHello(longer), null);
  }
});

Deno.test("decodeHello() knows three kinds of secrets, and only that of a pair has a tag", () => {
  const plain = encodeHello("typed", nonce);
  for (let kind = 0; kind < 256; kind++) {
    const secret = ([null, "words", "typed", "pair"] as const)[kind] ?? null;
    const tag = kind === 3 ? pairTag : new Uint8Array(0);
    const frame = concatBytes(plain.with(2, kind), tag);
    assertEquals(decodeHello(frame), { secret, nonce, tag });
    const other = kind === 3 ? plain.with(2, 3) : concatBytes(frame, pairTag);
    assertBad(() => decodeHello(other));
  }
});

Deno.test("decodeChallenge() refuses any other role", () => {
  const frame = encodeChallenge({ nonce, share, salt });
  for (let role = 0; role < 256; role++) {
    if (role === 0x53) continue;
    frame[49] = role;
    assertBad(() => decodeChallenge(frame));
  }
});

Deno.test("decodeRefusal() knows every reason, and nothing else for one", () => {
  const names = Object.keys(REFUSAL_REASONS) as RefusalReason[];
  for (const name of names) {
    assertEquals(decodeRefusal(encodeRefusal(name)), name);
  }
  const others = ["", "05", "0500", "0506", "05ff", "0401", "050100"];
  for (const frame of others) {
    assertEquals(decodeRefusal(Uint8Array.fromHex(frame)), null);
  }
});
