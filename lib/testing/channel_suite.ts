/**
 * Suite that every transport must pass. A new transport adds one line to `channel_test.ts`.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_BEFORE_AUTH,
} from "../transports/channel.ts";

/**
 * Registers the tests for one transport.
 *
 * @param takesAll Whether something on the way takes all that is sent, however slowly it is read:
 *   a plain relay does. There only the credit of a transfer holds a sender back.
 */
export function testChannel(
  name: string,
  connect: () => Promise<[Channel, Channel]>,
  { takesAll = false } = {},
): void {
  const test = (
    does: string,
    body: (a: Channel, b: Channel) => Promise<void>,
  ) =>
    Deno.test(`${name} ${does}`, async () => {
      const [a, b] = await connect();
      try {
        await body(a, b);
      } finally {
        await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
      }
    });

  test(
    "send() keeps frames whole and in order, in both directions",
    async (a, b) => {
      for (const [from, to] of [[a, b], [b, a]] as const) {
        const sending = [1, 2, 3].map((n) =>
          from.send(new Uint8Array(n).fill(n))
        );
        for (const n of [1, 2, 3]) {
          assertEquals(
            await to.receive(),
            new Uint8Array(n).fill(n),
          );
        }
        await Promise.all(sending);
      }
    },
  );

  test("send() joins its parts to one frame", async (a, b) => {
    await a.send(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3));
    assertEquals(await b.receive(), Uint8Array.of(1, 2, 3));
  });

  test("send() lets its parts be reused afterwards", async (a, b) => {
    const part = Uint8Array.of(1);
    await a.send(part);
    part[0] = 9;
    await a.send(part);
    assertEquals(await b.receive(), Uint8Array.of(1));
    assertEquals(await b.receive(), Uint8Array.of(9));
  });

  test("receive() gives an empty frame as such", async (a, b) => {
    await a.send();
    assertEquals(await b.receive(), new Uint8Array(0));
  });

  test(
    "receive() takes a frame at the limit and refuses one byte more",
    async (a, b) => {
      const sending = a.send(new Uint8Array(MAX_FRAME_BYTES_BEFORE_AUTH));
      assertEquals((await b.receive())?.length, MAX_FRAME_BYTES_BEFORE_AUTH);
      await sending;
      await a.send(new Uint8Array(MAX_FRAME_BYTES_BEFORE_AUTH + 1)).catch(
        () => {},
      );
      const error = await assertRejects(() => b.receive(), SpreadError);
      assertEquals(error.code, "FRAME_TOO_LARGE");
    },
  );

  test(
    "receive() takes larger frames once the limit is raised",
    async (a, b) => {
      b.maxFrameBytes = 1024 * 1024;
      const frame = crypto.getRandomValues(new Uint8Array(65_536));
      const sending = Promise.all([a.send(frame, frame), a.send(frame)]);
      assertEquals((await b.receive())?.length, 131_072);
      assertEquals(await b.receive(), frame);
      await sending;
    },
  );

  test(
    "receive() returns null once the peer has closed, after all it sent",
    async (a, b) => {
      await a.send(Uint8Array.of(1));
      const closing = a[Symbol.asyncDispose]();
      assertEquals(await b.receive(), Uint8Array.of(1));
      assertEquals(await b.receive(), null);
      await b[Symbol.asyncDispose]();
      await closing;
    },
  );

  test(
    "dispose does not take the last frame away when the peer has sent more",
    async (a, b) => {
      await b.send(new Uint8Array(1000));
      await a.send(Uint8Array.of(7));
      const closing = a[Symbol.asyncDispose]();
      assertEquals(await b.receive(), Uint8Array.of(7));
      await b[Symbol.asyncDispose]();
      await closing;
    },
  );

  test(
    "abort() fails what waits and what comes later, with its reason",
    async (a, b) => {
      const reason = new Error("enough");
      const waiting = assertRejects(() => a.receive(), Error, "enough");
      a.abort(reason);
      await waiting;
      await assertRejects(() => a.receive(), Error, "enough");
      await assertRejects(() => a.send(Uint8Array.of(1)), Error, "enough");
      await assertPeerLeft(b);
    },
  );

  const waits = "send() waits for a peer that does not read";
  if (!takesAll) {
    test(waits, async (a, b) => {
      b.maxFrameBytes = 1024 * 1024;
      const frame = new Uint8Array(1024 * 1024);
      let sent = 0;
      const sending = (async () => {
        for (; sent < 64; sent++) await a.send(frame);
      })();
      await b.receive();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert(sent < 64, "64 MiB went to a peer that read 1 MiB");
      for (let i = 1; i < 64; i++) {
        assertEquals((await b.receive())?.length, frame.length);
      }
      await sending;
    });
  }

  test("peer names who is at the other end", (a, b) => {
    assert(a.peer.length > 0 && b.peer.length > 0);
    return Promise.resolve();
  });
}

/** Asserts that the peer is gone: the end of the stream or an error, never a frame. */
async function assertPeerLeft(channel: Channel): Promise<void> {
  try {
    assertEquals(await channel.receive(), null);
  } catch (error) {
    assert(
      SpreadError.is(error, "PEER_GONE"),
      String(error),
    );
  }
}
