import { assertEquals, assertRejects } from "@std/assert";
import { type Bytes, concatBytes } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { MAX_BYTES_IN_MEMORY, removeLeftovers, spool } from "./spool.ts";

const never = new AbortController().signal;

function numbered(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 251);
}

/** A stream of `bytes`, in pieces, that remembers whether it was canceled. */
function streamOf(
  bytes: Bytes,
  pieceBytes = 64 * 1024,
  atEnd: "close" | "wait" | Error = "close",
): { stream: ReadableStream<Uint8Array>; isCancelled: () => boolean } {
  let at = 0;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.length) {
        controller.enqueue(bytes.slice(at, at += pieceBytes));
      } else if (atEnd instanceof Error) controller.error(atEnd);
      else if (atEnd === "close") controller.close();
      else return new Promise(() => {});
    },
    cancel() {
      isCancelled = true;
    },
  });
  return { stream, isCancelled: () => isCancelled };
}

/** A path for a folder that does not exist yet. */
async function emptyPlace(): Promise<
  { folder: string; files: () => string[] } & AsyncDisposable
> {
  const parent = await Deno.makeTempDir({ prefix: "cs-spool-" });
  const folder = `${parent}/state/spool`;
  return {
    folder,
    files: () => {
      try {
        return [...Deno.readDirSync(folder)].map(({ name }) => name);
      } catch {
        return [];
      }
    },
    [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }),
  };
}

Deno.test("spool() keeps a small stream in memory and a large one in a file, to the byte", async () => {
  const table: [number, number][] = [
    [1, 0],
    [MAX_BYTES_IN_MEMORY, 0],
    [MAX_BYTES_IN_MEMORY + 1, 1],
    [2 * MAX_BYTES_IN_MEMORY, 1],
  ];
  for (const [size, files] of table) {
    await using place = await emptyPlace();
    const bytes = numbered(size);
    bytes[0] = 0x41;
    const spooled = await spool(streamOf(bytes).stream, place.folder, {
      signal: never,
    });
    assertEquals(place.files().length, files);
    const { payload } = spooled;
    assertEquals(payload.size, size);
    const read = concatBytes(
      ...await Array.fromAsync(payload.read(0), (piece) => piece.slice()),
    );
    assertEquals(read.every((byte, i) => byte === bytes[i]), true);
    await spooled[Symbol.asyncDispose]();
    assertEquals(place.files(), []);
  }
});

Deno.test("spool() takes a stream that comes byte by byte", async () => {
  await using place = await emptyPlace();
  const { stream } = streamOf(new TextEncoder().encode("abc"), 1);
  const { payload } = await spool(stream, place.folder, { signal: never });
  assertEquals(payload.size, 3);
});

Deno.test({
  name: "spool() keeps others from reading its file",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using place = await emptyPlace();
    const { stream } = streamOf(numbered(MAX_BYTES_IN_MEMORY + 1));
    await using _spooled = await spool(stream, place.folder, { signal: never });
    const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
    assertEquals(mode(place.folder), 0o700);
    assertEquals(mode(`${place.folder}/${place.files()[0]}`), 0o600);
  },
});

Deno.test("spool() refuses blanks by a name that means something to a person, and keeps nothing", async () => {
  for (const size of [0, 1, MAX_BYTES_IN_MEMORY + 1]) {
    await using place = await emptyPlace();
    const { stream } = streamOf(new Uint8Array(size).fill(0x20));
    const error = await assertRejects(
      () => spool(stream, place.folder, { signal: never }),
      SpreadError,
      "Cannot share the input: it is empty",
    );
    assertEquals(error.code, "PAYLOAD_EMPTY");
    assertEquals(place.files(), []);
  }
});

Deno.test("spool() ends with the signal's reason and keeps nothing, when it is aborted", async () => {
  for (const size of [10, MAX_BYTES_IN_MEMORY + 1]) {
    await using place = await emptyPlace();
    const { stream, isCancelled } = streamOf(numbered(size), 64 * 1024, "wait");
    const stopped = new SpreadError("INTERRUPTED", "Stopped");
    const controller = new AbortController();
    const spooling = spool(stream, place.folder, { signal: controller.signal });
    const timer = setTimeout(() => controller.abort(stopped), 50);
    const error = await assertRejects(() => spooling, SpreadError);
    clearTimeout(timer);
    assertEquals(error, stopped);
    assertEquals(isCancelled(), true);
    assertEquals(place.files(), []);
  }
});

Deno.test("spool() ends at once, when it was aborted before", async () => {
  await using place = await emptyPlace();
  const { stream } = streamOf(numbered(0), 10, "wait");
  const stopped = new SpreadError("INTERRUPTED", "Stopped");
  const error = await assertRejects(
    () => spool(stream, place.folder, { signal: AbortSignal.abort(stopped) }),
    SpreadError,
  );
  assertEquals(error, stopped);
});

Deno.test("spool() keeps nothing, when its stream fails", async () => {
  for (const size of [10, MAX_BYTES_IN_MEMORY + 1]) {
    await using place = await emptyPlace();
    const { stream } = streamOf(numbered(size), 64 * 1024, new Error("Torn"));
    const error = await assertRejects(
      () => spool(stream, place.folder, { signal: never }),
      SpreadError,
      "Cannot read the input",
    );
    assertEquals(error.code, "PAYLOAD_UNREADABLE");
    assertEquals(place.files(), []);
  }
});

Deno.test("spool() says so, when its folder cannot be made", async () => {
  await using place = await emptyPlace();
  const parent = place.folder.replace(/\/state\/spool$/, "");
  await Deno.writeTextFile(`${parent}/state`, "a file is in the way");
  const { stream } = streamOf(numbered(MAX_BYTES_IN_MEMORY + 1));
  const error = await assertRejects(
    () => spool(stream, place.folder, { signal: never }),
    SpreadError,
    `Cannot write to "${place.folder}"`,
  );
  assertEquals(error.code, "CANNOT_STORE");
});

Deno.test("removeLeftovers() removes what nobody holds any more, and nothing else", async () => {
  await using place = await emptyPlace();
  await removeLeftovers(place.folder);
  const { stream } = streamOf(numbered(MAX_BYTES_IN_MEMORY + 1));
  await using _held = await spool(stream, place.folder, { signal: never });
  const [held] = place.files();
  const longAgo = new Date(Date.now() - 120_000);
  Deno.utimeSync(`${place.folder}/${held}`, longAgo, longAgo);
  Deno.writeTextFileSync(`${place.folder}/left`, "of a killed share");
  Deno.utimeSync(`${place.folder}/left`, longAgo, longAgo);
  Deno.writeTextFileSync(`${place.folder}/just-made`, "not locked yet");
  await removeLeftovers(place.folder);
  assertEquals(place.files().sort(), [held!, "just-made"].sort());
});
