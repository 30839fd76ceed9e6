import { assert, assertEquals } from "@std/assert";
import { pause } from "./pause.ts";

/** How long `body` takes, in milliseconds. */
async function timeOf(body: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await body();
  return performance.now() - start;
}

Deno.test("pause() waits for its time", async () => {
  const { signal } = new AbortController();
  assert(await timeOf(() => pause(50, signal)) >= 45);
});

Deno.test("pause() ends at once and without error, when its signal is aborted before or meanwhile", async () => {
  const before = AbortSignal.abort();
  assert(await timeOf(() => pause(5_000, before)) < 1_000);
  const controller = new AbortController();
  const waiting = timeOf(() => pause(5_000, controller.signal));
  controller.abort();
  assertEquals(await waiting < 1_000, true);
});
