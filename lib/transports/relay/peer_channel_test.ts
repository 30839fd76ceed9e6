import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import { codeOf, within } from "../../testing/protocol.ts";
import { PeerChannel, type PeerLine } from "./peer_channel.ts";

const REASON = new SpreadError("INTERRUPTED", "Stopped");
const FRAME = Uint8Array.of(7);

/** A line to a relay that reads nothing more, and all that was asked of it, in order. */
function stuckLine(): { line: PeerLine; asked: string[] } {
  const asked: string[] = [];
  const never = (what: string) => {
    asked.push(what);
    return new Promise<void>(() => {});
  };
  const line = {
    send: ([part]: Uint8Array[]) => never(`send ${part}`),
    release: () => never("release"),
  };
  return { line, asked };
}

Deno.test("abort() fails a send that waits for the relay, and dispose then waits for nothing", async () => {
  const { line, asked } = stuckLine();
  const channel = new PeerChannel("one", line);
  const sending = channel.send(FRAME);
  const receiving = channel.receive();
  channel.abort(REASON);
  const later = channel.send(FRAME);
  for (const waiting of [sending, receiving, later] as Promise<unknown>[]) {
    const error = await assertRejects(() => within(1_000, waiting));
    assertEquals(error, REASON);
  }
  await within(500, channel[Symbol.asyncDispose]());
  // The release stays behind what was sent, so that the next receiver gets nothing of it.
  assertEquals(asked, ["send 7", "release"]);
  assertEquals(channel.traffic.sent, 0);
});

Deno.test("abort() ends a dispose that waits for the relay", async () => {
  const channel = new PeerChannel("one", stuckLine().line);
  const closing = channel[Symbol.asyncDispose]();
  channel.abort(REASON);
  await within(500, closing);
});

Deno.test("dispose does not wait long for a relay that reads nothing", async () => {
  const { line, asked } = stuckLine();
  const channel = new PeerChannel("one", line);
  await within(5_000, channel[Symbol.asyncDispose]());
  assertEquals(await channel.send(FRAME).catch(codeOf), "PEER_GONE");
  assertEquals(asked, ["release"]);
});
