import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { withDeadline } from "./deadline.ts";
import { pause } from "../testing/protocol.ts";

Deno.test("withDeadline() returns what its body returns and leaves the channel open", async () => {
  const [a, b] = connectMemory();
  assertEquals(await withDeadline(a, 20, () => Promise.resolve(7)), 7);
  await pause(40);
  await b.send(Uint8Array.of(1));
  assertEquals(await a.receive(), Uint8Array.of(1));
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
});

Deno.test("withDeadline() fails what waits on the channel with PEER_SILENT, when time is up", async () => {
  const [a, b] = connectMemory();
  const error = await assertRejects(
    () => withDeadline(a, 20, () => a.receive()),
    SpreadError,
    "within 0.02 seconds",
  );
  assertEquals(error.code, "PEER_SILENT");
  assertEquals(await b.receive(), null);
  await b[Symbol.asyncDispose]();
});

Deno.test("withDeadline() fails at once, when no time is left", async () => {
  const [a, b] = connectMemory();
  const error = await assertRejects(
    () => withDeadline(a, -5, () => a.receive()),
    SpreadError,
  );
  assertEquals(error.code, "PEER_SILENT");
  await b[Symbol.asyncDispose]();
});

Deno.test("withDeadline() stops its clock, when its body fails by itself", async () => {
  const [a, b] = connectMemory();
  await assertRejects(
    () => withDeadline(a, 20, () => Promise.reject(new Error("Own failure"))),
    Error,
    "Own failure",
  );
  await pause(40);
  await a.send(Uint8Array.of(1));
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
});
