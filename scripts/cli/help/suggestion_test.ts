import { assertEquals } from "@std/assert";
import { nearest } from "./suggestion.ts";

const COMMANDS = ["serve", "receive", "status", "stop", "sessions"];

for (
  const [typed, expected] of [
    ["recieve", "receive"],
    ["Serve", "serve"],
    ["statsu", "status"],
    ["stp", "stop"],
    ["session", "sessions"],
    ["upload", null],
    ["x", null],
    ["", null],
  ] as const
) {
  Deno.test(`nearest() finds ${expected} for "${typed}"`, () => {
    assertEquals(nearest(typed, COMMANDS), expected);
  });
}

Deno.test("nearest() does not count the dashes of an option as letters that fit", () => {
  assertEquals(nearest("--relya", ["--relay", "--room"]), "--relay");
  assertEquals(nearest("--x", ["--qr", "--all"]), null);
});
