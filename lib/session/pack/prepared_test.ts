import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import { pause } from "../../waiting.ts";
import { type Lease, type Pack, PreparedPayloads } from "./prepared.ts";

/** A folder for payloads, each of which is its key 1000 times, and the keys that were made. */
class Bench implements AsyncDisposable {
  readonly made: string[] = [];
  /** Payloads being made, and the most there ever were. */
  active = 0;
  mostActive = 0;
  /** Called while one is being made. */
  during: (key: string, signal: AbortSignal) => Promise<void> | void = () => {};
  readonly prepared: PreparedPayloads;

  private constructor(readonly folder: string, maxKeptBytes?: number) {
    this.prepared = new PreparedPayloads({
      folder,
      pack: this.#pack,
      maxKeptBytes,
    });
  }

  static async open(maxKeptBytes?: number): Promise<Bench> {
    const folder = await Deno.makeTempDir();
    return new Bench(`${folder}/spool`, maxKeptBytes);
  }

  files(): string[] {
    try {
      return [...Deno.readDirSync(this.folder)].map(({ name }) => name);
    } catch {
      return [];
    }
  }

  readonly #pack: Pack = async (key, path, signal) => {
    this.mostActive = Math.max(this.mostActive, ++this.active);
    try {
      await Deno.writeTextFile(path, key.repeat(1000), { mode: 0o600 });
      await this.during(key, signal);
      this.made.push(key);
    } finally {
      this.active--;
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.prepared[Symbol.asyncDispose]();
    assertEquals(this.files(), []);
    await Deno.remove(this.folder.slice(0, -6), { recursive: true });
  }
}

async function textOf({ payload }: Lease): Promise<string> {
  const pieces = await Array.fromAsync(
    payload.read(0),
    (piece) => new TextDecoder().decode(piece),
  );
  return pieces.join("");
}

async function assertFails(
  promise: Promise<unknown>,
  code: SpreadErrorCode,
  message = "",
): Promise<void> {
  const error = await assertRejects(() => promise, SpreadError, message);
  assertEquals(error.code, code);
}

Deno.test("PreparedPayloads.open() makes each payload once, for its owner only", async () => {
  await using bench = await Bench.open();
  const { prepared } = bench;
  const leases = await Promise.all(
    ["a", "a", "b"].map((k) => prepared.open(k)),
  );
  for (const lease of leases) lease[Symbol.dispose]();
  using again = await prepared.open("a");
  assertEquals(await textOf(again), "a".repeat(1000));
  assertEquals(bench.made, ["a", "b"]);
  for (const name of bench.files()) {
    const { mode } = await Deno.stat(`${bench.folder}/${name}`);
    if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
  }
});

Deno.test("PreparedPayloads.open() makes one payload at a time", async () => {
  await using bench = await Bench.open();
  bench.during = () => new Promise((resolve) => setTimeout(resolve, 5));
  const keys = ["a", "b", "c", "d"];
  await Promise.all(keys.map((key) => bench.prepared.open(key)));
  assertEquals([bench.mostActive, bench.made], [1, keys]);
});

Deno.test("PreparedPayloads.open() gives up what nobody reads, the longest unused first, and makes it again", async () => {
  await using bench = await Bench.open(2_500);
  const { prepared } = bench;
  using a = await prepared.open("a");
  (await prepared.open("b"))[Symbol.dispose]();
  (await prepared.open("c"))[Symbol.dispose]();
  (await prepared.open("b"))[Symbol.dispose]();
  // a is being read, b was discarded for c and made again; then it was c's turn.
  assertEquals(bench.made, ["a", "b", "c", "b"]);
  const { signal } = new AbortController();
  while (bench.files().length > 2) await pause(1, signal);
  assertEquals(await textOf(a), "a".repeat(1000));
});

Deno.test("PreparedPayloads.open() keeps everything that is being read, however large", async () => {
  await using bench = await Bench.open(1);
  const keys = ["a", "b", "c"];
  const leases = await Promise.all(keys.map((k) => bench.prepared.open(k)));
  assertEquals(bench.files().length, 3);
  for (const [i, lease] of leases.entries()) {
    assertEquals(await textOf(lease), keys[i]!.repeat(1000));
    lease[Symbol.dispose]();
  }
});

const FAILURES: [thrown: Error, code: SpreadErrorCode, message: string][] = [
  [new Error("odd"), "CANNOT_PACK", "Cannot pack the chosen session: odd"],
  // About the sender's disk or file, not about the receiver's.
  [
    new SpreadError("CANNOT_STORE", "The disk is full", "Free some space"),
    "CANNOT_PACK",
    "Cannot pack the chosen session: The disk is full",
  ],
  [
    new SpreadError("PAYLOAD_UNREADABLE", "Cannot read it", ""),
    "CANNOT_PACK",
    "Cannot pack the chosen session: Cannot read it",
  ],
  [new SpreadError("NOT_OFFERED", "No", ""), "NOT_OFFERED", "No"],
];

for (const [thrown, code, message] of FAILURES) {
  Deno.test(`PreparedPayloads.open() fails with ${code}, leaves nothing and tries again, when packing fails with "${thrown.message}"`, async () => {
    await using bench = await Bench.open();
    bench.during = () => Promise.reject(thrown);
    const both = [bench.prepared.open("a"), bench.prepared.open("a")];
    for (const opening of both) await assertFails(opening, code, message);
    assertEquals(bench.files(), []);
    bench.during = () => {};
    using lease = await bench.prepared.open("a");
    assertEquals(await textOf(lease), "a".repeat(1000));
  });
}

Deno.test("PreparedPayloads.open() fails with CANNOT_PACK, when its folder cannot be made", async () => {
  const file = await Deno.makeTempFile();
  await using prepared = new PreparedPayloads({
    folder: `${file}/spool`,
    pack: () => Promise.reject(new Error("It must not come to this")),
  });
  await assertFails(prepared.open("a"), "CANNOT_PACK");
  await Deno.remove(file);
});

Deno.test("PreparedPayloads end what is being made and what waits for its turn, when disposed of", async () => {
  await using bench = await Bench.open();
  const started = Promise.withResolvers<void>();
  bench.during = (_, signal) => {
    started.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const [first, second] = ["a", "b"].map((key) => bench.prepared.open(key));
  await started.promise;
  const ends = [
    assertFails(first!, "INTERRUPTED"),
    assertFails(second!, "INTERRUPTED"),
  ];
  await bench.prepared[Symbol.asyncDispose]();
  await Promise.all(ends);
  assertEquals(bench.made, []);
  assert(bench.files().length === 0);
});

Deno.test("PreparedPayloads can be disposed of while they give up some", async () => {
  await using bench = await Bench.open(2_500);
  const { prepared } = bench;
  const leases = await Promise.all(
    ["a", "b", "c"].map((k) => prepared.open(k)),
  );
  for (const lease of leases) lease[Symbol.dispose]();
  // For this one, a and then b are given up.
  await prepared.open("d");
  await prepared[Symbol.asyncDispose]();
  assertEquals(bench.files(), []);
});
