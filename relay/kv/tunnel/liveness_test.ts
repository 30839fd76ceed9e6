import { assertEquals } from "@std/assert";
import { Liveness } from "./liveness.ts";

const LIVE_MS = 100;
const KEEP_MS = 300;

function entry(version: string | null) {
  return { key: [], value: null, version };
}

/** Reports signs of life at given times; returns whether the end is dead afterwards. */
function isDeadAfter(
  felt: [ms: number, what: "state" | "instance", version: string | null][],
  endMs: number,
): boolean {
  let nowMs = 0;
  const liveness = new Liveness(() => nowMs);
  for (const [ms, what, version] of felt) {
    nowMs = ms;
    if (what === "state") liveness.feelState(entry(version));
    else liveness.feelInstance(entry(version));
  }
  nowMs = endMs;
  return liveness.isDead(LIVE_MS, KEEP_MS);
}

Deno.test("Liveness.isDead() tells an end that is silent from one that is not", () => {
  for (
    const [felt, endMs, isDead] of [
      [[], 100, false],
      [[], 101, true],
      [[[50, "state", "1"]], 150, false],
      [[[50, "state", "1"]], 151, true],
      [[[50, "instance", "1"]], 150, false],
      // The same version is not a sign of life.
      [[[50, "instance", "1"], [120, "instance", "1"]], 151, true],
      [[[50, "state", "1"], [120, "state", "1"]], 151, true],
      // The instance has announced its end.
      [[[50, "instance", "1"], [60, "instance", null]], 61, true],
      // The instance lives but has forgotten the tunnel.
      [[[50, "state", "1"], [300, "instance", "1"]], 350, false],
      [[[50, "state", "1"], [300, "instance", "1"]], 351, true],
    ] as [Parameters<typeof isDeadAfter>[0], number, boolean][]
  ) {
    assertEquals(isDeadAfter(felt, endMs), isDead, JSON.stringify(felt));
  }
});
