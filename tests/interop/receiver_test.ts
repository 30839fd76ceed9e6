/**
 * A second implementation of the receiver, in Python, written from docs/protocol.md alone: the
 * document is enough to take what a share offers.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { randomBytes } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";

const SCRIPT = `${import.meta.dirname}/receiver.py`;

const reason = await whyNot();
if (reason !== null) console.log(`some tests are skipped: ${reason}`);

async function whyNot(): Promise<string | null> {
  try {
    const args = ["-c", "import cryptography"];
    const { success } = await new Deno.Command("python3", { args }).output();
    if (success) return null;
  } catch {
    // There is no Python.
  }
  assert(Deno.env.get("CI") !== "true", "CI has Python with cryptography");
  return "there is no Python with the package cryptography";
}

interface Taken {
  code: number;
  stdout: string;
  stderr: string;
}

async function take(
  port: number,
  words: string,
  output: string,
): Promise<Taken> {
  const args = [SCRIPT, "127.0.0.1", String(port), words, output];
  const { code, stdout, stderr } = await new Deno.Command("python3", { args })
    .output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

// Breaks when handshake, keys, records or transfer are not what the document says.
Deno.test({
  name:
    "a receiver written from the document takes what serve offers, byte for byte",
  ignore: reason !== null,
  fn: async () => {
    await using machine = await Machine.make();
    // More than the window, so that credit counts.
    const bytes = randomBytes(5 * 1024 * 1024 + 3);
    const file = machine.path("ours.bin");
    await Deno.writeFile(file, bytes);
    await using sharing = await machine.share(["--once", file]);
    const words = String(sharing.ready.invite);
    const output = machine.path("theirs.bin");
    const taken = await take(sharing.port, words, output);
    assertEquals([taken.code, taken.stderr], [0, ""]);
    assertEquals(await Deno.readFile(output), bytes);
    assertEquals(JSON.parse(taken.stdout).name, "ours.bin");
    await sharing.event("delivered");
  },
});

// Breaks when the proof does not depend on the words.
Deno.test({
  name: "a receiver written from the document is refused with other words",
  ignore: reason !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("ours.md", "# Ours\n");
    await using sharing = await machine.share([file]);
    const output = machine.path("theirs.md");
    const wrong = "niece-broke-zippy-iron";
    const { code, stderr } = await take(sharing.port, wrong, output);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "not confirmed");
    assertEquals((await sharing.event("refused")).error, "PASSPHRASE_REFUSED");
    assertEquals(await Deno.lstat(output).catch(() => null), null);
  },
});
