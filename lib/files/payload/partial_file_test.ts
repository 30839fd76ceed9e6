import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import type { Bytes } from "../../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import {
  HASHED_AT_ONCE_BYTES,
  openPartial,
  removeStale,
  STALE_MS,
} from "./partial_file.ts";

const BYTES = bytesOf(1000);
const PAYLOAD = payloadOf(BYTES);

/** Sizes of payloads that are hashed at once, and piece by piece. */
const SIZES = [1000, HASHED_AT_ONCE_BYTES, HASHED_AT_ONCE_BYTES + 1];

function bytesOf(size: number): Bytes {
  return Uint8Array.from({ length: size }, (_, i) => i % 251);
}

function payloadOf(bytes: Bytes): { sha256: string; size: number } {
  return { sha256: hashOf(bytes), size: bytes.length };
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A path for a store that does not exist yet. */
async function emptyPlace(): Promise<
  { parent: string; folder: string; files: () => string[] } & AsyncDisposable
> {
  const parent = await Deno.makeTempDir({ prefix: "cs-store-" });
  const folder = `${parent}/state/partial`;
  return {
    parent,
    folder,
    files: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }),
  };
}

async function assertCode(
  action: () => Promise<unknown>,
  code: SpreadErrorCode,
): Promise<SpreadError> {
  const error = await assertRejects(action, SpreadError);
  assertEquals(error.code, code);
  return error;
}

Deno.test("openPartial() makes a file that moves to its place, when it is complete", async () => {
  await using place = await emptyPlace();
  using partial = await openPartial(place.folder, PAYLOAD);
  assertEquals(partial.offset, 0);
  await partial.write(BYTES.slice(0, 300));
  await partial.write(BYTES.slice(300));
  await partial.verify();
  const output = `${place.parent}/out`;
  await partial.moveTo(output);
  assertEquals(await Deno.readFile(output), BYTES);
  assertEquals(place.files(), []);
});

Deno.test({
  name: "openPartial() keeps others from reading what has arrived",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using place = await emptyPlace();
    using partial = await openPartial(place.folder, PAYLOAD);
    using own = await openPartial(place.folder, PAYLOAD);
    const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
    assertEquals(mode(place.folder), 0o700);
    assertEquals([mode(partial.path), mode(own.path)], [0o600, 0o600]);
  },
});

for (const size of SIZES) {
  const bytes = bytesOf(size);
  const payload = payloadOf(bytes);

  Deno.test(`openPartial() goes on with what is there of ${size} bytes, at every length`, async () => {
    for (const length of [0, 1, size - 1, size]) {
      await using place = await emptyPlace();
      {
        using first = await openPartial(place.folder, payload);
        first.write(bytes.slice(0, length));
      }
      // An empty file is of no use.
      assertEquals(place.files(), length === 0 ? [] : [payload.sha256]);
      using partial = await openPartial(place.folder, payload);
      assertEquals(partial.offset, length);
      partial.write(bytes.slice(length));
      await partial.verify();
      assertEquals(hashOf(await Deno.readFile(partial.path)), payload.sha256);
    }
  });

  Deno.test(`verify() removes what is not the payload of ${size} bytes`, async () => {
    const wrong = bytes.slice();
    wrong[500]! ^= 1;
    for (const content of [wrong, bytes.slice(0, -1), new Uint8Array(0)]) {
      await using place = await emptyPlace();
      using partial = await openPartial(place.folder, payload);
      partial.write(content);
      await assertCode(() => partial.verify(), "PAYLOAD_CORRUPT");
      assertEquals(place.files(), []);
    }
  });

  Deno.test(`verify() removes what an earlier transfer left wrong of ${size} bytes, even when the rest is right`, async () => {
    await using place = await emptyPlace();
    await Deno.mkdir(place.folder, { recursive: true });
    const path = `${place.folder}/${payload.sha256}`;
    await Deno.writeFile(path, new Uint8Array(500));
    using partial = await openPartial(place.folder, payload);
    partial.write(bytes.slice(500));
    await assertCode(() => partial.verify(), "PAYLOAD_CORRUPT");
    assertEquals(place.files(), []);
  });
}

Deno.test("openPartial() starts anew, when more is there than was offered", async () => {
  await using place = await emptyPlace();
  await Deno.mkdir(place.folder, { recursive: true });
  await Deno.writeFile(
    `${place.folder}/${PAYLOAD.sha256}`,
    new Uint8Array(1001),
  );
  using partial = await openPartial(place.folder, PAYLOAD);
  assertEquals(partial.offset, 0);
  await partial.write(BYTES);
  await partial.verify();
  assertEquals(await Deno.readFile(partial.path), BYTES);
});

Deno.test("openPartial() gives a second receiver a file of its own", async () => {
  await using place = await emptyPlace();
  using first = await openPartial(place.folder, PAYLOAD);
  using second = await openPartial(place.folder, PAYLOAD);
  assertEquals(first.path, `${place.folder}/${PAYLOAD.sha256}`);
  assertEquals(second.path.startsWith(`${first.path}.`), true);
  await first.write(BYTES.slice(0, 10));
  await second.write(BYTES);
  await second.verify();
  await second.moveTo(`${place.parent}/out`);
  assertEquals(place.files(), [PAYLOAD.sha256]);
  assertEquals(await Deno.readFile(`${place.parent}/out`), BYTES);
});

Deno.test("remove() leaves nothing", async () => {
  await using place = await emptyPlace();
  using partial = await openPartial(place.folder, PAYLOAD);
  await partial.write(BYTES.slice(0, 10));
  await partial.remove();
  assertEquals(place.files(), []);
});

Deno.test("moveTo() keeps what has arrived, when the place is taken", async () => {
  await using place = await emptyPlace();
  const output = `${place.parent}/out`;
  await Deno.writeTextFile(output, "mine");
  using partial = await openPartial(place.folder, PAYLOAD);
  await partial.write(BYTES);
  await partial.verify();
  await assertCode(() => partial.moveTo(output), "CANNOT_STORE");
  assertEquals(await Deno.readTextFile(output), "mine");
  assertEquals(place.files(), [PAYLOAD.sha256]);
});

Deno.test("openPartial() says so, when its folder cannot be made or used", async () => {
  await using place = await emptyPlace();
  await Deno.writeTextFile(`${place.parent}/state`, "a file is in the way");
  const error = await assertCode(
    () => openPartial(place.folder, PAYLOAD),
    "CANNOT_STORE",
  );
  assertEquals(error.message.includes(place.folder), true);
});

Deno.test("removeStale() removes what is older than a week, and nothing else", async () => {
  await using place = await emptyPlace();
  await removeStale(place.folder, new Date());
  await Deno.mkdir(place.folder, { recursive: true });
  const now = new Date();
  const ages = { old: STALE_MS + 2_000, young: STALE_MS - 2_000, fresh: 0 };
  for (const [name, age] of Object.entries(ages)) {
    const path = `${place.folder}/${name}`;
    await Deno.writeTextFile(path, name);
    const time = new Date(now.getTime() - age);
    await Deno.utime(path, time, time);
  }
  await removeStale(place.folder, now);
  assertEquals(place.files(), ["fresh", "young"]);
});
