/**
 * Protocol 1 through our relay and through a plain one, with the Python original on either side or
 * on both.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../relay/testing/local_relay.ts";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
} from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { PlainRelay } from "../support/plain_relay.ts";
import { type Result, withOriginal } from "./_original.ts";
import { APART } from "../support/relay_share.ts";

const DOCUMENT = "# Handed over\n\nGrüße, 한글 and 🎉.\n";

/** A place where the other side announces nothing: only the relay leads there. */

const { test, run, share } = await withOriginal(["cryptography", "websockets"]);

/** The original receives from a room. */
function receiveWith(
  machine: Machine,
  { url }: { url: string },
  room: string,
  passphrase: string,
): Promise<Result> {
  const args = ["--relay", url, "--room", room, passphrase];
  return run(machine, "receive.py", args);
}

for (
  const [name, start] of [
    ["our relay", startLocalRelay],
    ["a plain relay", PlainRelay.start],
  ] as const
) {
  test(`the originals hand over to each other through ${name}, one after another`, async () => {
    await using relay = await start();
    await using machine = await Machine.make();
    const passphrase = uniquePassphrase();
    await using theirs = await share(
      machine,
      DOCUMENT,
      ["--relay", relay.url, passphrase],
      /Room created: (\w+)/,
    );
    const room = theirs.ready[1]!;
    const receive = (code: string, words: string) =>
      receiveWith(machine, relay, code, words);
    for (let i = 0; i < 2; i++) {
      const received = await receive(room, passphrase);
      assertEquals(received.code, 0, received.stderr);
      assertStringIncludes(received.stdout, DOCUMENT);
    }
    const refused = await receive(room, "wrong");
    assertStringIncludes(refused.stderr, "invalid_proof");
    const unknown = await receive("zzzzz2", passphrase);
    assertStringIncludes(unknown.stderr, "Room 'zzzzz2' not found");
  });

  test(`the original receives from serve --legacy through ${name}`, async () => {
    await using relay = await start();
    await using machine = await Machine.make();
    const passphrase = uniquePassphrase();
    const file = await machine.write("ours.md", DOCUMENT);
    await using sharing = await machine.share([
      "--legacy",
      "--relay",
      relay.url,
      passphrase,
      file,
    ]);
    const room = String(sharing.ready.room);
    const received = await receiveWith(machine, relay, room, passphrase);
    assertEquals(received.code, 0, received.stderr);
    assertStringIncludes(received.stdout, DOCUMENT);
    await sharing.event("delivered");
  });

  test(`the original prints why serve without --legacy does not serve it through ${name}`, async () => {
    await using relay = await start();
    await using machine = await Machine.make();
    const passphrase = uniquePassphrase();
    const file = await machine.write("ours.md", DOCUMENT);
    await using sharing = await machine.share([
      "--relay",
      relay.url,
      passphrase,
      file,
    ]);
    const room = String(sharing.ready.room);
    const received = await receiveWith(machine, relay, room, passphrase);
    assertEquals(received.code, 1);
    assertStringIncludes(
      received.stderr,
      "Denied: this sender speaks protocol 2",
    );
  });

  test(`receive takes from the original through ${name} with --legacy, and says so without`, async () => {
    await using relay = await start();
    await using machine = await Machine.make();
    const passphrase = uniquePassphrase();
    await using theirs = await share(
      machine,
      DOCUMENT,
      ["--relay", relay.url, passphrase],
      /Room created: (\w+)/,
    );
    const args = ["--relay", relay.url, "--room", theirs.ready[1]!, passphrase];
    const refused = await machine.run("receive", args, APART);
    assertFailure(
      refused,
      "LEGACY_PEER",
      "The sender has the Python version of Claude Spread (protocol 1)",
      "--legacy",
    );
    const ended = await machine.run("receive", ["--legacy", ...args], APART);
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
  });
}
