import { assertEquals } from "@std/assert";
import { gitWith } from "../testing/git.ts";
import { Checkout, type CheckoutRelation } from "./checkout.ts";
import type { GitFacts } from "./project_facts.ts";
import type { StartGit } from "../git/git.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

async function compare(
  startGit: StartGit,
  theirs: GitFacts | undefined = { commit: COMMIT },
): Promise<CheckoutRelation> {
  return await (await Checkout.open("x", startGit)).compare(theirs);
}

/** A git that has these answers to its two questions. */
function gitSaying(names: string, count?: string): StartGit {
  return gitWith({
    "cat-file": names,
    ...count !== undefined && { "rev-list": count },
  });
}

Deno.test("Checkout.compare() tells how the checkout stands to a commit", async () => {
  const head = "f".repeat(40);
  const both = `${head}\n${COMMIT}\n`;
  const missing = `${COMMIT}^{commit} missing\n`;
  const table: [CheckoutRelation, StartGit][] = [
    ["no_git_here", gitWith({})],
    ["no_git_here", gitSaying(`HEAD missing\n${missing}`)],
    ["no_git_here", gitSaying(`HEAD missing\n${COMMIT}\n`)],
    ["commit_missing", gitSaying(`${head}\n${missing}`)],
    ["same", gitSaying(both, "0\t0\n")],
    ["ahead", gitSaying(both, "12\t0\n")],
    ["behind", gitSaying(both, "0\t10\n")],
    ["diverged", gitSaying(both, "1\t1\n")],
    // The history cannot be read.
    ["unknown", gitSaying(both)],
    ["unknown", gitSaying(both, "")],
    ["unknown", gitWith({ other: "" })],
  ];
  for (const [relation, startGit] of table) {
    assertEquals(await compare(startGit), relation);
  }
  for (const theirs of [undefined, {}, { branch: "main" }]) {
    const told = await (await Checkout.open("x", gitSaying(both)))
      .compare(theirs);
    assertEquals(told, "nothing_offered");
  }
});

Deno.test("Checkout.open() starts every program before the commit is known", async () => {
  const started: string[] = [];
  const git = gitSaying("a\nb\n", "0\t1\n");
  const checkout = await Checkout.open("x", (args) => {
    started.push(args.join(" "));
    return git(args);
  });
  const before = started.length;
  assertEquals(await checkout.compare({ commit: COMMIT }), "behind");
  assertEquals(started.length, before);
});

Deno.test("Checkout.compare() does not know, when git does not answer in time", async () => {
  const silent = { answer: () => Promise.reject(new Deno.errors.TimedOut()) };
  const git = gitSaying("a\nb\n", "0\t0\n");
  for (const words of ["--absolute-git-dir", "cat-file", "rev-list"]) {
    const startGit: StartGit = (args) =>
      args.includes(words) ? silent : git(args);
    assertEquals(await compare(startGit), "unknown", words);
  }
});
