import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Bytes, concatBytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { BytesPayload } from "../files/payload/source.ts";
import { encodeOffer, type Offer } from "../protocol/transfer/offer.ts";
import { DropKeys } from "./keys.ts";
import {
  bindingOf,
  nonceOf,
  paddedLength,
  partCount,
  plainCapacity,
  plainLength,
  plainStart,
  sealedLength,
} from "./layout.ts";
import { DropOpener } from "./open.ts";
import { DropSealer } from "./seal.ts";
import vectors from "../../testdata/drops.json" with { type: "json" };

const MiB = 1024 * 1024;
const bytes = (hex: string) => Uint8Array.fromHex(hex) as Bytes;

const sha256 = async (data: Bytes) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();

/** The payload of the second example, and the work of the third: hashes of numbers, one after the other. */
async function hashes(size: number): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  for (let number = 0; number < size / 32; number++) {
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, number);
    const digest = await crypto.subtle.digest("SHA-256", counter);
    parts.push(new Uint8Array(digest));
  }
  return concatBytes(...parts);
}

for (const drop of vectors.drops) {
  Deno.test(`DropSealer seals the example of ${drop.name} in testdata/drops.json`, async () => {
    const secret = bytes(drop.secret);
    const keys = drop.topic === undefined
      ? await DropKeys.ofCode(secret)
      : await DropKeys.ofTopic(secret, bytes(drop.topic));
    assertEquals(keys.id.toHex(), drop.id);
    assertEquals(keys.take.toHex(), drop.take);
    const payload = drop.payload === undefined
      ? await hashes(drop.offer.size)
      : bytes(drop.payload);
    const offer = drop.offer as Offer;
    const work = await hashes(offer.work?.size ?? 0);
    assertEquals(await sha256(work), offer.work?.sha256 ?? await sha256(work));
    const content = concatBytes(payload, work);
    const sealer = new DropSealer(
      keys,
      offer,
      new BytesPayload(content),
      16 * MiB,
    );
    const salt = () => bytes(drop.salt);
    const parts = await Array.fromAsync(sealer.seal(salt));
    assertEquals(parts.map(({ length }) => length), drop.lengths);
    assertEquals(await Promise.all(parts.map(sha256)), drop.sha256);
    assertEquals(sealer.bytes, drop.lengths.reduce((a, b) => a + b));
    if (drop.sealed !== undefined) {
      assertEquals(parts.map((part) => part.toHex()), drop.sealed);
    }
    const opener = await DropOpener.open(keys, sealer.bytes, parts[0]!);
    assertEquals(opener.offer, offer);
    const opened = await Array.fromAsync(
      parts.keys(),
      (part) => opener.take(part, parts[part]!, 0),
    );
    assertEquals(concatBytes(...opened), content);
  });
}

/** A sealed payload of some parts; with `workSize`, its end is the work. */
async function sealed(size: number, fill = 7, workSize = 0) {
  const payload = new Uint8Array(size).fill(fill);
  const source = new BytesPayload(payload);
  const keys = await DropKeys.ofCode(new Uint8Array(16).fill(fill));
  const offer: Offer = {
    kind: "distillation",
    name: "a",
    size: size - workSize,
    sha256: source.sha256,
    created: "2026-11-29T10:00:00.000Z",
    work: workSize === 0
      ? undefined
      : { size: workSize, sha256: source.sha256 },
  };
  const sealer = new DropSealer(keys, offer, source, 16 * MiB);
  const random = (bytes: Bytes) => crypto.getRandomValues(bytes);
  const parts = await Array.fromAsync(sealer.seal(random));
  return { keys, parts, bytes: sealer.bytes, sealer, random };
}

/** Opens all parts, as a receiver would. */
async function openAll(
  keys: DropKeys,
  length: number,
  parts: Bytes[],
): Promise<void> {
  const opener = await DropOpener.open(keys, length, parts[0]!);
  for (const part of parts.keys()) {
    await opener.take(part, parts[part]!, 0);
  }
}

Deno.test("DropOpener refuses everything but the drop itself, and as a whole", async () => {
  const drop = await sealed(150_000);
  const other = await sealed(150_000, 8);
  const again = await Array.fromAsync(drop.sealer.seal(drop.random));
  const { keys, parts, bytes: length } = drop;
  const [a, b, c] = parts as [Bytes, Bytes, Bytes];
  const flipped = a.slice();
  flipped[a.length - 1]! ^= 1;
  const saltless = a.slice();
  saltless[5]! ^= 1;
  const old = Uint8Array.of(2, ...a.subarray(1));
  const cases: Record<string, [number, Bytes[]]> = {
    "another's drop": [length, other.parts],
    "parts of two sealings": [length, [a, again[1]!, c]],
    "the first part of another sealing": [length, [again[0]!, b, c]],
    "a part twice": [length, [a, b, b]],
    "parts in another order": [length, [a, c, b]],
    "a changed bit": [length, [flipped, b, c]],
    "another salt": [length, [saltless, b, c]],
    "another version": [length, [old, b, c]],
    "an empty part": [length, [new Uint8Array(0), b, c]],
    "a short part": [length, [a, b, c.slice(0, -1)]],
    "a drop without its end": [a.length + b.length, [a, b]],
    "one part as a whole drop": [a.length, [a]],
    "a longer drop": [length + 61_440, [a, b, c]],
  };
  await openAll(keys, length, parts);
  for (const [name, [length, parts]] of Object.entries(cases)) {
    const error = await assertRejects(
      () => openAll(keys, length, parts),
      SpreadError,
    );
    assertEquals(error.code, "PAYLOAD_CORRUPT", name);
  }
});

Deno.test("DropOpener goes on from any position, with the parts from there alone", async () => {
  const { keys, parts, bytes: length } = await sealed(150_000);
  const opener = await DropOpener.open(keys, length, parts[0]!);
  const size = 150_000;
  for (const from of [0, 1, 61_000, 61_407, 122_831, size - 1, size]) {
    const rest: Bytes[] = [];
    for (let part = opener.partFrom(from); part < parts.length; part++) {
      rest.push(await opener.take(part, parts[part]!, from));
    }
    assertEquals(concatBytes(...rest).length, size - from, `${from}`);
  }
  assertEquals(opener.partFrom(size), 2);
});

Deno.test("DropOpener divides payload and work, wherever they meet, and opens no part twice that is open", async () => {
  const size = 150_000;
  const probe = await sealed(size, 7, size - 61_000);
  const { offer } = await DropOpener.open(
    probe.keys,
    probe.bytes,
    probe.parts[0]!,
  );
  /** Length of a payload that fills part 0. */
  const whole = plainStart(1) - 4 - encodeOffer(offer).length;
  for (const at of [1, whole - 1, whole, whole + 1, size - 1]) {
    const drop = await sealed(size, 7, size - at);
    const { keys, parts } = drop;
    const opener = await DropOpener.open(keys, drop.bytes, parts[0]!);
    const asked: number[] = [];
    const take = async (from: number, to: number) => {
      let length = 0;
      for (
        let part = opener.partFrom(from);
        part <= opener.partTo(to);
        part++
      ) {
        if (!opener.isOpen(part)) asked.push(part);
        const bytes = await opener.take(part, parts[part]!, from, to);
        assertEquals(bytes.every((byte) => byte === 7), true);
        length += bytes.length;
      }
      return length;
    };
    assertEquals([await take(0, at), await take(at, size)], [at, size - at]);
    assertEquals(asked, [1, 2], `${at}`);
  }
});

Deno.test("a drop tells the size of its payload to 12 % and no closer, and fits its parts", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 64 * MiB }), (length) => {
      const padded = paddedLength(length);
      assertEquals(padded >= length && padded <= length * 1.12, true);
      assertEquals(paddedLength(padded), padded);
      const whole = sealedLength(padded);
      assertEquals(plainLength(whole), padded);
      assertEquals(partCount(whole) > 0, true);
      const room = plainCapacity(length + 100);
      assertEquals(sealedLength(room) <= length + 100, true);
      assertEquals(sealedLength(room + 17) > length + 100, true);
    }),
  );
  assertEquals([9, 1_000_000, 1_000_001].map(paddedLength), [
    10,
    1_015_808,
    1_015_808,
  ]);
});

Deno.test("DropSealer takes what fits the relay, without padding if need be, and no more", async () => {
  const keys = await DropKeys.ofCode(new Uint8Array(16));
  const sealerOf = (size: number, work?: Offer["work"]) => {
    const payload = new BytesPayload(new Uint8Array(size).fill(1));
    const { sha256 } = payload;
    const offer: Offer = {
      kind: "memory",
      name: "m",
      size,
      sha256,
      created: "2026-11-29T10:00:00.000Z",
      work,
    };
    return new DropSealer(keys, offer, payload, MiB);
  };
  // The offer, and what sealing adds.
  let size = MiB - 400;
  while (true) {
    try {
      assertEquals(sealerOf(size).bytes, MiB);
      break;
    } catch (error) {
      if (!(error instanceof SpreadError)) throw error;
      size--;
    }
  }
  const error = assertThrows(() => sealerOf(size + 1), SpreadError);
  assertEquals(error.code, "PAYLOAD_TOO_LARGE");
  const sha256 = "0".repeat(64);
  const both = assertThrows(
    () => sealerOf(100_000, { size, sha256 }),
    SpreadError,
  );
  assertEquals(
    [both.code, both.message],
    [
      "PAYLOAD_TOO_LARGE",
      "Cannot leave 100.0 KB with 1.1 MB of work: the relay keeps drops of at most 1.0 MB",
    ],
  );
});

Deno.test("DropOpener refuses what a sender has sealed against the rules", async () => {
  const keys = await DropKeys.ofCode(new Uint8Array(16).fill(5));
  const salt = new Uint8Array(16).fill(6);
  const key = await keys.sealingKey(salt);
  const fields = {
    kind: "distillation",
    name: "a",
    size: 5,
    sha256: "0".repeat(64),
    created: "2026-11-29T10:00:00.000Z",
  };
  const offer = JSON.stringify(fields);
  const withWork = (size: number) =>
    JSON.stringify({ ...fields, work: { size, sha256: "0".repeat(64) } });
  /** Seals a drop of one part, and opens it. */
  const open = async (length: number, text: string) => {
    const plain = concatBytes(new Uint8Array(4), utf8(text));
    new DataView(plain.buffer).setUint32(0, length);
    const sealed = await crypto.subtle.encrypt(
      {
        name: "AES-GCM",
        iv: nonceOf(0),
        additionalData: bindingOf(keys.id, 0, true),
      },
      key,
      plain,
    );
    const ciphertext = new Uint8Array(sealed);
    const part = concatBytes(Uint8Array.of(1), salt, ciphertext);
    const opener = await DropOpener.open(keys, part.length, part);
    return await opener.take(0, part, 0);
  };
  const { length } = offer;
  assertEquals(await open(length, `${offer}hello\0\0`), utf8("hello"));
  const four = withWork(4);
  assertEquals(
    await open(four.length, `${four}helloWORK\0`),
    utf8("helloWORK"),
  );
  const huge = withWork(2 ** 40);
  const cases: [number, string, string][] = [
    [length, `${offer}helloWORK`, "PAYLOAD_CORRUPT"],
    [four.length, `${four}helloWOR`, "PAYLOAD_CORRUPT"],
    [four.length, `${four}helloWORK\0more`, "PAYLOAD_CORRUPT"],
    [huge.length, `${huge}helloWORK`, "PAYLOAD_CORRUPT"],
    [length, `${offer}hello\0x`, "PAYLOAD_CORRUPT"],
    [length, `${offer}hell`, "PAYLOAD_CORRUPT"],
    [length + 100, `${offer}hello`, "PAYLOAD_CORRUPT"],
    [2 ** 32 - 1, `${offer}hello`, "PAYLOAD_CORRUPT"],
    [20_000, " ".repeat(30_000), "PAYLOAD_CORRUPT"],
    [length - 1, `${offer}hello`, "BAD_MESSAGE"],
    [0, "hello", "BAD_MESSAGE"],
    [0, "", "BAD_MESSAGE"],
  ];
  for (const [length, text, code] of cases) {
    const error = await assertRejects(() => open(length, text), SpreadError);
    assertEquals(error.code, code, text.slice(0, 20));
  }
});
