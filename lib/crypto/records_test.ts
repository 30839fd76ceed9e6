import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Bytes, concatBytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import {
  MAX_RECORD_BODY_BYTES,
  MAX_RECORDS,
  RECORD_OVERHEAD_BYTES,
  RecordOpener,
  RecordSealer,
} from "./records.ts";

function testKey(): Promise<CryptoKey> {
  return crypto.subtle.importKey(
    "raw",
    new Uint8Array(32).fill(9),
    "AES-GCM",
    false,
    [
      "encrypt",
      "decrypt",
    ],
  );
}

async function sealAll(key: CryptoKey, bodies: Bytes[]): Promise<Bytes[]> {
  const sealer = new RecordSealer(key);
  const sealed = await Promise.all(
    bodies.map((body, i) => sealer.seal(i % 256, body)),
  );
  return sealed.map((parts) => concatBytes(...parts));
}

async function assertRefused(open: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(open, SpreadError)).code, "RECORD_REFUSED");
}

Deno.test("seal() uses a 12-byte big-endian counter from 0 and the type as associated data", async () => {
  const key = await testKey();
  const [, second] = await sealAll(key, [Uint8Array.of(1), Uint8Array.of(2)]);
  const iv = new Uint8Array(12);
  iv[11] = 1;
  const body = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv, additionalData: Uint8Array.of(1) },
    key,
    second!.subarray(1),
  );
  assertEquals(new Uint8Array(body), Uint8Array.of(2));
});

Deno.test("open() gives back what seal() took, whatever it was", async () => {
  const key = await testKey();
  await fc.assert(fc.asyncProperty(
    fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 }),
    async (bodies) => {
      const frames = await sealAll(
        key,
        bodies.map((body) => new Uint8Array(body)),
      );
      const opener = new RecordOpener(key);
      const opened = await Promise.all(
        frames.map((frame) => opener.open(frame)),
      );
      assertEquals(
        opened.map((record) => [record.type, record.body.toHex()]),
        bodies.map((body, i) => [i, body.toHex()]),
      );
    },
  ));
});

Deno.test("open() refuses a record with any one byte flipped", async () => {
  const key = await testKey();
  const [frame] = await sealAll(key, [new Uint8Array(20)]);
  for (let i = 0; i < frame!.length; i++) {
    const flipped = frame!.slice();
    flipped[i]! ^= 1;
    await assertRefused(() => new RecordOpener(key).open(flipped));
  }
});

Deno.test("open() refuses a record cut at any length", async () => {
  const key = await testKey();
  const [frame] = await sealAll(key, [new Uint8Array(20)]);
  for (let length = 0; length < frame!.length; length++) {
    await assertRefused(() =>
      new RecordOpener(key).open(frame!.slice(0, length))
    );
  }
});

Deno.test("open() refuses records that are repeated, reordered or left out", async () => {
  const key = await testKey();
  const [a, b] = await sealAll(key, [new Uint8Array(3), new Uint8Array(3)]);
  const repeated = new RecordOpener(key);
  await repeated.open(a!);
  await assertRefused(() => repeated.open(a!));
  await assertRefused(() => new RecordOpener(key).open(b!));
});

Deno.test("seal() takes a body of 1 MiB and no more", async () => {
  const sealer = new RecordSealer(await testKey());
  const [head, sealed] = await sealer.seal(
    0,
    new Uint8Array(MAX_RECORD_BODY_BYTES),
  );
  assertEquals(
    head.length + sealed.length,
    MAX_RECORD_BODY_BYTES + RECORD_OVERHEAD_BYTES,
  );
  await assertRejects(
    () => sealer.seal(0, new Uint8Array(MAX_RECORD_BODY_BYTES + 1)),
    RangeError,
  );
});

Deno.test("seal() refuses to use a key beyond its last record", async () => {
  const sealer = new RecordSealer(await testKey(), MAX_RECORDS - 1);
  await sealer.seal(0, new Uint8Array(1));
  await assertRejects(() => sealer.seal(0, new Uint8Array(1)), RangeError);
});

Deno.test("open() does not need its frame once it has returned its promise", async () => {
  const key = await testKey();
  const [, frame] = await sealAll(key, [
    new Uint8Array(0),
    Uint8Array.of(1, 2, 3),
  ]);
  const opener = new RecordOpener(key);
  await opener.open((await sealAll(key, [new Uint8Array(0)]))[0]!);
  const opening = opener.open(frame!);
  frame!.fill(0xff);
  assertEquals(await opening, { type: 1, body: Uint8Array.of(1, 2, 3) });
});
