import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import type { DropEntry } from "./entries.ts";
import { takeBackDrop } from "./own_drops.ts";

const ENTRY: DropEntry = {
  version: 1,
  id: "01234567",
  drop: "a".repeat(32),
  relay: "ws://127.0.0.1",
  token: "b".repeat(64),
  kind: "memory",
  name: "m",
  size: 1,
  begun: "2026-11-29T10:00:00.000Z",
  expires: "2026-12-02T10:00:00.000Z",
};

// Breaks when a code that no relay sends is taken for a refusal of this one.
Deno.test("takeBackDrop() does not say that a drop is back, when its relay says that it waits", async () => {
  const state = { state: "waiting", bytes: 1, parts: 1, next: 1, expires_s: 9 };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json(state),
  );
  const entry = { ...ENTRY, relay: `ws://127.0.0.1:${server.addr.port}` };
  const { signal } = new AbortController();
  const error = await assertRejects(
    () =>
      takeBackDrop(entry, { proxy: null, signal, now: new Date(ENTRY.begun) }),
    SpreadError,
  );
  assertEquals(error.code, "BAD_MESSAGE");
  assertEquals(error.message.includes("(not_deleted)"), false, error.message);
});
