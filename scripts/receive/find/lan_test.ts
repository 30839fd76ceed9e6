/**
 * The search on the local network among hosts that announce what they like, and after a cut: real
 * sockets, on loopback, where the attacker has an address of its own.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Bytes } from "../../../lib/bytes.ts";
import {
  generatePassphrase,
  nameInWords,
} from "../../../lib/crypto/passphrase.ts";
import { Announcer } from "../../../lib/discovery/announcer.ts";
import { InterfaceWatch, nameInstance } from "../../../lib/discovery/mdns.ts";
import { SpreadError } from "../../../lib/errors.ts";
import type { Share } from "../../../lib/protocol/share.ts";
import { newShare, NO_EVENTS } from "../../../lib/testing/shares.ts";
import type { Channel } from "../../../lib/transports/channel.ts";
import { SenderRoom } from "../../../lib/transports/relay/sender_room.ts";
import { listenTcp } from "../../../lib/transports/tcp.ts";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { RawPeer } from "../../../tests/support/mdns_peer.ts";
import { Proxy } from "../../../tests/support/proxy.ts";
import { dialLan } from "./lan.ts";
import type { DialOptions, Sender } from "./sender.ts";
import { dialAnywhere } from "./through_relay.ts";

const TYPE = "_claude-distill._tcp.local";
const HONEST = "127.0.0.1";
const HOSTILE = "127.0.0.2";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);
const newWords = () => generatePassphrase(fillRandom);
const ignore = Deno.build.os !== "linux";
if (ignore) console.log("a second address on loopback needs Linux");

/** A listener with a new share for each connection, so that nobody is refused before a guess. */
class Serving implements AsyncDisposable {
  /** Wrong proofs, on connections that have been closed. */
  guesses = 0;
  readonly #passphrase: string;
  readonly #listener;
  readonly #serving: Promise<void>[] = [];
  readonly #shares: Share[] = [];
  readonly #running: Promise<void>;

  constructor(passphrase: string, hostname: string) {
    this.#passphrase = passphrase;
    this.#listener = listenTcp({ port: 0, hostname });
    this.#running = this.serveAll(this.#listener);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Serves whoever comes there as well, in the room of this code. */
  async serveAll(
    channels: AsyncIterable<Channel>,
    roomCode = "",
  ): Promise<void> {
    for await (const channel of channels) {
      this.#serving.push(this.#serve(channel, roomCode));
    }
  }

  async #serve(channel: Channel, roomCode: string): Promise<void> {
    const share = await newShare(this.#passphrase);
    this.#shares.push(share);
    await share.serve(channel, NO_EVENTS, roomCode).catch(() => {});
    this.guesses += share.guesses.total;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener[Symbol.dispose]();
    await this.#running;
    const over = new SpreadError("INTERRUPTED", "The test is over");
    await Promise.all(this.#shares.map((share) => share.stop(over)));
    await Promise.all(this.#serving);
  }
}

/** Announces the share of `port`, by this name or room. */
function announcing(
  by: { name: string } | { room: string },
  port: number,
  instance = nameInstance(fillRandom),
) {
  const watch = new InterfaceWatch(() => Deno.networkInterfaces(), HONEST);
  return Announcer.open({ instance, port, kind: "distillation", ...by }, {
    watch,
    fillRandom,
  });
}

/** An answer that puts shares of this name at a port of the hostile host. */
function forge(name: string, port: number, instances: string[]) {
  const target = "hostile.local";
  const about = instances.flatMap((instance) => [
    {
      name: `${instance}.${TYPE}`,
      type: "SRV",
      ttl: 120,
      data: { port, target },
    },
    {
      name: `${instance}.${TYPE}`,
      type: "TXT",
      ttl: 120,
      data: ["v=2", `name=${name}`],
    },
  ]);
  const answers = [...about, {
    name: target,
    type: "A",
    ttl: 120,
    data: HOSTILE,
  }];
  return { type: "response" as const, answers };
}

/** Answers every question with that many forged shares. */
async function floodAnswers(
  name: string,
  port: number,
  count: number,
): Promise<RawPeer> {
  const peer = await RawPeer.open(5353);
  const instances = Array.from(
    { length: count },
    () => nameInstance(fillRandom),
  );
  const message = forge(name, port, instances);
  peer.on(
    ({ type, questions }) =>
      type === "query" && questions.some(({ name }) => name === TYPE),
    () => void peer.send(message),
  );
  await peer.send(message);
  return peer;
}

function dialing(passphrase: string, guesses = { spent: 0 }): DialOptions {
  const { signal } = new AbortController();
  const onIdle = () => {};
  return {
    secret: passphrase,
    legacy: false,
    fillRandom,
    onIdle,
    guesses,
    signal,
  };
}

function dial(
  passphrase: string,
  timeoutMs: number,
  guesses = { spent: 0 },
): Promise<Sender> {
  const where = { interface: HONEST, timeoutMs, onCandidate: () => {} };
  return dialLan(dialing(passphrase, guesses), where);
}

async function close({ channel }: Sender): Promise<void> {
  channel.abort(new SpreadError("INTERRUPTED", "The test is over"));
  await channel[Symbol.asyncDispose]();
}

Deno.test({
  name:
    "dialLan() finds a share, while another host announces 40 of its name that say nothing",
  ignore,
  fn: async () => {
    const words = newWords();
    const name = nameInWords(words);
    await using honest = new Serving(words, HONEST);
    using silent = Deno.listen({ hostname: HOSTILE, port: 0 });
    using _flood = await floodAnswers(name, silent.addr.port, 40);
    const start = performance.now();
    const finding = dial(words, 20_000);
    using _first = await silent.accept();
    await using _announcer = await announcing({ name }, honest.port);
    await close(await finding);
    // Less than the time limit of one handshake.
    assert(performance.now() - start < 8_000);
    assertEquals(honest.guesses, 0);
  },
});

Deno.test({
  name:
    "dialLan() spends ten guesses at most, those of earlier searches included",
  ignore,
  fn: async () => {
    const words = newWords();
    await using hostile = new Serving(newWords(), HOSTILE);
    using _flood = await floodAnswers(nameInWords(words), hostile.port, 40);
    const guesses = { spent: 4 };
    const error = await assertRejects(
      () => dial(words, 10_000, guesses),
      SpreadError,
    );
    assertEquals(error.code, "PASSPHRASE_REFUSED");
    // Counts those too that are being closed.
    await hostile[Symbol.asyncDispose]();
    assertEquals([guesses.spent, hostile.guesses], [10, 6]);
  },
});

Deno.test({
  name:
    "again() finds the sender where it was, when another host has taken its name",
  ignore,
  fn: async () => {
    const words = newWords();
    const name = nameInWords(words);
    const instance = nameInstance(fillRandom);
    await using honest = new Serving(words, HONEST);
    await using hostile = new Serving(newWords(), HOSTILE);
    let sender: Sender;
    {
      await using _announcer = await announcing(
        { name },
        honest.port,
        instance,
      );
      sender = await dial(words, 10_000);
    }
    await close(sender);
    using peer = await RawPeer.open(5353);
    const forged = forge(name, hostile.port, [instance]);
    peer.on(({ type }) => type === "query", () => void peer.send(forged));
    await close(await sender.again());
    assertEquals(hostile.guesses, 1);
  },
});

Deno.test({
  name: "again() tries the words nowhere once ten guesses are spent",
  ignore,
  fn: async () => {
    const words = newWords();
    const name = nameInWords(words);
    await using honest = new Serving(words, HONEST);
    const guesses = { spent: 0 };
    let sender: Sender;
    {
      await using _announcer = await announcing({ name }, honest.port);
      sender = await dial(words, 10_000, guesses);
    }
    await close(sender);
    guesses.spent = 10;
    // Nothing is announced any more; at the old address the right sender still listens.
    const error = await assertRejects(() => sender.again(), SpreadError);
    assertEquals([error.code, guesses.spent], ["PASSPHRASE_REFUSED", 10]);
  },
});

/** Opens a room for a sender. */
async function openRoom(url: string): Promise<SenderRoom> {
  const { signal } = new AbortController();
  const events = { lost() {}, found() {}, ended() {} };
  return await SenderRoom.open({ url, fillRandom, signal, events });
}

Deno.test("dialAnywhere() reports what the sender has said through the relay, when a share that nobody serves is announced", async () => {
  await using relay = await startLocalRelay();
  await using room = await openRoom(relay.url);
  const { roomCode } = room;
  await using far = new Serving(newWords(), HONEST);
  const serving = far.serveAll(room, roomCode);
  const port = Number(new URL(relay.url).port);
  await using slow = new Proxy({ port, holdAfter: [1] });
  await using _announcer = await announcing({ room: roomCode }, 9);
  const address = {
    url: `ws://${slow.address}`,
    roomCode,
    timeoutMs: 60_000,
    onQueued() {},
    onSilent() {},
  };
  const onCandidate = () => slow.release();
  const where = { interface: HONEST, timeoutMs: 60_000, onCandidate };
  const error = await assertRejects(
    () => dialAnywhere(dialing(newWords()), address, where),
    SpreadError,
  );
  assertEquals(error.code, "PASSPHRASE_REFUSED");
  await room[Symbol.asyncDispose]();
  await serving;
});

Deno.test("again() finds the sender in its room, when it has left the local network", async () => {
  const words = newWords();
  await using relay = await startLocalRelay();
  await using room = await openRoom(relay.url);
  const { roomCode } = room;
  await using far = new Serving(words, HONEST);
  const serving = far.serveAll(room, roomCode);
  const address = {
    // The relay may be as fast, and is not wanted before the cut.
    url: "ws://127.0.0.1:9",
    roomCode,
    timeoutMs: 10_000,
    onQueued() {},
    onSilent() {},
  };
  const where = { interface: HONEST, timeoutMs: 10_000, onCandidate() {} };
  let sender: Sender;
  {
    await using near = new Serving(words, HONEST);
    await using _announcer = await announcing({ room: roomCode }, near.port);
    sender = await dialAnywhere(dialing(words), address, where);
    await close(sender);
  }
  address.url = relay.url;
  await close(await sender.again());
  await room[Symbol.asyncDispose]();
  await serving;
});
