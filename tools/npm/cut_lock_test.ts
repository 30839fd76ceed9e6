import { assertEquals, assertThrows } from "@std/assert";
import { cutLock, type Lock } from "./cut_lock.ts";

const LOCK: Lock = {
  version: "5",
  specifiers: { "npm:a@1.0.0": "1.0.0", "npm:@s/b@^2": "2.1.0" },
  npm: {
    "@s/b@2.1.0": { integrity: "b", dependencies: ["c@1.0.0"] },
    "a@1.0.0": {
      integrity: "a",
      dependencies: ["c@2.0.0"],
      optionalDependencies: ["@s/d"],
    },
    "@s/d@1.0.0": { integrity: "d", dependencies: ["a"] },
    "c@1.0.0": { integrity: "c1" },
    "c@2.0.0": { integrity: "c2" },
  },
  workspace: { dependencies: ["npm:@s/b@^2", "npm:a@1.0.0"] },
};

Deno.test("cutLock() keeps what is wanted with all that it needs, of the right versions", () => {
  const { "@s/b@2.1.0": b, "c@1.0.0": c1, ...rest } = LOCK.npm;
  assertEquals(cutLock(LOCK, ["npm:@s/b@^2"]), {
    version: "5",
    specifiers: { "npm:@s/b@^2": "2.1.0" },
    npm: { "@s/b@2.1.0": b!, "c@1.0.0": c1! },
    workspace: { dependencies: ["npm:@s/b@^2"] },
  });
  const a = cutLock(LOCK, ["npm:a@1.0.0"]);
  assertEquals(a.npm, rest);
  assertEquals(cutLock(LOCK, ["npm:a@1.0.0", "npm:@s/b@^2"]).npm, LOCK.npm);
});

Deno.test("cutLock() refuses a lock file that lacks something", () => {
  const { "@s/d@1.0.0": _, ...npm } = LOCK.npm;
  const broken = { ...LOCK, npm };
  for (
    const [lock, wanted, missing] of [
      [LOCK, "npm:x@1", "npm:x@1"],
      [broken, "npm:a@1.0.0", "@s/d"],
    ] as const
  ) {
    assertThrows(() => cutLock(lock, [wanted]), Error, `lacks ${missing}`);
  }
});
