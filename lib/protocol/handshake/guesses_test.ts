import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { SpreadError } from "../../errors.ts";
import {
  GuessLedger,
  MAX_GUESSES_IN_TOTAL,
  MAX_GUESSES_PER_ADDRESS,
} from "./guesses.ts";
import { codeOf } from "../../testing/protocol.ts";

const wrong = () => Promise.resolve(false);
const right = () => Promise.resolve(true);

/** Wrong guesses, one after another. */
async function guessWrong(
  ledger: GuessLedger,
  address: string,
  times: number,
): Promise<void> {
  for (let i = 0; i < times; i++) {
    assertEquals(await ledger.attempt(address, wrong), false);
  }
}

Deno.test("attempt() counts wrong guesses, by address and together, and right ones not", async () => {
  const ledger = new GuessLedger();
  await guessWrong(ledger, "a", 2);
  await guessWrong(ledger, "b", 1);
  assertEquals(await ledger.attempt("a", right), true);
  assertEquals(
    [ledger.count("a"), ledger.count("b"), ledger.count("c"), ledger.total],
    [2, 1, 0, 3],
  );
});

Deno.test("attempt() refuses an address after three wrong guesses, without checking, and no other", async () => {
  const ledger = new GuessLedger();
  await guessWrong(ledger, "a", MAX_GUESSES_PER_ADDRESS - 1);
  assertEquals(ledger.isRefused("a"), false);
  await guessWrong(ledger, "a", 1);
  assertEquals([ledger.isRefused("a"), ledger.isRefused("b")], [true, false]);

  let checks = 0;
  const error = await assertRejects(
    () => ledger.attempt("a", () => Promise.resolve(++checks > 0)),
    SpreadError,
  );
  assertEquals([error.code, checks], ["TOO_MANY_GUESSES", 0]);
  assertEquals(await ledger.attempt("b", right), true);
});

Deno.test("attempt() counts five addresses of one /64 as one, and an IPv4 address however it is written", async () => {
  const ledger = new GuessLedger();
  for (const host of [1, 2, 3]) {
    await guessWrong(ledger, `2001:db8:0:7::${host}`, 1);
  }
  for (const host of [4, 5]) {
    const error = await assertRejects(() =>
      ledger.attempt(`2001:db8:0:7:ffff::${host}`, right)
    );
    assertEquals(codeOf(error), "TOO_MANY_GUESSES");
  }
  assertEquals(ledger.isRefused("2001:db8:0:8::1"), false);
  await guessWrong(ledger, "::ffff:192.0.2.7", 2);
  await guessWrong(ledger, "192.0.2.7", 1);
  assertEquals(ledger.isRefused("::ffff:c000:207"), true);
});

Deno.test("attempt() refuses everyone after ten wrong guesses", async () => {
  const ledger = new GuessLedger();
  for (let i = 0; i < MAX_GUESSES_IN_TOTAL; i++) {
    assertEquals([ledger.isExhausted, ledger.isRefused("x")], [false, false]);
    await guessWrong(ledger, `address ${i}`, 1);
  }
  assertEquals([ledger.isExhausted, ledger.isRefused("x")], [true, true]);
  const error = await assertRejects(() => ledger.attempt("x", right));
  assertEquals(codeOf(error), "TOO_MANY_GUESSES");
});

Deno.test("attempt() checks one guess at a time, in the order of their coming", async () => {
  const ledger = new GuessLedger();
  const events: string[] = [];
  const slow = (name: string) => async () => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    events.push(`${name} ends`);
    return true;
  };
  await Promise.all(
    ["a", "b", "c"].map((name) => ledger.attempt(name, slow(name))),
  );
  assertEquals(
    events,
    ["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

Deno.test("attempt() goes on after a check that failed, and does not count it", async () => {
  const ledger = new GuessLedger();
  const broken = () => Promise.reject(new Error("No memory"));
  const attempts = [
    ledger.attempt("a", broken).catch((error) => error.message),
    ledger.attempt("a", right),
  ];
  assertEquals(await Promise.all(attempts), ["No memory", true]);
  assertEquals(ledger.total, 0);
});

Deno.test("attempt() never checks more than three guesses of one address nor ten in all, however many come at once", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 60 }),
    async (addresses) => {
      const ledger = new GuessLedger();
      const checked = new Map<string, number>();
      await Promise.all(
        addresses.map((address) =>
          ledger.attempt(address, () => {
            checked.set(address, (checked.get(address) ?? 0) + 1);
            return Promise.resolve(false);
          }).catch(codeOf)
        ),
      );
      const counts = [...checked.values()];
      const total = counts.reduce((sum, count) => sum + count, 0);
      assertEquals(counts.every((n) => n <= MAX_GUESSES_PER_ADDRESS), true);
      assertEquals(total <= MAX_GUESSES_IN_TOTAL, true);
      assertEquals(ledger.total, total);
    },
  ));
});
