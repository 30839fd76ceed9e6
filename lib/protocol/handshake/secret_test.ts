import { assert, assertEquals } from "@std/assert";
import { kindOfSecret, passwordRelatedString } from "./secret.ts";

for (
  const [secret, kind] of [
    ["cedar-niece-zippy-iron", "words"],
    ["yoyo-yoyo-yoyo-yoyo", "words"],
    ["cedar-niece-zippy", "typed"],
    ["cedar-niece-zippy-iron-iron", "typed"],
    ["cedar-niece-zippy-walnut", "typed"],
    ["Cedar-niece-zippy-iron", "typed"],
    ["cedar niece zippy iron", "typed"],
    ["yo-yo-niece-zippy-iron", "typed"],
    ["", "typed"],
  ] as const
) {
  Deno.test(`kindOfSecret() takes "${secret}" for ${kind}`, () => {
    assertEquals(kindOfSecret(secret), kind);
  });
}

Deno.test("passwordRelatedString() of words needs no salt and no time", async () => {
  const words = "cedar-niece-zippy-iron";
  const of = (passphrase: string) => (salt: number) =>
    passwordRelatedString(passphrase, new Uint8Array(16).fill(salt));
  const first = await of(words)(0);
  const shortest = async (derive: (salt: number) => Promise<Uint8Array>) => {
    let ms = Infinity;
    for (let salt = 0; salt < 3; salt++) {
      const start = performance.now();
      await derive(salt);
      ms = Math.min(ms, performance.now() - start);
    }
    return ms;
  };
  const wordsMs = await shortest(async (salt) => {
    assertEquals(await of(words)(salt), first);
    return first;
  });
  // Stretching takes a hundred times as long and more.
  assert(wordsMs < await shortest(of("typed")) / 3, `${wordsMs} ms`);
});

Deno.test("passwordRelatedString() treats composed and decomposed letters alike", async () => {
  const salt = new Uint8Array(16);
  const composed = await passwordRelatedString("caf\u00e9", salt);
  const decomposed = await passwordRelatedString("cafe\u0301", salt);
  assertEquals(composed, decomposed);
});

Deno.test("passwordRelatedString() keeps every other difference", async () => {
  const salt = new Uint8Array(16);
  const base = (await passwordRelatedString("pass word", salt)).toHex();
  const other = new Uint8Array(16).fill(1);
  assert(base !== (await passwordRelatedString("pass word", other)).toHex());
  for (
    const near of [
      "pass  word",
      " pass word",
      "Pass word",
      "pass word\n",
      'pass "word"',
    ]
  ) {
    assert(base !== (await passwordRelatedString(near, salt)).toHex(), near);
  }
});

Deno.test("passwordRelatedString() takes a passphrase of 10 KB", async () => {
  const key = await passwordRelatedString(
    "x".repeat(10_240),
    new Uint8Array(16),
  );
  assertEquals(key.length, 32);
});
