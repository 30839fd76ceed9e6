import { assert, assertEquals } from "@std/assert";
import {
  isRoomCode,
  ROOM_CODE_ALPHABET,
  ROOM_CODE_LENGTH,
} from "../../lib/room_code.ts";
import { type FillRandom } from "../../lib/bytes.ts";
import {
  createdAtS,
  generateRoomCode,
  makeBirth,
  ResumeTokens,
} from "./room_codes.ts";

/** Returns these bytes one after the other. */
function queued(bytes: number[]): FillRandom {
  const left = [...bytes];
  return (array) => {
    for (let i = 0; i < array.length; i++) {
      const byte = left.shift();
      if (byte === undefined) throw new RangeError("No random byte is left");
      array[i] = byte;
    }
    return array;
  };
}

const random: FillRandom = (bytes) => crypto.getRandomValues(bytes);

Deno.test("generateRoomCode() takes a character for each random byte", () => {
  assertEquals(generateRoomCode(queued([0, 1, 2, 3, 4, 30])), "abcde9");
  assertEquals(generateRoomCode(queued([31, 32, 33, 34, 35, 247])), "abcde9");
});

Deno.test("generateRoomCode() skips bytes that would make some characters likelier", () => {
  const bytes = [248, 0, 255, 1, 250, 2, 3, 4, 30];
  assertEquals(generateRoomCode(queued(bytes)), "abcde9");
});

Deno.test("generateRoomCode() draws again, when no digit is in it", () => {
  const bytes = [0, 1, 2, 3, 4, 5, 22, 22, 22, 22, 22, 23];
  assertEquals(generateRoomCode(queued(bytes)), "zzzzz2");
});

Deno.test("generateRoomCode() makes codes of the alphabet with a digit, each character about as often", () => {
  const counts = new Map<string, number>();
  const codes = 20_000;
  for (let i = 0; i < codes; i++) {
    const code = generateRoomCode(random);
    assert(isRoomCode(code), code);
    assert(/[2-9]/.test(code), code);
    for (const char of code) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  // Redrawing until there is a digit favors digits, all of them equally.
  const letters = [...ROOM_CODE_ALPHABET].filter((char) => /[a-z]/.test(char));
  const digits = [...ROOM_CODE_ALPHABET].filter((char) => /\d/.test(char));
  for (const group of [letters, digits]) {
    const found = group.map((char) => counts.get(char) ?? 0);
    const mean = found.reduce((a, b) => a + b) / group.length;
    for (const count of found) {
      // Seven standard deviations: a fair code fails once in 10^11 runs.
      assert(Math.abs(count - mean) < 7 * Math.sqrt(mean), `${found}`);
    }
  }
});

Deno.test("ROOM_CODE_ALPHABET has each character once, and no look-alikes", () => {
  assertEquals(new Set(ROOM_CODE_ALPHABET).size, 31);
  assertEquals(ROOM_CODE_ALPHABET.length, 31);
  assertEquals(/[0o1ilA-Z]/.test(ROOM_CODE_ALPHABET), false);
  assertEquals(ROOM_CODE_LENGTH, 6);
});

const CREATED_S = 1_800_000_000;
const tokens = new ResumeTokens("key of the tests");
const NONCE = [0, 0, 0, 0, 0, 0, 0, 0, 1];
const BIRTH = makeBirth(CREATED_S, queued(NONCE));
const ROOM = { code: "abcde2", topics: [] };
const TOKEN = tokens.issue({ ...ROOM, birth: BIRTH });

Deno.test("issue() makes the token of RELAY_SERVER_SPEC.md, section 4.3", () => {
  assertEquals(BIRTH, "1800000000.AAAAAAAAAAAB");
  assertEquals(
    TOKEN,
    "1800000000.AAAAAAAAAAAB.keBt52bFla5sgR9GNeExjtaqI1GgvUVnb42DbNtDeVA",
  );
});

Deno.test("verify() tells which room it is, by its own token", () => {
  assertEquals(tokens.verify(ROOM, TOKEN), BIRTH);
  assertEquals(createdAtS(BIRTH), CREATED_S);
  const sameKey = new ResumeTokens("key of the tests");
  assertEquals(sameKey.verify(ROOM, TOKEN), BIRTH);
});

Deno.test("verify() refuses the token of another room, or of another key", () => {
  assertEquals(tokens.verify({ ...ROOM, code: "abcde3" }, TOKEN), null);
  assertEquals(new ResumeTokens("another").verify(ROOM, TOKEN), null);
});

Deno.test("verify() refuses a token for other topics, and one for none", () => {
  const [first, second] = ["0".repeat(32), "1".repeat(32)];
  const topics = [first, second];
  const room = { ...ROOM, topics };
  const token = tokens.issue({ ...room, birth: BIRTH });
  assertEquals(tokens.verify(room, token), BIRTH);
  for (const others of [[], [first], [second, first], [first, first]]) {
    assertEquals(tokens.verify({ ...room, topics: others }, token), null);
  }
  assertEquals(tokens.verify(room, TOKEN), null);
});

Deno.test("verify() refuses a token that makes the room younger", () => {
  const [, nonce, mac] = TOKEN.split(".");
  const younger = `${CREATED_S + 1}.${nonce}.${mac}`;
  assertEquals(tokens.verify(ROOM, younger), null);
});

Deno.test("verify() refuses a token with any character changed", () => {
  // The last of 43 characters has two unused bits.
  for (let i = 0; i < TOKEN.length - 1; i++) {
    const changed = TOKEN[i] === "A" ? "B" : TOKEN[i] === "7" ? "8" : "7";
    const token = TOKEN.slice(0, i) + changed + TOKEN.slice(i + 1);
    assertEquals(tokens.verify(ROOM, token), null, token);
  }
});

for (
  const [name, token] of [
    ["nothing", ""],
    ["no dot", TOKEN.replace(".", "")],
    ["a mac of nothing", `${BIRTH}.`],
    ["no nonce", `${CREATED_S}.${TOKEN.split(".")[2]}`],
    ["a mac too short", TOKEN.slice(0, -1)],
    ["a mac too long", `${TOKEN}A`],
    ["a line end after it", `${TOKEN}\n`],
    ["a negative time", `-${TOKEN}`],
    ["a time of 13 digits", `123${TOKEN}`],
    ["a time that is no number", TOKEN.replace(/^\d+/, "x")],
    ["other alphabets", `${BIRTH}.${"+/".repeat(21)}=`],
    ["unicode", `${BIRTH}.${"é".repeat(43)}`],
    ["10 KB", "A".repeat(10_240)],
  ] as const
) {
  Deno.test(`verify() refuses a token with ${name}`, () => {
    assertEquals(tokens.verify(ROOM, token), null);
  });
}

Deno.test("blur() names a room the same way each time, without its code", () => {
  const name = tokens.blur("abcde2");
  assertEquals(name, new ResumeTokens("key of the tests").blur("abcde2"));
  assertEquals(/^[0-9a-f]{12}$/.test(name), true);
  assertEquals(tokens.blur("abcde3") === name, false);
  assertEquals(new ResumeTokens("another").blur("abcde2") === name, false);
});
