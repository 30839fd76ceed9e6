/** The ends of a secure channel: closed in order, waited for, and stopped. */

import { assertEquals } from "@std/assert";
import { concatBytes, utf8 } from "../bytes.ts";
import { MAX_RECORD_BODY_BYTES } from "../crypto/records.ts";
import { SpreadError } from "../errors.ts";
import { RECORD } from "./transfer/record_types.ts";
import {
  codeOf,
  connectLoopback,
  pause,
  secure,
  waitUntil,
  within,
} from "../testing/protocol.ts";
import { interpose } from "../testing/interposed.ts";
import { STOP_MS } from "./secure_channel.ts";
import {
  codeOfReceive,
  CONNECTIONS,
  withPair,
} from "../testing/secure_pairs.ts";

const NOTHING = new Uint8Array(0);

for (const buffered of [0, 1, 3, 10]) {
  Deno.test(`abort() fails what waits and what comes later, with ${buffered} records there already`, async () => {
    const reason = new SpreadError("INTERRUPTED", "Enough");
    await withPair(async ({ sender, receiver }) => {
      for (let i = 0; i < buffered + 1; i++) await sender.send(1, NOTHING);
      await receiver.receive();
      await pause(5);
      const waiting = buffered === 0 ? codeOfReceive(receiver) : "INTERRUPTED";
      receiver.abort(reason);
      assertEquals(await waiting, "INTERRUPTED");
      assertEquals(await codeOfReceive(receiver), "INTERRUPTED");
      assertEquals(
        await receiver.send(1, NOTHING).catch(codeOf),
        "INTERRUPTED",
      );
    });
  });
}

Deno.test("dispose waits for what is under way and takes nothing more", async () => {
  await withPair(async ({ sender, receiver }) => {
    // More than the connection holds, so that closing has to wait.
    for (let i = 0; i < 20; i++) sender.send(1, NOTHING).catch(() => {});
    const closing = sender[Symbol.asyncDispose]();
    assertEquals(await sender.send(2, NOTHING).catch(codeOf), "PEER_GONE");
    for (let i = 0; i < 20; i++) {
      assertEquals((await receiver.receive()).type, 1);
    }
    assertEquals(await codeOfReceive(receiver), "PEER_GONE");
    await closing;
  });
});

Deno.test("dispose fails what comes later on this side", async () => {
  await withPair(async ({ sender, receiver }) => {
    await sender.send(1, NOTHING);
    const waiting = codeOfReceive(sender);
    await sender[Symbol.asyncDispose]();
    assertEquals(await waiting, "PEER_GONE");
    assertEquals(await sender.send(2, NOTHING).catch(codeOf), "PEER_GONE");
    assertEquals(await codeOfReceive(sender), "PEER_GONE");
    assertEquals((await receiver.receive()).type, 1);
    assertEquals(await codeOfReceive(receiver), "PEER_GONE");
  });
});

for (const [transport, connect] of CONNECTIONS) {
  Deno.test(`dispose lets everything arrive that was sent before, over ${transport}`, async () => {
    await withPair(
      async ({ sender, receiver }) => {
        for (let type = 0; type < 5; type++) {
          sender.send(type, new Uint8Array(300_000)).catch(() => {});
        }
        const closing = sender[Symbol.asyncDispose]();
        for (let type = 0; type < 5; type++) {
          assertEquals((await receiver.receive()).type, type);
        }
        assertEquals(await codeOfReceive(receiver), "PEER_GONE");
        await receiver[Symbol.asyncDispose]();
        await closing;
      },
      undefined,
      await connect(),
    );
  });

  Deno.test(`dispose ends in time, when the peer neither reads nor closes, over ${transport}`, async () => {
    const [senderEnd, receiverEnd] = await connect();
    const { sender, receiver } = await secure([senderEnd, receiverEnd], {
      silenceMs: 100,
    });
    const failed: string[] = [];
    for (let i = 0; i < 40; i++) {
      sender.send(1, new Uint8Array(MAX_RECORD_BODY_BYTES)).catch((error) =>
        failed.push(codeOf(error))
      );
    }
    try {
      await within(20_000, sender[Symbol.asyncDispose]());
      await waitUntil(() => failed.length > 0);
    } finally {
      const over = new SpreadError("INTERRUPTED", "The test is over");
      sender.abort(over);
      receiver.abort(over);
      await receiver[Symbol.asyncDispose]();
    }
  });
}

Deno.test("waitForClose() throws away what still comes and returns once the peer has closed", async () => {
  await withPair(async ({ sender, receiver }) => {
    let isClosed = false;
    const waiting = receiver.waitForClose().then(() => isClosed = true);
    await sender.send(1, NOTHING);
    await sender.send(RECORD.keepAlive, NOTHING);
    await pause(20);
    assertEquals(isClosed, false);
    await sender[Symbol.asyncDispose]();
    await within(20_000, waiting);
  });
});

Deno.test("waitForClose() cuts a peer off that goes on for ever", async () => {
  await withPair(
    async ({ receiver }) => {
      await within(20_000, receiver.waitForClose());
      assertEquals(await codeOfReceive(receiver), "PEER_SILENT");
    },
    { keepAliveMs: 10, silenceMs: 100 },
  );
});

Deno.test("waitForClose() returns, when what comes cannot be opened", async () => {
  await using middle = interpose((_way, _index, frame) => [
    concatBytes(frame, Uint8Array.of(0)),
  ]);
  await withPair(
    async ({ sender, receiver }) => {
      await sender.send(1, NOTHING);
      await within(20_000, receiver.waitForClose());
    },
    undefined,
    [middle.sender, middle.receiver],
  );
});

for (const [transport, connect] of CONNECTIONS) {
  Deno.test(`stop() tells the peer after all that was sent, and ends every call here, over ${transport}`, async () => {
    await withPair(
      async ({ sender, receiver }) => {
        const waiting = codeOfReceive(sender);
        const sending = sender.send(RECORD.data, utf8("last words"));
        const stopping = sender.stop(new SpreadError("INTERRUPTED", "Stopped"));
        assertEquals(
          await sender.send(RECORD.data, NOTHING).catch(codeOf),
          "INTERRUPTED",
        );
        await sending;
        assertEquals((await receiver.receive()).body, utf8("last words"));
        assertEquals(await codeOfReceive(receiver), "PEER_STOPPED");
        // A cut would be worth another try, and this is not one, however often it is asked.
        assertEquals(await codeOfReceive(receiver), "PEER_STOPPED");
        await receiver[Symbol.asyncDispose]();
        assertEquals(await waiting, "INTERRUPTED");
        await within(20_000, stopping);
      },
      undefined,
      await connect(),
    );
  });
}

Deno.test("stop() waits no longer than its limit for a peer that reads nothing", async () => {
  const pair = await secure(await connectLoopback());
  const { sender, receiver } = pair;
  const body = new Uint8Array(MAX_RECORD_BODY_BYTES);
  // More than the buffers of the system hold.
  const sends = Array.from(
    { length: 32 },
    () => sender.send(RECORD.data, body).catch(codeOf),
  );
  const reason = new SpreadError("INTERRUPTED", "Stopped");
  await within(STOP_MS * 4, sender.stop(reason));
  assertEquals((await Promise.all(sends)).includes("INTERRUPTED"), true);
  await receiver[Symbol.asyncDispose]();
  await sender[Symbol.asyncDispose]();
});
