import { assertEquals } from "@std/assert";
import { MAX_RELAY_LENGTH } from "../files/entry_files.ts";
import { readEntries, type ShareEntry, writeEntry } from "./entries.ts";

Deno.test("readEntries() reads an entry with the longest address of a relay", async () => {
  const folder = await Deno.makeTempDir();
  const entry: ShareEntry = {
    version: 1,
    id: "0a1b2c3d",
    pid: 1,
    port: 9783,
    token: "0".repeat(32),
    started: "2026-11-29T10:00:00.000Z",
    ends: "2026-11-29T10:30:00.000Z",
    kind: "distillation",
    name: "notes.md",
    size: 1,
    addresses: [],
    relay: "wss://relay.example.org/".padEnd(MAX_RELAY_LENGTH, "a"),
    receivers: [],
    delivered: 0,
    guesses: [],
  };
  await writeEntry(folder, entry);
  assertEquals(await readEntries(folder, new Date(entry.started)), {
    entries: [entry],
    unreadable: [],
  });
  await Deno.remove(folder, { recursive: true });
});
