import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { utf8 } from "../bytes.ts";
import { MAX_RECORD_BODY_BYTES, RecordSealer } from "../crypto/records.ts";
import { MAX_FRAME_BYTES_AFTER_AUTH } from "../transports/channel.ts";
import { writeFrame } from "../transports/frames.ts";
import { listenTcp } from "../transports/tcp.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { RECORD } from "./transfer/record_types.ts";
import { importAesKey, pause, waitUntil } from "../testing/protocol.ts";
import { RECORDS_IN_FLIGHT, SecureChannel } from "./secure_channel.ts";
import {
  codeOfReceive,
  CONNECTIONS,
  withPair,
} from "../testing/secure_pairs.ts";

const NOTHING = new Uint8Array(0);

for (const [transport, connect] of CONNECTIONS) {
  Deno.test(`send() keeps records whole and in order, when many are under way, over ${transport}`, async () => {
    await withPair(
      async ({ sender, receiver }) => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 40 }),
            async (bodies) => {
              const sending = bodies.map((body, i) =>
                sender.send(0x20 + i, new Uint8Array(body))
              );
              for (const [i, body] of bodies.entries()) {
                const record = await receiver.receive();
                assertEquals(record.type, 0x20 + i);
                assertEquals(record.body.toHex(), body.toHex());
              }
              await Promise.all(sending);
            },
          ),
          { numRuns: 20 },
        );
      },
      undefined,
      await connect(),
    );
  });
}

Deno.test("send() takes a record of 1 MiB; after a larger one nothing goes out any more", async () => {
  await withPair(async ({ sender, receiver }) => {
    await sender.send(1, new Uint8Array(MAX_RECORD_BODY_BYTES));
    assertEquals(
      (await receiver.receive()).body.length,
      MAX_RECORD_BODY_BYTES,
    );
    const tooLarge = new Uint8Array(MAX_RECORD_BODY_BYTES + 1);
    await assertRejects(() => sender.send(2, tooLarge), RangeError);
    await assertRejects(() => sender.send(3, NOTHING), RangeError);
    await sender[Symbol.asyncDispose]();
    assertEquals(await codeOfReceive(receiver), "PEER_GONE");
  });
});

Deno.test("receive() leaves keep-alives out", async () => {
  await withPair(async ({ sender, receiver }) => {
    for (let i = 0; i < 10; i++) {
      await sender.send(RECORD.keepAlive, NOTHING);
    }
    await sender.send(0x42, utf8("x"));
    assertEquals((await receiver.receive()).type, 0x42);
  });
});

Deno.test("receive() refuses what was sealed for the other direction", async () => {
  // A man in the middle sends the receiver's own records back to it.
  const [receiverEnd, mirror] = connectMemory();
  const [senderEnd] = connectMemory();
  await withPair(
    async ({ receiver }) => {
      await receiver.send(0x42, NOTHING);
      await mirror.send((await mirror.receive())!);
      assertEquals(await codeOfReceive(receiver), "RECORD_REFUSED");
    },
    undefined,
    [senderEnd, receiverEnd],
  );
  await mirror[Symbol.asyncDispose]();
});

Deno.test("receive() takes no frame larger than a record of 1 MiB can be", async () => {
  const [senderEnd, receiverEnd] = connectMemory();
  await withPair(
    async ({ receiver }) => {
      await senderEnd.send(new Uint8Array(MAX_FRAME_BYTES_AFTER_AUTH + 1));
      assertEquals(await codeOfReceive(receiver), "FRAME_TOO_LARGE");
    },
    undefined,
    [senderEnd, receiverEnd],
  );
});

Deno.test("receive() gives all that was sent before the peer closed, then PEER_GONE, each time", async () => {
  await withPair(async ({ sender, receiver }) => {
    for (let type = 0; type < 7; type++) await sender.send(type, NOTHING);
    await sender[Symbol.asyncDispose]();
    for (let type = 0; type < 7; type++) {
      assertEquals((await receiver.receive()).type, type);
    }
    assertEquals(await codeOfReceive(receiver), "PEER_GONE");
    assertEquals(await codeOfReceive(receiver), "PEER_GONE");
  });
});

Deno.test("receive() reads no more than a few records ahead, so that a slow reader slows the sender", async () => {
  await withPair(async ({ sender, receiver }) => {
    let sent = 0;
    const sending = Promise.all(
      Array.from(
        { length: 60 },
        () => sender.send(1, NOTHING).then(() => sent++),
      ),
    );
    sending.catch(() => {});
    await receiver.receive();
    // The frames in the memory channel, those read ahead, and the one that was taken.
    const ahead = 16 + RECORDS_IN_FLIGHT + 1;
    await waitUntil(() => sent >= ahead);
    await pause(50);
    assertEquals(sent, ahead);
    for (let i = 1; i < 60; i++) await receiver.receive();
    await sending;
  });
});

// ---- silence

Deno.test("receive() ends with PEER_SILENT in time, when nothing comes", async () => {
  const [senderEnd, silent] = connectMemory();
  const [receiverEnd] = connectMemory();
  const start = performance.now();
  await withPair(
    async ({ sender }) => {
      assertEquals(await codeOfReceive(sender), "PEER_SILENT");
      assertEquals(await codeOfReceive(sender), "PEER_SILENT");
    },
    { silenceMs: 80 },
    [senderEnd, receiverEnd],
  );
  assert(performance.now() - start < 10_000);
  await silent[Symbol.asyncDispose]();
});

for (const [transport, connect] of CONNECTIONS) {
  Deno.test(`receive() waits as long as keep-alives come, over ${transport}`, async () => {
    await withPair(
      async ({ sender, receiver }) => {
        const waiting = receiver.receive();
        await pause(1_800);
        await sender.send(0x42, NOTHING);
        assertEquals((await waiting).type, 0x42);
      },
      { keepAliveMs: 20, silenceMs: 800 },
      await connect(),
    );
  });

  Deno.test(`receive() does not take a peer for silent that it did not listen to, over ${transport}`, async () => {
    await withPair(
      async ({ sender, receiver }) => {
        const sending = Promise.all(
          Array.from(
            { length: 30 },
            (_, type) => sender.send(0x20 + type, new Uint8Array(500_000)),
          ),
        );
        sending.catch(() => {});
        for (let type = 0; type < 30; type++) {
          if (type === 3) await pause(1_800);
          assertEquals((await receiver.receive()).type, 0x20 + type);
        }
        await sending;
      },
      { keepAliveMs: 20, silenceMs: 800 },
      await connect(),
    );
  });
}

Deno.test("receive() takes bytes of a record that comes in slowly for a sign of life, and then silence for silence", async () => {
  using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener[Symbol.asyncIterator]().next();
  using peer = await Deno.connect({ port: listener.port });
  const [ours, theirs] = await Promise.all(
    [1, 2].map((fill) => importAesKey(new Uint8Array(32).fill(fill))),
  );
  const end = (await accepting).value;
  const channel = new SecureChannel(end, ours!, theirs!, { silenceMs: 400 });
  const record = await new RecordSealer(theirs!).seal(
    0x42,
    utf8("x".repeat(40)),
  );
  const frame = writeFrame(new Uint8Array(100), record);
  const receiving = codeOfReceive(channel);
  const start = performance.now();
  for (const byte of frame) {
    await peer.write(Uint8Array.of(byte));
    await pause(30);
  }
  assertEquals(await receiving, `record of type ${0x42}`);
  assert(performance.now() - start > 1_500);
  assertEquals(await codeOfReceive(channel), "PEER_SILENT");
  await channel[Symbol.asyncDispose]();
});
