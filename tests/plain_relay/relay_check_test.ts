/**
 * `relay --check` of relays that are not ours: plain ones, and those with a fault.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { SpreadErrorCode } from "../../lib/errors.ts";
import { pause } from "../../lib/waiting.ts";
import { assertFailure, assertSuccess, until } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import type { Ended } from "../support/output.ts";
import { OldSender } from "./_old_peer.ts";
import { PLAIN, PlainRelay, type Variant } from "../support/plain_relay.ts";

/** Longer than the words with which the two ends know each other. */
const LARGE = 1024;

const isLarge = (message: Uint8Array) => message.length > LARGE;

/** Changes the last byte of a message. */
function alter(message: Uint8Array): Uint8Array {
  const altered = message.slice();
  altered[altered.length - 1]! ^= 1;
  return altered;
}

async function check(url: string, ...args: string[]): Promise<Ended> {
  await using machine = await Machine.make();
  return await machine.run("relay_check", ["--check", url, ...args]);
}

/** Checks that a check fails at a step, and that no room is left. */
async function assertFault(
  relay: PlainRelay,
  step: string,
  ...words: [code: SpreadErrorCode, message: string, hint: string]
): Promise<void> {
  const ended = await check(relay.url, "--json");
  assertFailure(ended, ...words);
  const last = ended.events.at(-2)!;
  assertEquals([last.event, last.step, last.passed], ["check", step, false]);
  await until("the room to close", () => relay.roomCount === 0);
}

for (
  const [name, variant] of [
    ["a plain relay", {}],
    ["one that forwards text as binary", { isBinary: true }],
    ["one that sends back what it forwards", { echoes: true }],
    ["one whose codes have no digit", { codes: ["planet"] }],
  ] satisfies [string, Partial<Variant>][]
) {
  Deno.test(`relay --check passes ${name}, and says what it lacks`, async () => {
    const codes = PLAIN.codes;
    await using relay = await PlainRelay.start({ codes, ...variant });
    const ended = await check(relay.url);
    assertSuccess(ended);
    assertStringIncludes(
      ended.stderr,
      "speaks the Python version's specification only",
    );
    assertStringIncludes(ended.stderr, "the share gets a new room code");
    assertStringIncludes(ended.stderr, "does not know topics: pairs find");
    assertStringIncludes(ended.stderr, "does not keep drops");
    assertStringIncludes(ended.stderr, "this relay works");
    assert(relay.forwardedBytes > 2 * 1024 * 1024, `${relay.forwardedBytes}`);
    await until("the room to close", () => relay.roomCount === 0);
  });
}

/** Relays with a fault, and at which step it is told how. */
const FAULTS: [
  name: string,
  variant: Partial<Variant>,
  step: string,
  code: SpreadErrorCode,
  message: string,
  hint: string,
][] = [
  [
    "changes a byte of what is large",
    { forwards: (m) => Promise.resolve(isLarge(m) ? alter(m) : m) },
    "to_sender",
    "RECORD_REFUSED",
    "The relay changes, loses or repeats what it forwards",
    "Use another relay",
  ],
  [
    "changes a byte of what is small",
    { forwards: (m) => Promise.resolve(m[0] === 0x53 ? alter(m) : m) },
    "room",
    "RECORD_REFUSED",
    "The relay changes, loses or repeats what it forwards",
    "Use another relay",
  ],
  [
    "cuts off the end of a message",
    { forwards: (m) => Promise.resolve(isLarge(m) ? m.subarray(0, -1) : m) },
    "to_sender",
    "RECORD_REFUSED",
    "The relay changes, loses or repeats what it forwards: a message differs from the one that was sent, from byte 262160 on",
    "Use another relay",
  ],
  [
    "knows nothing of the room that it has made",
    { leads: () => "other1" },
    "room",
    "NO_ROOM",
    "The relay does not know the room that it has just made",
    "several instances",
  ],
  [
    "speaks two specifications",
    { givesToken: true },
    "room",
    "BAD_MESSAGE",
    "The relay speaks one specification with the sender and another with the receiver",
    "only one version",
  ],
  [
    "takes no large message",
    { maxMessageBytes: 200_000 },
    "to_sender",
    "FRAME_TOO_LARGE",
    "The relay does not forward messages of 256 KiB",
    "RELAY_MAX_MSG_SIZE",
  ],
  [
    "makes codes that nobody can type",
    { codes: ["9VXMOD"] },
    "specification",
    "BAD_MESSAGE",
    "The room code of the relay is not six letters and digits",
    "Use another relay",
  ],
  [
    "says an unknown word",
    { answer: '{"type":"WELCOME"}' },
    "specification",
    "BAD_MESSAGE",
    "The relay sent a message that this program does not understand",
    "Check that the address",
  ],
  [
    "is full",
    { answer: '{"type":"ERROR","reason":"too_many_rooms"}' },
    "specification",
    "RELAY_BUSY",
    "The relay has no free room",
    "another relay",
  ],
];

for (const [name, variant, step, ...words] of FAULTS) {
  Deno.test(`relay --check fails with ${words[0]}, when the relay ${name}`, async () => {
    await using relay = await PlainRelay.start({ ...PLAIN, ...variant });
    await assertFault(relay, step, ...words);
  });
}

Deno.test("relay --check says so, when the relay closes in the middle", async () => {
  await using relay = await PlainRelay.start({
    ...PLAIN,
    forwards: (message) => {
      if (isLarge(message)) relay.cut();
      return Promise.resolve(message);
    },
  });
  await assertFault(
    relay,
    "to_sender",
    "PEER_GONE",
    "The relay ended the connection with 1 MiB on its way to the sender",
    "Try again",
  );
});

Deno.test("relay --check says so, when somebody else answers in its room", async () => {
  const codes = ["9vxmod", "b2o0il"];
  const variant = { codes, leads: () => "9vxmod" };
  await using relay = await PlainRelay.start(variant);
  await using stranger = await OldSender.open(relay.url, "# a\n", "pass");
  assertFailure(
    await check(relay.url, "--json"),
    "BAD_MESSAGE",
    "The relay mixes up rooms",
    "Use another relay",
  );
  assertEquals(stranger.attempts, 0);
  await until("the room to close", () => relay.roomCount === 1);
});

Deno.test("relay --check waits for a bounded time, and then says for what", async () => {
  const ending = new AbortController();
  let last = Promise.resolve();
  const slowly = (message: Uint8Array) => {
    if (isLarge(message)) last = last.then(() => pause(8_000, ending.signal));
    return last.then(() => message);
  };
  const cases: Parameters<typeof assertFault>[] = [];
  const relays = new AsyncDisposableStack();
  const expect = async (
    variant: Partial<Variant>,
    ...words: [string, SpreadErrorCode, message: string, hint: string]
  ) => {
    const relay = await PlainRelay.start({ ...PLAIN, ...variant });
    cases.push([relays.use(relay), ...words]);
  };
  await expect(
    { answer: null },
    "specification",
    "RELAY_UNREACHABLE",
    "Cannot reach the relay",
    "Check the network",
  );
  await expect(
    { isClosed: true },
    "room",
    "PEER_SILENT",
    "The relay does not let a receiver into the room that it has just made",
    "another relay",
  );
  await expect(
    { forwards: () => Promise.resolve(null) },
    "room",
    "PEER_SILENT",
    "The relay has forwarded nothing for 10 seconds",
    "another relay",
  );
  await expect(
    { forwards: (m) => Promise.resolve(isLarge(m) ? null : m) },
    "to_sender",
    "PEER_SILENT",
    "The relay forwarded 0 of 4 messages of 256 KiB",
    "limits of the relay",
  );
  await expect(
    { forwards: slowly },
    "to_sender",
    "PEER_SILENT",
    "The check did not finish within 25 seconds",
    "slow",
  );
  await using _relays = relays;
  try {
    await Promise.all(cases.map((words) => assertFault(...words)));
  } finally {
    ending.abort();
  }
});
