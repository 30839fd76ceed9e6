/**
 * Measures how long secrets take: 100 MB of decoded strings, scanned in batches of 1 MB, and then
 * redacted; and what that adds to the peak of memory.
 *
 * Usage: `deno run --allow-read bench/scan_secrets.ts`. Prints a line for each step, with seconds
 * and the peak of the process in MB. The strings are made again for each batch, as a session is
 * read from the disk.
 *
 * @module
 */

import { Placeholders } from "../lib/secrets/placeholders.ts";
import { SecretRedactor } from "../lib/secrets/redactor.ts";
import { openScanner } from "../lib/secrets/scanner.ts";
import { makeCases } from "../lib/secrets/testing/corpus.ts";
import { makeInnocents } from "../lib/secrets/testing/innocent.ts";
import { Random } from "../lib/secrets/testing/random.ts";

const STRINGS = 24_000;
const LENGTH = 4200;
/** One string of so many has a secret. */
const EVERY = 40;
const BATCH_STRINGS = 240;

const cases = makeCases();
const innocent = makeInnocents().map(({ text }) => text).join("\n");
const random = new Random(100);

/** Makes the strings of a batch anew, from bytes, as decoded JSON is. */
function makeBatch(batch: number): string[] {
  return Array.from({ length: BATCH_STRINGS }, (_, at) => {
    const start = (batch * BATCH_STRINGS + at) * 977 %
      (innocent.length - LENGTH);
    const secret = at % EVERY === 0 ? random.of(cases).text : "";
    const text = innocent.slice(start, start + LENGTH) + secret;
    return new TextDecoder().decode(new TextEncoder().encode(text));
  });
}

/** Highest resident memory of this process so far, in bytes. */
let peakBytes = 0;

async function measure(
  step: string,
  work: (batch: string[]) => Promise<void> | void,
): Promise<void> {
  let ms = 0;
  for (let batch = 0; batch < STRINGS / BATCH_STRINGS; batch++) {
    const strings = makeBatch(batch);
    const start = performance.now();
    await work(strings);
    ms += performance.now() - start;
    peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss);
  }
  const peak = Math.round(peakBytes / 1e6);
  console.log(`${step}: ${(ms / 1000).toFixed(2)} s, peak ${peak} MB`);
}

const values = Array.from({ length: 20 }, () => random.text("base62", 24));
const redactor = new SecretRedactor(
  openScanner({ values }),
  new Placeholders(),
);

await measure("reading alone", () => {});
await measure("learning", (strings) => redactor.learn(strings));
await measure("redacting", (strings) => {
  for (const text of strings) redactor.redact(text);
});
console.log(`places: ${redactor.counts.values().reduce((a, b) => a + b, 0)}`);
