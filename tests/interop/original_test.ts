/**
 * Protocol 1 on the local network against the Python original itself.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
} from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { withOriginal } from "./_original.ts";

const DOCUMENT = "# Handed over\n\nGrüße, 한글 and 🎉.\n";

const { test, run: runOriginal, share } = await withOriginal(["cryptography"]);

/** An original that shares on the local network. */
async function shareWithOriginal(machine: Machine, passphrase: string) {
  const theirs = await share(
    machine,
    DOCUMENT,
    [passphrase],
    /on port (\d+)/,
  );
  return Object.assign(theirs, { address: `127.0.0.1:${theirs.ready[1]}` });
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
  assertStringIncludes(ended.stderr, "spread: warning: --legacy is on");
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
    "The sender has the Python version of Claude Spread (protocol 1)",
    "--legacy",
  );
});
