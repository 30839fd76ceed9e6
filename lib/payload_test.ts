import { assertEquals } from "@std/assert";
import { utf8 } from "./bytes.ts";
import { encodeBundle } from "./memory/bundle.ts";
import { type Kind, kindOf } from "./payload.ts";
import { encodeHead } from "./session/container.ts";

/** Beginnings of payloads, and the kind that each tells. */
const HEADS: [string, Kind][] = [
  ['{"type":"memory_bundle","files":{}}', "memory"],
  ['{\n "type": "memory_bundle",\n "version": 2', "memory"],
  ['\ufeff\r\n {"type" : "memory_bundle"}', "memory"],
  ['{"type":"memory_bundles"}', "distillation"],
  ['{"type":"report","was":{"type":"memory_bundle"}}', "distillation"],
  ['[{"type":"memory_bundle"}]', "distillation"],
  ['# How "type":"memory_bundle" is read', "distillation"],
  ['{"format":"claude-spread/session","version":9', "session"],
  ['{"format":"claude-spread/sessions"}', "distillation"],
  [' {"format":"claude-spread/session"}', "distillation"],
  ['{"version":1,"format":"claude-spread/session"}', "distillation"],
  ["", "distillation"],
  ["\0\0\0", "distillation"],
];

Deno.test("kindOf() tells bundles and packed sessions from documents", () => {
  for (const [head, kind] of HEADS) {
    assertEquals(kindOf(utf8(head)), kind, head);
  }
});

Deno.test("kindOf() knows what this program writes, when it has the beginning alone", () => {
  const files = new Map([["a.md", "# A\n".repeat(1000)]]);
  const bundle = encodeBundle({ project: "shop", files });
  assertEquals(kindOf(bundle), "memory");
  assertEquals(kindOf(bundle.subarray(0, 30)), "memory");
  for (const encoding of ["identity", "zstd"] as const) {
    assertEquals(kindOf(utf8(encodeHead(encoding))), "session");
  }
});
