import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import {
  given,
  MAX_PASSPHRASE_BYTES,
  type PassphraseOrigin,
  resolvePassphrase,
} from "./passphrase.ts";
import { readTextInput } from "./surroundings.ts";

const FROM_FILE: PassphraseOrigin = { kind: "file", path: "s" };

function resolve(
  origin: PassphraseOrigin,
  readFile: (path: string) => Promise<string | null>,
): Promise<string | null> {
  const { signal } = new AbortController();
  const say = () => {};
  return resolvePassphrase(origin, { readFile, signal, say, isNew: false });
}

Deno.test("resolvePassphrase() takes one line end off a file, and nothing else", async () => {
  const table = [
    ["words", "words"],
    ["words\n", "words"],
    ["words\r\n", "words"],
    ["words\n\n", "words\n"],
    [" words \t\n", " words \t"],
    ["two\nlines\n", "two\nlines"],
    ["words\r", "words\r"],
  ];
  for (const [content, passphrase] of table) {
    const read = (path: string) => Promise.resolve(path + content);
    const origin = FROM_FILE;
    assertEquals(await resolve(origin, read), `s${passphrase}`);
  }
  const origin = given("words\n", "operand");
  assertEquals(await resolve(origin, unread), "words\n");
  assertEquals(await resolve({ kind: "generated" }, unread), null);
});

function unread(): Promise<string> {
  throw new Error("There is no file to read");
}

Deno.test("resolvePassphrase() refuses what is empty or too long, in bytes", async () => {
  const limit = "é".repeat(MAX_PASSPHRASE_BYTES / 2);
  assertEquals(
    await resolve(given(limit, "operand"), unread),
    limit,
  );
  for (const passphrase of ["", " ", "\n\t\u3000", `${limit}x`]) {
    const error = await assertRejects(
      () => resolve(given(passphrase, "operand"), unread),
      SpreadError,
    );
    assertEquals(error.code, "USAGE");
    // Nobody shares anything with it.
    assertEquals(error.hint.includes("to share"), false);
  }
  for (const content of ["", "\n", "\r\n"]) {
    const read = () => Promise.resolve(content);
    const error = await assertRejects(
      () => resolve(FROM_FILE, read),
      SpreadError,
      "empty",
    );
    assertEquals(error.code, "USAGE");
  }
});

Deno.test("resolvePassphrase() refuses a file that is too long, or never ends, before it is read", async () => {
  const signal = AbortSignal.timeout(10_000);
  const read = (path: string) => readTextInput(path, 8, signal);
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "8 bytes\n");
    assertEquals(await resolve({ kind: "file", path: file }, read), "8 bytes");
    await Deno.writeTextFile(file, "9 bytes!\n");
    const endless = Deno.build.os === "windows" ? [] : ["/dev/zero"];
    for (const path of [file, ...endless]) {
      const error = await assertRejects(
        () => resolve({ kind: "file", path }, read),
        SpreadError,
      );
      assertEquals(error.message, "The passphrase is longer than 64 KiB");
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("readTextInput() is over at once when it was stopped before", async () => {
  const signal = AbortSignal.abort(new SpreadError("INTERRUPTED", "Stopped"));
  const error = await assertRejects(
    () => readTextInput("/dev/null", 8, signal),
    SpreadError,
  );
  assertEquals(error.code, "INTERRUPTED");
});
