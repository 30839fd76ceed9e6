/** Our shell scripts, as shellcheck reads them. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { needing } from "../tests/support/missing.ts";
import { run } from "./testing/checkout.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);

/** Codes that are not reported, each with the reason. */
const ALLOWED: Record<string, string> = {
  SC1003: "a pattern holds one backslash, and escapes no quote",
  SC1007: "`a= b=` empties several variables on one line",
  SC2015: "`A && B || return` leaves when either fails, as it should",
  SC2016: "what stands in single quotes is JavaScript",
  SC2034: "another part of the launcher reads the variable",
  SC2088: "a pattern matches the tilde that a user typed",
  SC2094: "a loop compares the name of its file, which nothing writes",
  SC2101: "`[::]` is an address",
  SC2102: "`[::]` is an address",
  SC2125: "a value with an asterisk or brackets is a list for Deno",
  SC2154: "another part of the launcher sets the variable",
  SC2209: "`run=git` is a name, and runs nothing",
  SC3013: "every sh that we know has -nt and -ef",
};

/** Paths of all shell scripts that people run. */
async function findScripts(): Promise<string[]> {
  const paths = ["bin/claude-spread"];
  for (const folder of ["hooks", "scripts/launcher"]) {
    for await (const { name } of Deno.readDir(`${root}/${folder}`)) {
      if (!/\.(json|ts)$/.test(name)) paths.push(`${folder}/${name}`);
    }
  }
  return paths;
}

async function lint(paths: string[]): Promise<string> {
  const codes = Object.keys(ALLOWED).join(",");
  const args = ["--shell=sh", "--format=gcc", `--exclude=${codes}`, ...paths];
  return (await run(root, "shellcheck", args)).stdout;
}

Deno.test({
  name: "shellcheck finds nothing in our scripts, and what is wrong in another",
  ...needing("shellcheck"),
  fn: async () => {
    assertEquals(await lint(await findScripts()), "");
    const wrong = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(wrong, "rm $1\n");
      assertStringIncludes(await lint([wrong]), "[SC2086]");
    } finally {
      await Deno.remove(wrong);
    }
  },
});
