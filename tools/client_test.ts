import { assertEquals } from "@std/assert";
import { describe, readResults } from "./client.ts";
import { VERSIONS } from "./pinned_clients.ts";

Deno.test("readResults() reads names without the version, and leaves out what was skipped", () => {
  const lines = [
    "TAP version 14",
    "# ./tests/claude_code/some_test.ts",
    "ok 1 - a lamp glows [2.1.400]",
    "not ok 2 - a door opens, when [it] is pushed [2.1.400]",
    "  ---",
    "ok 3 - a lookout finds a file",
    "ok 4 - a bell rings [2.1.400] # SKIP",
    "1..4",
  ];
  assertEquals(readResults(lines.join("\n")), {
    passed: ["a lamp glows", "a lookout finds a file"],
    failed: ["a door opens, when [it] is pushed"],
  });
});

Deno.test("describe() tells what fails in the newer version alone from what fails anyway", () => {
  const results = { passed: ["a"], failed: ["b", "c"] };
  assertEquals(describe("2.1.400", results, ["c"]), [
    "Claude Code 2.1.400 passes 1 of 3 tests",
    `differs from ${VERSIONS.newest}: b`,
    `fails in ${VERSIONS.newest} too: c`,
  ]);
});
