/** Machines that cut the meeting short, come at the same time, or say what they should not. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RECORD } from "../../../lib/protocol/transfer/record_types.ts";
import { codeOf } from "../../../lib/testing/protocol.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { whyNoPermissions, withoutPrivilege } from "../../support/isolation.ts";
import { Machine } from "../../support/machine.ts";
import {
  kept,
  PAIRED,
  pairRecord,
  pairsOf,
  show,
  showByHand,
  typeByHand,
} from "./_pairing.ts";

const noPermissions = await whyNoPermissions();

/** Names that a machine may be called by, and the one that is kept; `null`: it is refused. */
const NAMES: [said: unknown, kept: string | null][] = [
  ["///", null],
  ["", null],
  [7, null],
  ["x".repeat(1_000_000), null],
  ["x".repeat(257), null],
  ["../../etc/pass\u001b[31mwd\u202e\n", "etc-pass-31mwd"],
];

Deno.test("pair cleans the other machine's name, or refuses it and goes on waiting", async () => {
  await using oak = await Machine.make();
  await using showing = await show(oak, ["--name", "oak"]);
  for (const [said, expected] of NAMES) {
    await using peer = await typeByHand(showing.words);
    assertEquals((await peer.receive()).type, RECORD.pair);
    await peer.send(...pairRecord({ name: said }));
    if (expected !== null) {
      assertEquals((await peer.receive()).type, RECORD.paired);
      await peer.send(...PAIRED);
      await peer.waitForClose();
      continue;
    }
    const answer = await peer.receive().then(({ type }) => type, codeOf);
    assert(answer === "PEER_GONE" || answer === RECORD.decline, `${answer}`);
    await peer[Symbol.asyncDispose]();
    assertEquals(await kept(oak), []);
    assertEquals((await showing.running.event("refused")).error, "BAD_MESSAGE");
  }
  const ended = await showing.running.ended;
  assertSuccess(ended);
  // deno-lint-ignore no-control-regex
  assert(!/[\x1b\u202e]/.test(`${ended.stderr}${ended.text}`));
  const [pair] = await kept(oak);
  assertEquals(pair!.name, NAMES.at(-1)![1]);
});

Deno.test("pair makes one pair, however many machines have typed the words", async () => {
  await using oak = await Machine.make();
  await using showing = await show(oak, ["--name", "oak"]);
  await using first = await typeByHand(showing.words);
  await using second = await typeByHand(showing.words);
  await first.receive();
  await second.receive();
  await first.send(...pairRecord({ name: "cedar" }));
  assertEquals((await first.receive()).type, RECORD.paired);
  await second.send(...pairRecord({ name: "pine" }));
  assertEquals((await second.receive()).type, RECORD.decline);
  await first.send(...PAIRED);
  assertSuccess(await showing.running.ended);
  const pairs = await kept(oak);
  assertEquals(pairs.map(({ name }) => name), ["cedar"]);
  assertEquals(pairs[0]!.seed, first.takeSeed().toHex());
});

Deno.test("pair says so on either side, when only one may have stored the pair", async () => {
  for (const ends of ["the other machine closes", "Ctrl+C"]) {
    await using oak = await Machine.make();
    await using showing = await show(oak, ["--name", "oak"]);
    await using peer = await typeByHand(showing.words);
    await peer.receive();
    await peer.send(...pairRecord({ name: "cedar" }));
    assertEquals((await peer.receive()).type, RECORD.paired);
    if (ends === "Ctrl+C") showing.running.signal("SIGINT");
    else await peer[Symbol.asyncDispose]();
    const ended = await showing.running.ended;
    assertFailure(
      ended,
      "PEER_GONE",
      "The pair cedar is stored here, but the other machine has not said that it has it too",
      "If claude-spread pairs there does not list oak, forget the pair here " +
        "(claude-spread forget cedar)",
    );
    assertEquals((await kept(oak)).length, 1);
  }

  await using cedar = await Machine.make();
  for (
    const [ending, message, isUnsure] of [
      [
        PAIRED.with(0, RECORD.end),
        "a record of type 21 does not belong here",
        true,
      ],
      [null, "The other side closed the connection", true],
      [
        [RECORD.decline, pairRecord({ reason: "declined" })[1]],
        "The other machine did not accept the pair",
        false,
      ],
    ] as const
  ) {
    await using shown = showByHand(async (receiver) => {
      await receiver.send(...pairRecord({ name: "oak" }));
      assertEquals((await receiver.receive()).type, RECORD.pair);
      if (ending !== null) {
        await receiver.send(...ending as ReturnType<typeof pairRecord>);
      }
    });
    const typed = await cedar.run("pair", ["--name", "cedar", ...shown.words]);
    const { stderr } = typed;
    assertStringIncludes(stderr, message);
    const advice = "If claude-spread pairs there lists cedar, forget it there";
    assertEquals(stderr.includes(advice), isUnsure, stderr);
    assertEquals(
      stderr.includes("no pair was made here, but the other machine may have"),
      isUnsure,
    );
    assertEquals(await kept(cedar), []);
  }
});

Deno.test({
  name:
    "pair says on both sides that the one that typed the words could not store the pair",
  ignore: noPermissions !== null,
  fn: async () => {
    await using oak = await Machine.make();
    await using cedar = await Machine.make();
    await Deno.mkdir(pairsOf(cedar), { recursive: true });
    await Deno.chmod(pairsOf(cedar), 0o500);
    await using showing = await show(oak, ["--name", "oak"]);
    const typed = await cedar.run("pair", [
      "--name",
      "cedar",
      ...showing.words,
    ], { via: withoutPrivilege() });
    assertFailure(
      typed,
      "CANNOT_STORE",
      "Cannot write to",
      "If claude-spread pairs there lists cedar, forget it there",
    );
    assertFailure(
      await showing.running.ended,
      "PEER_GONE",
      "The pair cedar is stored here",
    );
    assertEquals((await kept(oak)).length, 1);
    await Deno.chmod(pairsOf(cedar), 0o700);
  },
});

Deno.test("pair takes no relay of the other machine's that its own user could not name, and tells it", async () => {
  await using cedar = await Machine.make();
  const cases: [side: Record<string, unknown>, ended: [string, string]][] = [
    [{ name: "oak", relay: "ws://192.0.2.1" }, [
      "The other machine names a relay that this one does not accept",
      "--insecure-relay",
    ]],
    [{ name: "oak", relay: "https://relay.example" }, [
      '"https://relay.example" is not the address of a relay',
      "wss://",
    ]],
    [{ name: "oak", relay: "wss://a:b@relay.example" }, [
      "cannot have a user",
      "wss://",
    ]],
    // The address grows where it is normalized.
    [{ name: "oak", relay: `wss://relay.example/${"é".repeat(1000)}` }, [
      "The address of a relay cannot be longer than 2048 characters",
      "wss://",
    ]],
    [{ name: "oak", more: "x".repeat(5000) }, [
      "PAIR is 5024 bytes long",
      "",
    ]],
  ];
  for (const [side, [message, hint]] of cases) {
    const said: unknown[] = [];
    await using shown = showByHand(async (receiver) => {
      await receiver.send(...pairRecord(side));
      said.push(await receiver.receive().then(({ type }) => type, codeOf));
    });
    const typed = await cedar.run("pair", ["--name", "cedar", ...shown.words]);
    assert(typed.code !== 0);
    assertStringIncludes(typed.stderr, message);
    assertStringIncludes(typed.stderr, hint);
    const isWellFormed = message.startsWith("PAIR");
    assertEquals(said, [isWellFormed ? "PEER_GONE" : RECORD.decline]);
    assertEquals(await kept(cedar), []);
  }
});
