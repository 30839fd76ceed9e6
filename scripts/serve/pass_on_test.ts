import { assertEquals } from "@std/assert";
import { clipboardSequence } from "./pass_on.ts";

Deno.test("clipboardSequence() wraps the line for the terminal, and once more for tmux", () => {
  const line = "claude-spread receive walnut-orbit";
  const plain = `\x1b]52;c;${btoa(line)}\x07`;
  assertEquals(clipboardSequence(line, false), plain);
  assertEquals(
    clipboardSequence(line, true),
    `${plain}\x1bPtmux;\x1b\x1b]52;c;${btoa(line)}\x07\x1b\\`,
  );
});
