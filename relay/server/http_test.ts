/** `readBody()`: bodies that are too long, too slow or cut off. */

import { assertEquals } from "@std/assert";
import { type HttpRequest, readBody } from "./http.ts";

const { signal } = new AbortController();
const LIMITS = { limitMs: 5_000, signal };

function request(body: AsyncIterable<Uint8Array>): HttpRequest {
  return {
    method: "PUT",
    target: "/",
    remoteAddress: "192.0.2.1",
    header: () => undefined,
    body,
  };
}

async function* chunks(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size).fill(size);
}

for (
  const [sizes, expected] of [
    [[], 0],
    [[0], 0],
    [[10], 10],
    [[3, 7], 10],
    [[11], "long"],
    [[10, 1], "long"],
  ] as const
) {
  Deno.test(`readBody() reads ${sizes.join(" + ")} of 10 bytes`, async () => {
    const body = await readBody(request(chunks(...sizes)), 10, LIMITS);
    assertEquals(typeof body === "string" ? body : body.length, expected);
  });
}

Deno.test("readBody() gives up a body that stands still, and one that is cut", async () => {
  const still = new ReadableStream<Uint8Array>();
  assertEquals(
    await readBody(request(still), 10, { limitMs: 20, signal }),
    "late",
  );
  const cut = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("cut")),
  });
  assertEquals(await readBody(request(cut), 10, LIMITS), "late");
});

Deno.test("readBody() gives up a body when its signal is aborted", async () => {
  const ending = new AbortController();
  const still = new ReadableStream<Uint8Array>();
  const limits = { limitMs: 5_000, signal: ending.signal };
  const reading = readBody(request(still), 10, limits);
  ending.abort();
  assertEquals(await reading, "late");
});
