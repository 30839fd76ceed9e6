import { assert, assertEquals } from "@std/assert";
import type { Block } from "../schema.ts";
import { SessionTally } from "../tally.ts";
import { Turns } from "./turns.ts";

/** Gives `count` calls of one id all results but one; returns the ids and the time in ms. */
function callsOfOneId(count: number) {
  const written: Block[] = [];
  const turns = new Turns(
    new SessionTally(),
    (_, blocks) => blocks.forEach((block) => written.push(block)),
  );
  const call = {
    type: "tool_use",
    id: "t",
    name: "Bash",
    input: { command: "ls" },
  } as const;
  const result = {
    type: "tool_result",
    tool_use_id: "t",
    content: "",
  } as const;
  const start = performance.now();
  turns.answer(Array<Block>(count).fill(call));
  turns.say(Array<Block>(count - 1).fill(result));
  turns.end();
  const ms = performance.now() - start;
  const calls = written.filter((block) => block.type === "tool_use");
  const results = written.filter((block) => block.type === "tool_result");
  return {
    calls: calls.map(({ id }) => id),
    results: results.map(({ tool_use_id }) => tool_use_id),
    ms,
  };
}

Deno.test("Turns give each call of one id its own result, in their order", () => {
  const { calls, results } = callsOfOneId(3);
  const ids = [1, 2, 3].map((n) => `toolu_received_${n}`);
  assertEquals([calls, results], [ids, ids]);
});

Deno.test("Turns need a time for calls of one id that grows as their number does", () => {
  const { ms } = callsOfOneId(2_500);
  // A time that grows with the square would be 256 times as long.
  const more = callsOfOneId(40_000);
  assert(more.ms < 60 * ms + 1_000, `${ms} ms, then ${more.ms} ms`);
  assertEquals(more.results.length, 40_000);
});
