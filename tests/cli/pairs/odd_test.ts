/**
 * Pairs that do not fit: forgotten on one side, damaged, copied, or met by strangers.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Bytes } from "../../../lib/bytes.ts";
import { PairKey } from "../../../lib/pairs/derive.ts";
import { removePair, writePair } from "../../../lib/pairs/pair_files.ts";
import { handshakeAsReceiver } from "../../../lib/protocol/handshake/receiver.ts";
import { connectLoopbackTo, random } from "../../../lib/testing/protocol.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { RawPeer } from "../../support/mdns_peer.ts";
import { pairFile, pairsOf, pairUp } from "../../support/pairs.ts";
import { test } from "./_people.ts";

test("a pair that only one side has forgotten shares nothing, and both are told what to do", async (people) => {
  const { maple, cedar, files: [atMaple, atCedar] } = people;
  const file = await maple.write("notes.md", "notes");
  const typo = await people.run(maple, "serve", "--to", "ceder", file);
  assertFailure(
    typo,
    "NO_PAIR",
    'This machine has no pair "ceder"',
    "Did you mean cedar? The pairs are birch, cedar",
  );
  await removePair(pairsOf(maple), atMaple.id);
  const forgotten = await people.run(maple, "serve", "--to", "cedar", file);
  assertFailure(
    forgotten,
    "NO_PAIR",
    'This machine has no pair "cedar"',
    "The pairs are birch",
  );
  const nothing = await people.run(cedar, "receive", "--timeout", "1");
  assertFailure(nothing, "NO_SENDER", "Nothing from maple was found");
  await removePair(pairsOf(cedar), atCedar.id);
  // As without any pairs: words are needed.
  const none = await people.run(cedar, "receive");
  assertFailure(none, "USAGE", "The sender's words are missing");
});

test("a share that is open serves no pair that is forgotten meanwhile", async (people) => {
  const { maple, cedar } = people;
  const sharing = await people.share("hello", ["--to", "cedar,birch"]);
  assertSuccess(await people.run(maple, "forget", "Cedar"));
  const none = await people.run(cedar, "receive", "--timeout", "5");
  const why = "maple: Cannot confirm the other side";
  assertFailure(none, "PASSPHRASE_REFUSED", why, "pair the two machines again");
  const taken = await people.run(people.birch, "receive");
  assertSuccess(taken);
  const { events } = await sharing.stop();
  const delivered = events.filter(({ event }) => event === "delivered");
  assertEquals(delivered.map(({ pair }) => pair), ["birch"]);
});

test("damaged files of pairs are named once each, and cost no other pair", async (people) => {
  const { cedar } = people;
  const folder = pairsOf(cedar);
  await Deno.writeTextFile(`${folder}/0badc0de.json`, "{", { mode: 0o600 });
  const open = pairFile({ id: "0000beef", name: "open" });
  await writePair(folder, open);
  await Deno.chmod(`${folder}/0000beef.json`, 0o644);
  await writePair(folder, pairFile({ id: "0000cafe", name: "elm" }));
  await people.share("hello", ["--to", "cedar"]);
  const received = await people.run(cedar, "receive");
  assertSuccess(received);
  assertEquals(received.text.trim(), "hello");
  for (
    const [id, why] of [["0badc0de", "damaged"], ["0000beef", "chmod 600"]]
  ) {
    const lines = received.stderr.split("\n").filter((line) =>
      line.includes(`${id}.json`)
    );
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0]!, why!);
  }
});

test("two sides in the same role do not find each other", async (people) => {
  const { cedar, files: [atMaple, atCedar] } = people;
  await writePair(pairsOf(cedar), { ...atCedar, role: atMaple.role });
  const sharing = await people.share("hello", ["--to", "cedar"]);
  const none = await people.run(cedar, "receive", "--timeout", "1");
  assertFailure(none, "NO_SENDER", "Nothing from maple was found");
  const { events } = await sharing.stop();
  assertEquals(events.filter(({ event }) => event === "refused"), []);
});

test("a pair that was copied to a third machine works there, and is said to be a copy on whichever side it was", async (people) => {
  const { maple, cedar, files: [atMaple, atCedar] } = people;
  await using copy = await Machine.make();
  const host = "elsewhere";
  await writePair(pairsOf(copy), { ...atCedar, host });
  await writePair(pairsOf(maple), { ...atMaple, host });
  const sharing = await people.share("hello", ["--to", "cedar"]);
  const [warning, ...more] = sharing.ready.warnings as string[];
  assertStringIncludes(
    warning!,
    'the pair cedar was made on "elsewhere" and copied here: both machines can pose as this side',
  );
  assertEquals(more, []);
  for (const [machine, count] of [[cedar, 0], [copy, 1]] as const) {
    const received = await people.run(machine, "receive");
    assertSuccess(received);
    const warnings = received.stderr.match(/warning: the pair maple was made/g);
    assertEquals(warnings?.length ?? 0, count);
  }
});

/** Records of a share at 127.0.0.77, which is no address of this machine. */
function announced(instance: string, txt: string[]) {
  const name = `${instance}._claude-distill._tcp.local`;
  const host = "claude-spread-0badc0de.local";
  return {
    type: "response" as const,
    answers: [
      { name: "_claude-distill._tcp.local", type: "PTR", ttl: 120, data: name },
      { name, type: "SRV", ttl: 120, data: { port: 9, target: host } },
      { name, type: "TXT", ttl: 120, data: txt },
      { name: host, type: "A", ttl: 120, data: "127.0.0.77" },
    ],
  };
}

Deno.test("receive warns of another machine in its own role, and stands what hostile machines announce", async () => {
  await using maple = await Machine.make();
  await using cedar = await Machine.make();
  const [, { seed, role }] = await pairUp([maple, "maple"], [cedar, "cedar"]);
  const key = await PairKey.of(Uint8Array.fromHex(seed) as Bytes);
  const instance = "claude-distill-00000001";
  const tag = (await key.lanTag(role, instance)).toHex();
  const theirs = (await key.lanTag("a", "claude-distill-00000002")).toHex();
  using peer = await RawPeer.open(5353);
  const announcing = setInterval(() => {
    const tags = Array(1000).fill("0123456789abcdef");
    for (
      const [number, txt] of [
        [1, ["v=2", `to=${tag}`]],
        // More than a share may be for, one that is none, and that of another instance.
        [3, ["v=2", ...tags.map((one) => `to=${one}`)]],
        [4, ["v=2", `to=${Array(9).fill(theirs).join()}`]],
        [5, ["v=2", `to=${theirs.toUpperCase()},zz`]],
        [6, ["v=2", `to=${theirs}`]],
        [7, ["v=1", `to=${theirs}`]],
      ] as [number, string[]][]
    ) {
      const name = instance.slice(0, -1) + number;
      peer.send(announced(name, txt)).catch(() => {});
    }
  }, 100);
  try {
    const none = await cedar.run("receive", ["--timeout", "6"]);
    assertFailure(none, "NO_SENDER", "Nothing from maple was found");
    const warnings = none.stderr.match(/warning: another machine also uses/g);
    assertEquals(warnings?.length, 1, none.stderr);
    assert(!none.stderr.includes("found maple"), none.stderr);
  } finally {
    clearInterval(announcing);
  }
});

Deno.test("strangers who prove nothing do not end a share for a pair, however often they come", async () => {
  await using maple = await Machine.make();
  await using cedar = await Machine.make();
  const [, { seed }] = await pairUp([maple, "maple"], [cedar, "cedar"]);
  const key = await PairKey.of(Uint8Array.fromHex(seed) as Bytes);
  const file = await maple.write("notes.md", "for cedar");
  await using sharing = await maple.share(["--to", "cedar", file]);
  // They have overheard a tag, and lack the seed.
  const secret = {
    PRS: random(new Uint8Array(32)),
    helloTag: (nonce: Bytes) => key.helloTag(nonce),
  };
  for (let turn = 0; turn < 12; turn++) {
    const channel = await connectLoopbackTo(sharing.port);
    const how = { secret, roomCode: "", fillRandom: random };
    const end = await handshakeAsReceiver(channel, how)
      .then(() => "taken", (error) => error.code);
    assertEquals(end, "PASSPHRASE_REFUSED");
    await channel[Symbol.asyncDispose]();
  }
  // Where multicast does not get through, the address does.
  const from = ["--from", "maple", sharing.address];
  const received = await cedar.run("receive", from);
  assertSuccess(received);
  assertEquals(received.text.trim(), "for cedar");
  assertFailure(
    await cedar.run("receive", [
      "--from",
      "maple",
      "--legacy",
      sharing.address,
    ]),
    "USAGE",
    "--from and --legacy cannot be used together",
  );
  const { events, stderr } = await sharing.stop();
  const refused = events.filter(({ event }) => event === "refused");
  // Five in full, and then how many more.
  assertEquals(refused.map(({ more }) => more ?? 1), [1, 1, 1, 1, 1, 7]);
  assert(!stderr.includes("wrong passphrase"), stderr);
});
