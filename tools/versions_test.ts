import { assertEquals } from "@std/assert";
import { findDifferences } from "./versions.ts";

/** The three files with these versions. */
function files(deno: string, plugin: string, marketplace: string) {
  return new Map([
    ["deno.json", JSON.stringify({ version: deno })],
    [".claude-plugin/plugin.json", JSON.stringify({ version: plugin })],
    [
      ".claude-plugin/marketplace.json",
      JSON.stringify({ plugins: [{ version: marketplace }] }),
    ],
  ]);
}

Deno.test("findDifferences() finds nothing, when all versions are the same", () => {
  assertEquals(findDifferences(files("2.1.0", "2.1.0", "2.1.0")), []);
});

Deno.test("findDifferences() names each file that differs", () => {
  assertEquals(findDifferences(files("2.1.0", "2.0.0", "2.1.0")), [
    ".claude-plugin/plugin.json says 2.0.0, deno.json 2.1.0",
  ]);
  assertEquals(findDifferences(files("2.1.0", "2.1.0", "2.1")), [
    ".claude-plugin/marketplace.json says 2.1, deno.json 2.1.0",
  ]);
});
