/** Paths in a text that came beside work which is open. */

import { assertEquals } from "@std/assert";
import { Terminal } from "../../cli/terminal.ts";
import { rewritePaths } from "./opened.ts";

/** Rewrites `/b` to a folder of `length` characters; returns the text and what was said. */
function rewrite(text: string, length: number): [string, string] {
  let heard = "";
  const listener = { hear: (said: string) => heard += said, event: () => {} };
  const terminal = new Terminal({ json: false, listener });
  const to = `/${"w".repeat(length - 1)}`;
  return [rewritePaths(text, { from: "/b", to }, terminal), heard];
}

Deno.test("rewritePaths() turns the sender's paths, and says how many", () => {
  assertEquals(rewrite("In /b/x and /b", 3), [
    "In /ww/x and /ww",
    "spread: 2 paths rewritten: /b is /ww here\n",
  ]);
});

Deno.test("rewritePaths() leaves a text as it is that would grow by more than 16 MiB", () => {
  const text = "/b ".repeat(16 * 1024);
  const whole = 16 * 1024 * 1024 / (16 * 1024);
  assertEquals(rewrite(text, whole + 2)[0].length, text.length + 2 ** 24);
  const [kept, heard] = rewrite(text, whole + 3);
  assertEquals(kept, text);
  assertEquals(heard.includes("are still the sender's"), true);
});
