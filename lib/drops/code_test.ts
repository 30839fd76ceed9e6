import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { codeIn, formatCode, makeCode, readCode } from "./code.ts";
import vectors from "../../testdata/drops.json" with { type: "json" };

const bytes = (hex: string) => Uint8Array.fromHex(hex) as Bytes;

Deno.test("formatCode() and readCode() agree with testdata/drops.json", async () => {
  for (const { secret, code } of vectors.codes) {
    assertEquals(await formatCode(bytes(secret)), code);
    const characters = codeIn(code.split("-"));
    assertEquals((await readCode(characters ?? "aaaa")).toHex(), secret);
  }
});

Deno.test("makeCode() makes no code without a digit, which could be words", async () => {
  const letters = bytes("7af9794f8bf7193add8ede7afd658a6f");
  const queue = [
    // Found by trying: all of its characters are letters.
    letters,
    bytes("00".repeat(16)),
  ];
  const { code } = await makeCode((into) => {
    into.set(queue.shift()!);
    return into;
  });
  assertEquals(/\d/.test(code), true);
});

Deno.test("readCode() refuses every code with one wrong letter, or two that are swapped", async () => {
  const secret = fc.uint8Array({ minLength: 16, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(
      secret,
      fc.nat(29),
      fc.constantFrom(..."0123456789abcdefghjkmnpqrstvwxyzu"),
      async (secret, at, letter) => {
        const code = await formatCode(secret as Bytes);
        const characters = code.slice("drop-".length).replaceAll("-", "");
        const wrong = characters.slice(0, at) + letter +
          characters.slice(at + 1);
        const [a = "", b = ""] = characters.slice(at, at + 2);
        const swapped = characters.slice(0, at) + b + a +
          characters.slice(at + 2);
        for (const typed of [wrong, swapped]) {
          if (typed === characters) continue;
          const error = await assertRejects(
            () => readCode(typed),
            SpreadError,
          );
          assertEquals(error.code, "USAGE");
          assertEquals(error.message.includes(characters.slice(0, 5)), false);
        }
      },
    ),
    // Always the same: the checksum of 22 bits accepts one wrong code in four million.
    { seed: 1 },
  );
});

Deno.test("readCode() takes letters for the digits that they look like", async () => {
  const secret = new Uint8Array(16);
  secret[15] = 33;
  const code = (await formatCode(secret)).slice(5).replaceAll("-", "");
  const typed = code.replaceAll("0", "o").replaceAll("1", "l");
  assertEquals(typed === code, false);
  assertEquals(await readCode(typed.toUpperCase()), secret);
});
