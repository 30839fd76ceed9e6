import { assertEquals } from "@std/assert";
import { Turns } from "./turns.ts";

/** Lets everything run that can. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("take() lets only so many in at a time, the others in order of their coming", async () => {
  const turns = new Turns(2);
  const held: Disposable[] = [];
  const entered: number[] = [];
  for (let i = 0; i < 5; i++) {
    turns.take().then((turn) => {
      entered.push(i);
      held.push(turn);
    });
  }
  await settle();
  assertEquals(entered, [0, 1]);
  for (const expected of [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]) {
    held.shift()![Symbol.dispose]();
    await settle();
    assertEquals(entered, expected);
  }

  // Two are in; what was handed on is not free as well.
  turns.take().then(() => entered.push(5));
  await settle();
  assertEquals(entered, [0, 1, 2, 3, 4]);
});

Deno.test("take() gives a turn back that nobody waits for", async () => {
  const turns = new Turns(1);
  for (let i = 0; i < 3; i++) {
    using _turn = await turns.take();
  }
  let isIn = false;
  using _turn = await turns.take();
  turns.take().then(() => isIn = true);
  await settle();
  assertEquals(isIn, false);
});
