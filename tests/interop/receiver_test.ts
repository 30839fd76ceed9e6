/**
 * A second implementation of the receiver, in Python, written from docs/protocol.md alone: the
 * document is enough to take what a share offers, and to refuse what is not that.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { encodeOffer, type Offer } from "../../lib/protocol/transfer/offer.ts";
import { RECORD } from "../../lib/protocol/transfer/record_types.ts";
import { asSender, PASSPHRASE } from "../../lib/testing/handshake.ts";
import { offerOf, payloadOf } from "../../lib/testing/payloads.ts";
import { senderSecrets } from "../../lib/testing/protocol.ts";
import { listenTcp } from "../../lib/transports/tcp.ts";
import { randomBytes } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { skipsFor } from "../support/missing.ts";
import { Proxy } from "../support/proxy.ts";

const SCRIPT = `${import.meta.dirname}/receiver.py`;

const NEEDED = `import ctypes.util, cryptography
ctypes.CDLL(ctypes.util.find_library("sodium")).crypto_scalarmult_ristretto255`;

const ignore = !await hasNeeded() &&
  skipsFor("no Python with cryptography and libsodium here");

interface Taken {
  code: number;
  stdout: string;
  stderr: string;
}

async function python(args: string[], input: string): Promise<Taken> {
  await using child = new Deno.Command("python3", {
    args: ["-B", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // One that has failed already reads nothing.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { code, stdout: out!, stderr: err! };
}

async function hasNeeded(): Promise<boolean> {
  try {
    return (await python(["-c", NEEDED], "")).code === 0;
  } catch {
    // There is no Python.
    return false;
  }
}

/** Runs the receiver. */
function take(
  address: string,
  kind: "words" | "typed",
  secret: string,
  output: string,
): Promise<Taken> {
  const [host, port] = address.split(":");
  return python([SCRIPT, host!, port!, kind, output], secret);
}

// Breaks when handshake, keys, records or transfer are not what the document says.
Deno.test({
  name: "a receiver written from the document takes what serve offers",
  ignore,
  fn: async (t) => {
    await using machine = await Machine.make();
    // More than the sender has in flight, so that credit counts.
    const bytes = randomBytes(5 * 1024 * 1024 + 3);
    const file = await machine.write("ours.bin", bytes);
    await using sharing = await machine.share(["--once", file]);
    const output = machine.path("theirs.bin");

    /** Runs the receiver where it has to refuse. */
    async function refuse(address: string, words: string, said: string) {
      const { code, stdout, stderr } = await take(
        address,
        "words",
        words,
        output,
      );
      assertEquals([code, stdout, stderr], [1, "", `${said}\n`]);
      assertEquals(await machine.works(), ["ours.bin"]);
    }

    await t.step("but not with other words", async () => {
      await refuse(
        `127.0.0.1:${sharing.port}`,
        "niece-broke-zippy-iron",
        "not confirmed",
      );
      const { error } = await sharing.event("refused");
      assertEquals(error, "PASSPHRASE_REFUSED");
    });

    // The salt in M2, which both sides' proofs are over; the offer; a record of the payload.
    for (
      const [place, afterBytes, said] of [
        ["the challenge", 1, "not confirmed"],
        ["the offer", 108, "a record that does not open"],
        ["the payload", 1_000_000, "a record that does not open"],
      ] as const
    ) {
      await t.step(`but not with a bit of ${place} changed`, async () => {
        const options = { port: sharing.port, holdAfter: [afterBytes] };
        await using proxy = new Proxy(options);
        proxy.flipNext();
        await refuse(proxy.address, sharing.words, said);
      });
    }

    const taken = await take(
      `127.0.0.1:${sharing.port}`,
      "words",
      sharing.words,
      output,
    );
    assertEquals([taken.code, taken.stderr], [0, ""]);
    assertEquals(await Deno.readFile(output), bytes);
    assertEquals(JSON.parse(taken.stdout).name, "ours.bin");
    await sharing.event("delivered");
    assertEquals((await sharing.ended).code, 0);
  },
});

// Breaks when a passphrase of a person's own is normalized or stretched in another way.
Deno.test({
  name:
    "a receiver written from the document takes by a passphrase of one's own",
  ignore,
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("ours.md", "# Ours\n");
    await using sharing = await machine.share(["--once", file], {
      env: { CLAUDE_SPREAD_PASSPHRASE: "cafe\u0301 at the harbor" },
    });
    const output = machine.path("theirs.md");
    const address = `127.0.0.1:${sharing.port}`;
    // Another kind of secret is refused before it costs a guess.
    const other = await take(address, "words", sharing.words, output);
    assertEquals(other.stderr, "refused before the proof: 0505\n");
    const { code, stderr } = await take(
      address,
      "typed",
      "caf\u00e9 at the harbor",
      output,
    );
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await Deno.readTextFile(output), "# Ours\n");
    await sharing.event("delivered");
  },
});

/** A sender that knows the words, and sends this payload whatever it has offered. */
async function sendOnce(
  listener: ReturnType<typeof listenTcp>,
  offer: Offer,
  payload: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { value } = await listener[Symbol.asyncIterator]().next();
  await using channel = await asSender(value!, senderSecrets(PASSPHRASE));
  await channel.send(RECORD.offer, encodeOffer(offer));
  assertEquals((await channel.receive()).type, RECORD.accept);
  await channel.send(RECORD.data, payload);
  await channel.send(RECORD.end, new Uint8Array(0));
  // It leaves without a receipt.
  await channel.receive().catch(() => {});
}

// Breaks when the receiver does not compare size and hash with those of the offer.
Deno.test({
  name:
    "a receiver written from the document keeps nothing that is not what was offered",
  ignore,
  fn: async () => {
    await using machine = await Machine.make();
    const payload = payloadOf(5000);
    const offer = await offerOf(payload);
    const changed = payload.toReversed();
    for (
      const [lie, sent] of [
        [offer, changed],
        [{ ...offer, size: 5001 }, payload],
      ] as const
    ) {
      using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
      const output = machine.path("theirs.bin");
      const address = `127.0.0.1:${listener.port}`;
      const [{ code, stderr }] = await Promise.all([
        take(address, "words", PASSPHRASE, output),
        sendOnce(listener, lie, sent),
      ]);
      assertEquals([code, stderr], [1, "changed\n"]);
      assertEquals(await machine.works(), []);
    }
  },
});
