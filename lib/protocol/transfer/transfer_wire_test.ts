/**
 * A transfer disturbed on its way: records changed, dropped, repeated and reordered,
 * connections cut, silence.
 */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes } from "../../bytes.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { RECORD } from "./record_types.ts";
import {
  connectLoopback,
  pause,
  secure,
  transfer,
  waitUntil,
} from "../../testing/protocol.ts";
import {
  MemorySink,
  MemorySource,
  offerOf,
  payloadOf,
} from "../../testing/payloads.ts";
import {
  flip,
  interpose,
  type Rewrite,
  type Way,
} from "../../testing/interposed.ts";
import type { SecureChannelOptions } from "../secure_channel.ts";

const PIECE_BYTES = 512 * 1024;
/** Six pieces; the receiver reports its position after every second one. */
const PAYLOAD = payloadOf(6 * PIECE_BYTES);
const OFFER = await offerOf(PAYLOAD);

/** Records of an undisturbed transfer: OFFER, six DATA, END · ACCEPT, three CREDIT, RECEIPT. */
const RECORDS: Record<Way, number> = { toReceiver: 8, toSender: 5 };
const WAYS: Way[] = ["toReceiver", "toSender"];

/** No keep-alive falls among the records that these tests count. */
const TIMING = {
  keepAliveMs: 60_000,
  silenceMs: 60_000,
  firstDataBytes: PIECE_BYTES,
};

/** Keep-alives reveal a record that was dropped at the end: theirs then has the wrong number. */
const WITH_KEEP_ALIVE = { ...TIMING, keepAliveMs: 200 };

/** Outcome of a transfer with a man in the middle. */
interface Run {
  sender: string;
  receiver: string;
  isFinished: boolean;
  seen: Record<Way, Bytes[]>;
}

async function runThrough(
  rewrite: Rewrite,
  timing: SecureChannelOptions = TIMING,
): Promise<Run> {
  await using middle = interpose(rewrite);
  const pair = await secure([middle.sender, middle.receiver], timing);
  const source = new MemorySource(PAYLOAD, { pieceBytes: PIECE_BYTES });
  const sink = new MemorySink();
  const [sender, receiver] = await transfer(
    pair,
    OFFER,
    source,
    () => Promise.resolve(sink),
  );
  await waitUntil(() => source.active === 0);
  return { sender, receiver, isFinished: sink.finished > 0, seen: middle.seen };
}

Deno.test("transfer has the records that these tests count on, when nobody interferes", async () => {
  const run = await runThrough((_way, _index, frame) => [frame]);
  assertEquals([run.sender, run.receiver], ["delivered", "stored"]);
  const types = (way: Way) => run.seen[way].map((frame) => frame[0]);
  const { offer, data, end, accept, credit, receipt } = RECORD;
  assertEquals(types("toReceiver"), [offer, ...Array(6).fill(data), end]);
  assertEquals(types("toSender"), [accept, credit, credit, credit, receipt]);
  assertEquals(types("toReceiver").length, RECORDS.toReceiver);
  assertEquals(types("toSender").length, RECORDS.toSender);
});

/** Things that a man in the middle may do to one record; `held` is the record he kept back before. */
const TAMPERINGS: [
  name: string,
  tamper: (frame: Bytes, held: Bytes[]) => Bytes[],
  timing?: SecureChannelOptions,
][] = [
  ["drops", () => [], WITH_KEEP_ALIVE],
  ["repeats", (frame) => [frame, frame]],
  ["holds back until after the next one", (frame, held) => {
    held.push(frame);
    return [];
  }, WITH_KEEP_ALIVE],
  ["cuts a byte off", (frame) => [frame.slice(0, -1)]],
  ["cuts everything off but the type of", (frame) => [frame.slice(0, 1)]],
  ["empties", () => [new Uint8Array(0)]],
  ["appends a byte to", (frame) => [concatBytes(frame, Uint8Array.of(0))]],
  ["changes the type of", (frame) => [flip(frame, 0)]],
  ["changes the first byte of", (frame) => [flip(frame, 1)]],
  ["changes the last byte of", (frame) => [flip(frame, frame.length - 1)]],
  ["puts a record of his own before", (frame) => [
    concatBytes(Uint8Array.of(RECORD.keepAlive), new Uint8Array(16)),
    frame,
  ]],
];

for (const way of WAYS) {
  for (const [name, tamper, timing] of TAMPERINGS) {
    Deno.test(`transfer is refused, when someone in between ${name} any one record ${way}`, async () => {
      const positions = Array.from({ length: RECORDS[way] }, (_, i) => i);
      await Promise.all(positions.map(async (position) => {
        const run = await runThrough(
          tampering(way, position, tamper),
          timing,
        );
        assertRefused(run, way, position);
      }));
    });
  }
}

/** Tampers with the record at `position` in this direction; a record held back follows the next one. */
function tampering(
  way: Way,
  position: number,
  tamper: (frame: Bytes, held: Bytes[]) => Bytes[],
): Rewrite {
  const held: Bytes[] = [];
  return (aWay, index, frame) => {
    if (aWay !== way) return [frame];
    if (index === position) return tamper(frame, held);
    return [frame, ...held.splice(0)];
  };
}

function assertRefused(run: Run, way: Way, position: number): void {
  // Nobody reads what follows the last record of a complete transfer.
  const isLast = position === RECORDS[way] - 1;
  if (isLast && run.sender === "delivered") {
    assertEquals([run.receiver, run.isFinished], ["stored", true]);
  } else if (way === "toReceiver") {
    assertEquals(
      [run.receiver, run.sender, run.isFinished],
      ["RECORD_REFUSED", "PEER_GONE", false],
      `record ${position}`,
    );
  } else {
    assertEquals(run.sender, "RECORD_REFUSED", `record ${position}`);
    assertStoredIfComplete(run);
  }
}

/** The receiver may have the payload without the sender's knowing it, but only all of it. */
function assertStoredIfComplete(run: Run): void {
  const isComplete = run.seen.toReceiver.length >= RECORDS.toReceiver;
  assertEquals(run.receiver === "stored", run.isFinished);
  if (!isComplete) {
    assertEquals([run.receiver, run.isFinished], ["PEER_GONE", false]);
  }
}

for (const way of WAYS) {
  Deno.test(`transfer is not delivered, when the connection is cut before any record ${way}`, async () => {
    for (let position = 0; position < RECORDS[way]; position++) {
      const run = await runThrough((aWay, index, frame) =>
        aWay === way && index === position ? "cut" : [frame]
      );
      assertEquals(run.sender, "PEER_GONE", `record ${position}`);
      assertStoredIfComplete(run);
    }
  });
}

Deno.test("transfer does not take records of an earlier connection, with the same keys even", async () => {
  const earlier = await runThrough((_way, _index, frame) => [frame]);
  const data = earlier.seen.toReceiver.find((frame) =>
    frame[0] === RECORD.data
  )!;
  const run = await runThrough((way, index, frame) =>
    way === "toReceiver" && index === 2 ? [data] : [frame]
  );
  assertEquals([run.receiver, run.isFinished], ["RECORD_REFUSED", false]);
});

// ---- time

const CONNECTIONS: [
  transport: string,
  connect: () => Promise<[Channel, Channel]>,
][] = [
  ["memory", () => Promise.resolve(connectMemory())],
  ["TCP", connectLoopback],
];

/** A step of the transfer that takes much longer than the silence limit. */
const SLOW_MS = 1_800;

interface SlowSteps {
  accept?: boolean;
  sink?: boolean;
  source?: boolean;
  finish?: boolean;
}

async function runSlowly(
  slow: SlowSteps,
  ends: [Channel, Channel],
  timing: SecureChannelOptions,
): Promise<[sender: string, receiver: string]> {
  const wait = (isSlow?: boolean) =>
    isSlow ? pause(SLOW_MS) : Promise.resolve();
  const source = new MemorySource(PAYLOAD, {
    pieceBytes: PIECE_BYTES,
    before: (position) => wait(slow.source && position === 2 * PIECE_BYTES),
  });
  const sink = new MemorySink(undefined, {
    before: (position) => wait(slow.sink && position === PIECE_BYTES),
    beforeFinish: () => wait(slow.finish),
  });
  const pair = await secure(ends, timing);
  const outcomes = await transfer(pair, OFFER, source, async () => {
    await wait(slow.accept);
    return sink;
  });
  await waitUntil(() => source.active === 0);
  return outcomes;
}

const SLOW: SlowSteps[] = [
  { accept: true },
  { sink: true },
  { source: true },
  { finish: true },
];

for (const [transport, connect] of CONNECTIONS) {
  Deno.test(`keep-alives carry a transfer through any slow step, over ${transport}`, async () => {
    const timing = { keepAliveMs: 20, silenceMs: 800 };
    const runs = await Promise.all(
      SLOW.map(async (slow) => runSlowly(slow, await connect(), timing)),
    );
    assertEquals(runs, SLOW.map(() => ["delivered", "stored"]));
  });
}

Deno.test("a slow step is taken for silence, when no keep-alives come", async () => {
  const timing = { keepAliveMs: 60_000, silenceMs: 400 };
  const runs = await Promise.all(
    SLOW.map((slow) => runSlowly(slow, connectMemory(), timing)),
  );
  for (const [sender] of runs) assertSilence(sender);
});

/** The side that waits gives up; chance decides which side that is. */
function assertSilence(sender: string): void {
  assert(["PEER_SILENT", "PEER_GONE"].includes(sender), sender);
}

Deno.test("transfer ends in time, when the network swallows everything from some record on", async () => {
  for (const from of [0, 3, 7]) {
    const run = await runThrough(
      (way, index, frame) =>
        way === "toReceiver" && index < from ? [frame] : [],
      { keepAliveMs: 40, silenceMs: 200 },
    );
    assertSilence(run.sender);
    assertSilence(run.receiver);
    assertEquals(run.isFinished, false);
  }
});
