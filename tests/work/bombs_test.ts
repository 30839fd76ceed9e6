/**
 * Received work that is small, and unpacks to more than a machine holds.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { concatBytes, utf8 } from "../../lib/bytes.ts";
import { Stage } from "./_stage.ts";

const MiB = 1024 * 1024;

Deno.test("work is refused for trees that name the same part a billion times, with files and without", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const bombs: [name: string, isEmpty: boolean][] = [
    ["with files", false],
    ["without", true],
  ];
  for (const [name, isEmpty] of bombs) {
    let tree = isEmpty
      ? await workshop.tree()
      : await workshop.tree({ name: "a", hash: await workshop.blob("x") });
    for (let i = 0; i < 9; i++) {
      const hash = tree;
      tree = await workshop.tree(
        ...[..."abcdefghij"].map((name) => ({ mode: "40000", name, hash })),
      );
    }
    const words = /unpacks to more than 8 GiB, or to more than 1000000 files/;
    await stage.refuses(name, await workshop.files(tree), words);
  }
  // In a commit below, which no disk would see at first.
  const big = await workshop.blob(new Uint8Array(16 * MiB));
  const entries = Array.from(
    { length: 513 },
    (_, i) => ({ name: `f${i + 1000}`, hash: big }),
  );
  const tree = await workshop.tree(...entries);
  const payload = await workshop.three(tree, tree, workshop.baseTree);
  await stage.refuses("in the commit", payload, /more than 8 GiB/);
  await stage.isUntouched();
});

Deno.test("work is refused for a small difference that unpacks to more than memory should hold", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const hash = await workshop.blob(new Uint8Array(MiB));
  const tree = await workshop.tree({ name: "a", hash });
  const changePack = (pack: Uint8Array<ArrayBuffer>) =>
    withDelta(pack, hash, MiB, 600);
  const payload = await workshop.files(tree, { changePack });
  await stage.refuses("a difference", payload, /over limit/);
  await stage.isUntouched();
});

/** Adds a blob to a pack: `count` copies of another one of `size` bytes, at most 16 MiB. */
function withDelta(
  pack: Uint8Array<ArrayBuffer>,
  base: string,
  size: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  const copy = [0xf0, size & 255, size >> 8 & 255, size >> 16];
  const delta = new Uint8Array([
    ...varint(size),
    ...varint(size * count),
    ...Array(count).fill(copy).flat(),
  ]);
  // gitformat-pack(5): type 7 and the size, the name of the base, and the difference.
  const [low, ...high] = [delta.length & 15, ...varint(delta.length >> 4)];
  const body = concatBytes(
    pack.slice(0, -20),
    new Uint8Array([0xf0 | low!, ...high]),
    Uint8Array.fromHex(base),
    new Uint8Array(deflateSync(delta)),
  );
  const view = new DataView(body.buffer);
  view.setUint32(8, view.getUint32(8) + 1);
  const checksum = createHash("sha1").update(body).digest();
  return concatBytes(body, new Uint8Array(checksum));
}

function varint(value: number): number[] {
  return value < 128
    ? [value]
    : [value % 128 | 128, ...varint(Math.floor(value / 128))];
}

Deno.test("work of a hundred thousand commits is taken, and told in few words", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const count = 100_000;
  const commit =
    "commit refs/heads/long\ncommitter a <a@example.invalid> 1700000000 +0000\ndata 1\nm\n";
  const first = `${commit}from ${workshop.base}\n`;
  const { repository } = workshop;
  await repository.run(
    ["fast-import", "--quiet"],
    utf8(first + commit.repeat(count - 1)),
  );
  const head = await repository.git("rev-parse", "refs/heads/long");
  const staged = await workshop.commit(workshop.baseTree, [head]);
  const work = await workshop.commit(workshop.baseTree, [staged]);
  const range = utf8(`${work}\n^${workshop.base}\n`);
  const options = ["--revs", "--stdout", "-q"];
  const pack = await repository.run(["pack-objects", ...options], range);
  const payload = await workshop.payload({ head, staged, work }, { pack });
  const { facts } = await stage.look(payload);
  assertEquals([facts.commits, facts.subjects.length, facts.files], [
    count,
    50,
    [],
  ]);
});
