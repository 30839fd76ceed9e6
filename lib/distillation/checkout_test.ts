import { assertEquals } from "@std/assert";
import { gitWith } from "../testing/git.ts";
import { compareCheckout } from "./checkout.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

Deno.test("compareCheckout() tells how the checkout stands to a commit", async () => {
  const ours = "f".repeat(40);
  const head = { "rev-parse": `${ours}\n` };
  const known = { ...head, "cat-file": "" };
  const table = [
    ["no_git_here", {}],
    ["same", { "rev-parse": `${COMMIT}\n` }],
    ["commit_missing", head],
    ["ahead", { ...known, [`is-ancestor ${COMMIT} HEAD`]: "" }],
    ["behind", { ...known, [`is-ancestor HEAD ${COMMIT}`]: "" }],
    ["diverged", known],
  ] as const;
  for (const [relation, answers] of table) {
    const git = gitWith(answers);
    assertEquals(
      await compareCheckout("x", { commit: COMMIT }, git),
      relation,
    );
  }
  for (const theirs of [undefined, {}, { branch: "main" }]) {
    assertEquals(
      await compareCheckout("x", theirs, gitWith(head)),
      "nothing_offered",
    );
  }
});
