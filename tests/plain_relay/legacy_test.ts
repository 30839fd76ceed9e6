/**
 * Protocol 1 through a plain relay.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { MAX_LEGACY_PAYLOAD_BYTES } from "../../lib/protocol/legacy.ts";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
} from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { OldSender, receiveAsOld } from "./_old_peer.ts";
import { PLAIN, PlainRelay } from "../support/plain_relay.ts";
import { APART } from "../support/relay_share.ts";
import { DOCUMENT, MiB, Stage } from "./_stage.ts";

Deno.test("the largest payload of protocol 1 passes a plain relay", async () => {
  await using relay = await PlainRelay.start();
  const content = "x".repeat(MAX_LEGACY_PAYLOAD_BYTES);
  const passphrase = uniquePassphrase();
  await using stage = await Stage.open(relay, content, [
    "--legacy",
    passphrase,
  ]);
  const text = await receiveAsOld(relay.url, stage.code, passphrase);
  assertEquals(text.length, content.length);
  assert(relay.largestBytes <= 10 * MiB, `${relay.largestBytes}`);
});

Deno.test("receive takes from a sender of protocol 1 with --legacy, and without it says so and costs no guess", async () => {
  await using relay = await PlainRelay.start();
  await using bob = await Machine.make();
  const passphrase = uniquePassphrase();
  await using sender = await OldSender.open(relay.url, DOCUMENT, passphrase);
  const args = ["--relay", relay.url, "--room", sender.roomCode, passphrase];
  const refused = await bob.run("receive", args, APART);
  assertFailure(
    refused,
    "LEGACY_PEER",
    "The sender has the Python version of Claude Spread (protocol 1)",
  );
  assertEquals(sender.attempts, 0);
  const ended = await bob.run("receive", ["--legacy", ...args], APART);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  assertEquals(sender.attempts, 1);
});

Deno.test("serve --legacy serves a receiver of protocol 1 through a relay that sends back what a sender says", async () => {
  await using relay = await PlainRelay.start({ ...PLAIN, echoes: true });
  const passphrase = uniquePassphrase();
  await using stage = await Stage.open(relay, DOCUMENT, [
    "--legacy",
    passphrase,
  ]);
  assertEquals(
    await receiveAsOld(relay.url, stage.code, passphrase),
    DOCUMENT,
  );
  await stage.endUnrefused();
});

Deno.test("receive --legacy speaks protocol 2 with a sender that can", async () => {
  await using relay = await PlainRelay.start();
  await using stage = await Stage.open(relay, DOCUMENT, [
    "--legacy",
    "--generate",
  ]);
  const ended = await stage.receive("--legacy", stage.invite);
  assertSuccess(ended);
  assertEquals(ended.stderr.includes("--legacy is on"), false, ended.stderr);
});

Deno.test("serve --legacy serves a receiver of protocol 1, and serve without denies it", async () => {
  for (const legacy of [["--legacy"], []]) {
    await using relay = await PlainRelay.start();
    const passphrase = uniquePassphrase();
    await using stage = await Stage.open(relay, DOCUMENT, [
      ...legacy,
      passphrase,
    ]);
    const receive = () => receiveAsOld(relay.url, stage.code, passphrase);
    if (legacy.length > 0) {
      assertEquals(await receive(), DOCUMENT);
      assertEquals(await receive(), DOCUMENT);
    } else {
      const denied = await receive().catch((error) => error.code);
      assertEquals(denied, "DECLINED");
      const { error } = await stage.sharing.event("refused");
      assertEquals(error, "LEGACY_PEER");
    }
    await stage.take("--room", stage.code, passphrase);
  }
});
