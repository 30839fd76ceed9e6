import { assert, assertEquals } from "@std/assert";
import {
  accept,
  afterWallTime,
  Notifier,
  pause,
  Semaphore,
} from "./waiting.ts";

/** Duration of `body`, in milliseconds. */
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
  assert(await timeOf(() => pause(5_000, before)) < 5_000);
  const controller = new AbortController();
  const waiting = timeOf(() => pause(5_000, controller.signal));
  controller.abort();
  assertEquals(await waiting < 5_000, true);
});

Deno.test("notify() wakes everyone who waits, once", async () => {
  const notifier = new Notifier();
  const woken: number[] = [];
  for (const n of [1, 2]) notifier.wait().then(() => woken.push(n));
  await settle();
  assertEquals(woken, []);
  notifier.notify();
  await settle();
  assertEquals(woken, [1, 2]);
  notifier.wait().then(() => woken.push(3));
  await settle();
  assertEquals(woken, [1, 2]);
});

/** Lets every task that is ready run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("acquire() lets only so many in at a time, the others in order of their coming", async () => {
  const semaphore = new Semaphore(2);
  const held: Disposable[] = [];
  const entered: number[] = [];
  for (let i = 0; i < 5; i++) {
    semaphore.acquire().then((place) => {
      entered.push(i);
      held.push(place);
    });
  }
  await settle();
  assertEquals(entered, [0, 1]);
  for (const expected of [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]) {
    held.shift()![Symbol.dispose]();
    await settle();
    assertEquals(entered, expected);
  }

  // Two are in; a slot that was handed on is not free as well.
  semaphore.acquire().then(() => entered.push(5));
  await settle();
  assertEquals(entered, [0, 1, 2, 3, 4]);
});

Deno.test("acquire() gives a place back that nobody waits for", async () => {
  const semaphore = new Semaphore(1);
  for (let i = 0; i < 3; i++) {
    using _place = await semaphore.acquire();
  }
  let isIn = false;
  using _place = await semaphore.acquire();
  semaphore.acquire().then(() => isIn = true);
  await settle();
  assertEquals(isIn, false);
});

Deno.test("afterWallTime() acts once the time has passed on the wall, even if timers stood still", async () => {
  let nowMs = 1_800_000_000_000;
  let acted = 0;
  const act = () => void acted++;
  const clock = { now: () => nowMs, lookMs: 10 };
  using _asleep = afterWallTime(3_600_000, act, clock);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(acted, 0);
  nowMs += 3_600_000;
  const cancelled = afterWallTime(1_000, act, clock);
  cancelled[Symbol.dispose]();
  nowMs += 1_000;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(acted, 1);
  // A clock that was set back prolongs nothing.
  using _back = afterWallTime(30, act, clock);
  nowMs -= 3_600_000;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(acted, 2);
});

Deno.test("accept() waits for the next connection after one that failed, until the listener is closed", async () => {
  const next = [
    () => Promise.reject(new Error("Too many open files (os error 24)")),
    () => Promise.resolve("a connection"),
    () => Promise.reject(new Deno.errors.BadResource()),
  ];
  const listener = { accept: () => next.shift()!() };
  assertEquals(await accept(listener), "a connection");
  assertEquals(await accept(listener), null);
});
