import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { blurAddress, MAX_ADDRESSES, RateLimit } from "./rate_limits.ts";

/** A limit, and the clock that it reads. */
function limitAt(perMinute: number): { limit: RateLimit; clock: Clock } {
  const clock = { ms: 1_000_000 };
  return { limit: new RateLimit(perMinute, () => clock.ms), clock };
}

interface Clock {
  ms: number;
}

/** Counts how many can be taken in a row. */
function takeAll(limit: RateLimit, address: string, atMost = 1000): number {
  let taken = 0;
  while (taken < atMost && limit.take(address)) taken++;
  return taken;
}

Deno.test("take() lets an address use up its minute at once, and no more", () => {
  const { limit } = limitAt(10);
  assertEquals(takeAll(limit, "a"), 10);
  assertEquals(limit.take("a"), false);
});

Deno.test("take() counts each address for itself", () => {
  const { limit } = limitAt(3);
  assertEquals(takeAll(limit, "a"), 3);
  assertEquals(takeAll(limit, "b"), 3);
});

Deno.test("take() gives the minute back bit by bit", () => {
  const { limit, clock } = limitAt(6);
  takeAll(limit, "a");
  clock.ms += 9_999;
  assertEquals(limit.take("a"), false);
  clock.ms += 1;
  assertEquals(takeAll(limit, "a"), 1);
  clock.ms += 30_000;
  assertEquals(takeAll(limit, "a"), 3);
});

Deno.test("take() saves nothing beyond one minute", () => {
  const { limit, clock } = limitAt(6);
  takeAll(limit, "a");
  clock.ms += 24 * 60 * 60 * 1000;
  assertEquals(takeAll(limit, "a"), 6);
});

Deno.test("take() counts a refused one not", () => {
  const { limit, clock } = limitAt(6);
  takeAll(limit, "a");
  for (let i = 0; i < 100; i++) limit.take("a");
  clock.ms += 10_000;
  assertEquals(limit.take("a"), true);
});

Deno.test("has() says whether one is left, and takes none", () => {
  const { limit, clock } = limitAt(2);
  assertEquals(limit.has("a"), true);
  limit.take("a");
  for (let i = 0; i < 5; i++) assertEquals(limit.has("a"), true);
  limit.take("a");
  assertEquals(limit.has("a"), false);
  clock.ms += 30_000;
  assertEquals(limit.has("a"), true);
});

Deno.test("take() never grants more than one minute's worth and what time gave back", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.nat(20_000), { maxLength: 200 }),
      (perMinute, pauses) => {
        const { limit, clock } = limitAt(perMinute);
        let taken = 0;
        for (const pauseMs of pauses) {
          clock.ms += pauseMs;
          if (limit.take("a")) taken++;
        }
        const passedMs = clock.ms - 1_000_000;
        assert(taken <= perMinute + passedMs * perMinute / 60_000 + 1e-6);
      },
    ),
    { seed: 20260103 },
  );
});

Deno.test("take() lets further addresses share one minute, when too many are known", () => {
  const { limit, clock } = limitAt(2);
  for (let i = 0; i < MAX_ADDRESSES; i++) limit.take(`known-${i}`);
  assertEquals(limit.has("late-1"), true);
  assertEquals(limit.take("late-1"), true);
  assertEquals(limit.take("late-2"), true);
  assertEquals(limit.take("late-3"), false);
  assertEquals(limit.has("late-4"), false);
  assertEquals(limit.take("known-7"), true);

  // A minute later everyone's bucket is full again, and forgotten.
  clock.ms += 60_000;
  assertEquals(takeAll(limit, "late-3"), 2);
  assertEquals(takeAll(limit, "late-4"), 2);
});

for (
  const [address, blurred] of [
    ["192.0.2.7", "192.0.2.0/24"],
    ["::ffff:192.0.2.7", "192.0.2.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
    ["2001:db8::1", "2001:db8:0::/48"],
    ["unknown", "unknown"],
  ] as const
) {
  Deno.test(`blurAddress() makes ${blurred} of ${address}`, () => {
    assertEquals(blurAddress(address), blurred);
  });
}
