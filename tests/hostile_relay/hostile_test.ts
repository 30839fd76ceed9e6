/**
 * Commands with a relay that breaks every rule: their memory stays bounded, they still share and
 * receive on the local network, and they say once what is wrong with the relay.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { OPCODES } from "../../relay/testing/raw_client.ts";
import { assertFailure, assertSuccess, until } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { APART } from "../support/relay_share.ts";
import { type RawPeer, RawRelay } from "../support/raw_relay.ts";

const DOCUMENT = "# Whatever the relay does\n";
const MIB = 1024 * 1024;

/** Duration of an attack, in milliseconds. */
const ATTACK_MS = 1_500;

/**
 * Most memory that an attack may cost, in bytes, beside garbage: 4 MiB are usual, and the engine's
 * space for young objects may grow to 48 MiB meanwhile.
 */
const MAX_COST_BYTES = 64 * MIB;

/** The same, in bytes, for attacks with many small frames, each of which leaves garbage. */
const MAX_GARBAGE_BYTES = 96 * MIB;

const NOT_UNDERSTOOD =
  "The relay sent a message that this program does not understand";

/** Sends the same piece again and again, until the client is gone or the time is up. */
async function flood(peer: RawPeer, piece: Uint8Array): Promise<void> {
  const many = Math.max(1, Math.floor(65_536 / piece.length));
  const bytes = new Uint8Array(many * piece.length);
  for (let i = 0; i < many; i++) bytes.set(piece, i * piece.length);
  const over = Promise.withResolvers<void>();
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    over.resolve();
  }, ATTACK_MS);
  const writing = (async () => {
    while (!isOver) await peer.write(bytes);
  })();
  // A client that reads slowly may hold the last piece up.
  await Promise.race([writing, over.promise]).finally(() =>
    clearTimeout(timer)
  );
  writing.catch(() => {});
}

/** Encodes a frame of a server. */
function server(
  opcode: number,
  payload: Uint8Array | string,
  isFinal = true,
): Uint8Array {
  const body = typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
  const head = body.length < 126
    ? [body.length]
    : [126, body.length >> 8, body.length & 0xff];
  const bytes = new Uint8Array(1 + head.length + body.length);
  bytes.set([(isFinal ? 0x80 : 0) | opcode, ...head]);
  bytes.set(body, 1 + head.length);
  return bytes;
}

const word = (message: object) => server(OPCODES.text, JSON.stringify(message));
const joined = word({ type: "PEER_JOINED", peer_id: "peer-1" });
const left = word({ type: "PEER_DISCONNECTED", peer_id: "peer-1" });
const both = new Uint8Array([...joined, ...left]);

/** Attacks once a room is open, with the message that the person gets: `null` for none. */
const ATTACKS: [
  what: string,
  attack: (peer: RawPeer) => Promise<void>,
  told: string | null,
  maxBytes?: number,
][] = [
  [
    "receivers that come and go without end",
    (peer) => flood(peer, both),
    null,
  ],
  [
    "receivers that only come",
    (peer) => flood(peer, joined),
    "The relay announced a receiver before the last one was released",
  ],
  [
    "one message in endless fragments",
    async (peer) => {
      await peer.write(server(OPCODES.binary, new Uint8Array(1), false));
      await flood(peer, server(OPCODES.more, new Uint8Array(60_000), false));
    },
    NOT_UNDERSTOOD,
  ],
  [
    "one message in endless fragments of nothing",
    async (peer) => {
      await peer.write(server(OPCODES.binary, new Uint8Array(1), false));
      await flood(peer, server(OPCODES.more, "", false));
    },
    NOT_UNDERSTOOD,
  ],
  [
    "a message of a terabyte",
    async (peer) => {
      const announced = 2 ** 40;
      await peer.frame(OPCODES.binary, "", { announced });
      await flood(peer, new Uint8Array(65_536));
    },
    NOT_UNDERSTOOD,
  ],
  [
    "pings without end",
    (peer) => flood(peer, server(OPCODES.ping, "x".repeat(125))),
    NOT_UNDERSTOOD,
  ],
  [
    "frames of nobody",
    (peer) => flood(peer, server(OPCODES.binary, new Uint8Array(60_000))),
    null,
  ],
  [
    "empty frames of a receiver that never leaves",
    async (peer) => {
      await peer.write(joined);
      await flood(peer, server(OPCODES.binary, ""));
    },
    null,
    MAX_GARBAGE_BYTES,
  ],
  [
    "words that mean nothing, without end",
    (peer) => flood(peer, word({ type: "PONG" })),
    null,
    MAX_GARBAGE_BYTES,
  ],
];

/** Reads a number of bytes from the status of a process. */
async function memoryOf(pid: number, field: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  return Number(kib) * 1024;
}

for (const [what, attack, told, maxBytes = MAX_COST_BYTES] of ATTACKS) {
  Deno.test({
    name: `serve keeps its memory and goes on, when the relay sends ${what}`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      let isOver = false;
      const begin = Promise.withResolvers<void>();
      await using relay = new RawRelay(async (peer) => {
        await peer.write(CREATED);
        await begin.promise;
        await attack(peer).finally(() => isOver = true);
      });
      await using alice = await Machine.make();
      await using bob = await Machine.make();
      const file = await alice.write("doc.md", DOCUMENT);
      const args = ["--relay", relay.url, "pass phrase", file];
      await using sharing = await alice.share(args);
      const { pid } = sharing;
      const before = await memoryOf(pid, "VmRSS");
      begin.resolve();
      await until("the end of the attack", () => isOver);
      const cost = await memoryOf(pid, "VmHWM") - before;
      assert(cost < maxBytes, `${Math.round(cost / MIB)} MiB`);
      if (told !== null) {
        const event = await sharing.event("relay");
        assertEquals([event.state, event.error], ["ended", "BAD_MESSAGE"]);
      }
      const ended = await bob.run("receive", ["pass phrase", sharing.address]);
      assertSuccess(ended);
      assertEquals(ended.text, DOCUMENT);
      const { stderr } = await sharing.stop();
      if (told !== null) {
        const sentence = `${told}: only the local network is left`;
        assertEquals(stderr.split(sentence).length, 2, stderr);
      }
      // The log reports an error that many receivers share a few times only.
      assert(stderr.split("\n").length < 12, stderr);
    },
  });
}

const CREATED = word({
  type: "ROOM_CREATED",
  room_id: "k7m2xq",
  resume_token: "t",
});

Deno.test({
  name: "receive keeps its memory, when the relay sends endless fragments",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    let peak = 0;
    await using bob = await Machine.make();
    await using relay = new RawRelay(async (peer) => {
      await peer.write(server(OPCODES.text, "{", false));
      await flood(peer, server(OPCODES.more, new Uint8Array(60_000), false));
    });
    const words = ["--relay", relay.url, "--room", "k7m2xq", "pass phrase"];
    await using receiving = bob.start("receive", words, APART);
    await until("its answer", async () => {
      peak = await memoryOf(receiving.pid, "VmHWM").catch(() => NaN) || peak;
      return (relay.peers[0]?.sentBytes ?? 0) > 8 * MIB;
    });
    const watch = setInterval(async () => {
      peak = await memoryOf(receiving.pid, "VmHWM").catch(() => NaN) || peak;
    }, 20);
    const ended = await receiving.ended;
    clearInterval(watch);
    assertFailure(ended, "BAD_MESSAGE", NOT_UNDERSTOOD);
    assert(peak < 200 * MIB, `${Math.round(peak / MIB)} MiB`);
  },
});
