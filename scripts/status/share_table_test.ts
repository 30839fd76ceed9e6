import { assertStringIncludes } from "@std/assert";
import type { ShareEntry } from "../../lib/shares/entries.ts";
import { formatShares } from "./share_table.ts";

const NOW = new Date("2026-01-01T12:00:00Z");

const ENTRY: ShareEntry = {
  version: 1,
  id: "0123abcd",
  pid: 1,
  port: 1,
  token: "0".repeat(32),
  started: NOW.toISOString(),
  ends: new Date(NOW.getTime() + 600_000).toISOString(),
  kind: "distillation",
  name: "a.md",
  size: 1,
  addresses: [],
  room: "k7m2xq",
  receivers: [],
  delivered: 0,
  guesses: [],
};

Deno.test("formatShares() names the pairs that a share is for, and those that have taken it", () => {
  const entry: ShareEntry = {
    ...ENTRY,
    to: ["cedar", "maple"],
    receivers: [{ peer: "192.0.2.7", pair: "cedar", at: ENTRY.started }],
    delivered: 1,
  };
  const screen = { columns: null, dim: (text: string) => text };
  const table = formatShares([{ entry, state: "open" }], screen, NOW);
  assertStringIncludes(table, "a.md (1 byte) for cedar, maple  ");
  assertStringIncludes(table, "  cedar just now");
});

Deno.test("formatShares() names work with what came along, and counts it for no receiver", () => {
  const at = ENTRY.started;
  const entry: ShareEntry = {
    ...ENTRY,
    work: 2048,
    receivers: [
      { peer: "192.0.2.7", at, work: "too" },
      { peer: "192.0.2.8", at },
      { peer: "192.0.2.9", at, work: "alone" },
    ],
    delivered: 3,
  };
  const screen = { columns: null, dim: (text: string) => text };
  const table = formatShares([{ entry, state: "open" }], screen, NOW);
  assertStringIncludes(table, "a.md (1 byte), work (2.0 KB)  ");
  assertStringIncludes(table, "192.0.2.7 just now, with the work\n");
  assertStringIncludes(table, "192.0.2.8 just now\n");
  assertStringIncludes(table, "192.0.2.9 just now: the work\n");
  assertStringIncludes(table, "and 1 other");
});

for (
  const [state, shown] of [
    [undefined, "room k7m2xq"],
    ["open", "room k7m2xq"],
    ["new", "new room k7m2xq"],
    ["lost", "room k7m2xq, which the relay does not answer for now"],
    ["ended", "only the local network is left"],
  ] as const
) {
  Deno.test(`formatShares() shows "${shown}" for a room that is ${state}`, () => {
    const entry = { ...ENTRY, room_state: state };
    const screen = { columns: 200, dim: (text: string) => text };
    const table = formatShares([{ entry, state: "open" }], screen, NOW);
    assertStringIncludes(table, `, ${shown}`);
  });
}
