import { assert, assertEquals } from "@std/assert";
import type { Block } from "../schema.ts";
import { SessionTally } from "../tally.ts";
import { MAX_TOLD, Turns } from "./turns.ts";

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

Deno.test("Turns forget the older half of too many calls without a result, whose results then are orphans", () => {
  for (const name of ["Edit", "Bash"]) {
    const tally = new SessionTally();
    const texts: string[] = [];
    const turns = new Turns(tally, (_, blocks) => {
      for (const block of blocks) {
        if (block.type === "text") texts.push(block.text);
      }
    });
    const call = { type: "tool_use", name, input: { command: "" } } as const;
    const result = { type: "tool_result", content: "r" } as const;
    for (let count = 0; count <= MAX_TOLD; count++) {
      turns.answer([{ ...call, id: `t${count}` }]);
      // It goes on without a result.
      turns.say([]);
    }
    turns.answer([]);
    texts.length = 0;
    const half = MAX_TOLD / 2;
    for (const count of [half, half + 1, MAX_TOLD]) {
      turns.say([{ ...result, tool_use_id: `t${count}` }]);
    }
    assertEquals(texts, Array(2).fill([`[Result of ${name}]`, "r"]).flat());
    assertEquals(tally.leftOut.orphans, 1);
  }
});
