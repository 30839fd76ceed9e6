import { assertEquals } from "@std/assert";
import type { Bytes } from "../bytes.ts";
import { dayOf, PairKey, SLOTS, slotsToAsk } from "./derive.ts";
import vectors from "../../testdata/pairs.json" with { type: "json" };

const bytes = (hex: string) => Uint8Array.fromHex(hex) as Bytes;

Deno.test("PairKey derives the values of testdata/pairs.json", async () => {
  for (
    const { seed, role, instance, nonce, day, slot, ...derived } of vectors
  ) {
    const key = await PairKey.of(bytes(seed));
    const side = role as "a" | "b";
    const place = { day, slot };
    assertEquals({
      lan_tag: (await key.lanTag(side, instance)).toHex(),
      hello_tag: (await key.helloTag(bytes(nonce))).toHex(),
      topic: (await key.topic(side, place)).toHex(),
      drop_secret: (await key.dropSecret(side, place)).toHex(),
      PRS: key.PRS.toHex(),
    }, derived);
  }
});

Deno.test("PairKey gives another value for every role, day, slot and instance, and with another seed", async () => {
  const values: string[] = [];
  const hex = (bytes: Bytes) => values.push(bytes.toHex().slice(0, 16));
  for (const seed of [1, 2]) {
    const key = await PairKey.of(new Uint8Array(32).fill(seed));
    for (const role of ["a", "b"] as const) {
      for (let day = 0; day < 40; day++) {
        const date = dayOf(new Date(Date.UTC(2026, 10, 20 + day)));
        for (let slot = 0; slot < SLOTS; slot++) {
          hex(await key.topic(role, { day: date, slot }));
          hex(await key.dropSecret(role, { day: date, slot }));
        }
        hex(await key.lanTag(role, `claude-distill-${day}`));
      }
    }
    for (let nonce = 0; nonce < 16; nonce++) {
      hex(await key.helloTag(new Uint8Array(16).fill(nonce)));
    }
    hex(key.PRS);
  }
  assertEquals(new Set(values).size, values.length);
});

Deno.test("slotsToAsk() goes from tomorrow to eight days ago, in UTC", () => {
  const slots = slotsToAsk(new Date("2026-03-01T23:30:00-02:00"));
  assertEquals(slots.length, 10 * SLOTS);
  assertEquals(slots[0], { day: "2026-03-03", slot: 0 });
  assertEquals(slots.at(-1), { day: "2026-02-22", slot: 7 });
});
