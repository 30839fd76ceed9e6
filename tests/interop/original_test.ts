/**
 * Protocol 1 against the Python original itself, which is not part of this repository.
 *
 * `CLAUDE_SPREAD_ORIGINAL` names a checkout of its version 1.3, `CLAUDE_SPREAD_PYTHON` an
 * interpreter that has its one dependency (default `python3`). Without them the tests are
 * skipped and say so. The original runs with an empty PATH, so that it announces nothing.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
} from "../cli/_checks.ts";
import { Machine } from "../cli/_cli.ts";

const DOCUMENT = "# Handed over\n\nGrüße, 한글 and 🎉.\n";

const original = Deno.env.get("CLAUDE_SPREAD_ORIGINAL");
const python = await findPython(
  Deno.env.get("CLAUDE_SPREAD_PYTHON") ?? "python3",
);
const reason = original === undefined
  ? "CLAUDE_SPREAD_ORIGINAL names no checkout of the Python original"
  : python === null
  ? "no Python has the package cryptography"
  : null;
if (reason !== null) console.log(`interop tests are skipped: ${reason}`);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: reason !== null, fn });
}

/** The interpreter's own path, or `null` when it lacks what the original needs. */
async function findPython(name: string): Promise<string | null> {
  const args = ["-c", "import cryptography, sys; print(sys.executable)"];
  try {
    const { success, stdout } = await new Deno.Command(name, {
      args,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

function spawnOriginal(
  machine: Machine,
  script: string,
  args: string[],
): Deno.ChildProcess {
  return new Deno.Command(python!, {
    args: ["-u", "-B", `${original}/scripts/${script}`, ...args],
    cwd: machine.path("."),
    clearEnv: true,
    env: {
      PATH: machine.path("."),
      HOME: machine.folder,
      PYTHONIOENCODING: "utf-8",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function runOriginal(machine: Machine, script: string, args: string[]) {
  const { code, stdout, stderr } = await spawnOriginal(machine, script, args)
    .output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** An original that shares; disposing ends it. */
async function shareWithOriginal(machine: Machine, passphrase: string) {
  const file = await machine.write("theirs.md", DOCUMENT);
  const process = spawnOriginal(machine, "serve.py", [passphrase, file]);
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/on port \d+/.test(text)) {
    const { done, value } = await lines.read();
    if (done) throw new Error(`The original ended: ${text}`);
    text += value;
  }
  return {
    address: `127.0.0.1:${/on port (\d+)/.exec(text)![1]}`,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      while (!(await lines.read()).done);
      await process.stderr.cancel();
      await process.status;
    },
  };
}

test("the original receives from serve --legacy", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("ours.md", DOCUMENT);
  await using sharing = await machine.share([
    "--legacy",
    "--once",
    passphrase,
    file,
  ]);
  const address = `127.0.0.1:${sharing.port}`;
  const received = await runOriginal(machine, "receive.py", [
    passphrase,
    address,
  ]);
  assertEquals([received.code, received.stderr], [0, ""]);
  assertStringIncludes(received.stdout, DOCUMENT);
  await sharing.event("delivered");
});

test("the original is refused by serve --legacy with another passphrase", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("ours.md", DOCUMENT);
  await using sharing = await machine.share([
    "--legacy",
    uniquePassphrase(),
    file,
  ]);
  const address = `127.0.0.1:${sharing.port}`;
  const received = await runOriginal(machine, "receive.py", ["wrong", address]);
  assertEquals(received.code, 1);
  assertStringIncludes(received.stderr, "invalid_proof");
  assertEquals((await sharing.event("refused")).error, "PASSPHRASE_REFUSED");
});

test("the original prints why serve without --legacy does not serve it", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("ours.md", DOCUMENT);
  await using sharing = await machine.share([passphrase, file]);
  const address = `127.0.0.1:${sharing.port}`;
  const received = await runOriginal(machine, "receive.py", [
    passphrase,
    address,
  ]);
  assertEquals(received.code, 1);
  assertStringIncludes(
    received.stderr,
    "Denied: this sender speaks protocol 2",
  );
  assertEquals((await sharing.event("refused")).error, "LEGACY_PEER");
});

test("receive --legacy receives from the original", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  await using theirs = await shareWithOriginal(machine, passphrase);
  const ended = await machine.run("receive", [
    "--legacy",
    passphrase,
    theirs.address,
  ]);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  assertStringIncludes(ended.stderr, "spread: warning: protocol 1");
});

test("receive --legacy is refused by the original with another passphrase", async () => {
  await using machine = await Machine.make();
  await using theirs = await shareWithOriginal(machine, uniquePassphrase());
  const ended = await machine.run("receive", [
    "--legacy",
    "wrong",
    theirs.address,
  ]);
  assertFailure(ended, "PASSPHRASE_REFUSED", "Cannot confirm the other side");
});

test("receive without --legacy says what to type when it meets the original", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  await using theirs = await shareWithOriginal(machine, passphrase);
  const ended = await machine.run("receive", [passphrase, theirs.address]);
  assertFailure(
    ended,
    "LEGACY_PEER",
    "The sender speaks the old protocol 1",
    "--legacy",
  );
});
