/**
 * The search on the local network among hosts that announce what they like: real sockets, on
 * loopback, where the attacker has an address of its own.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Bytes, utf8 } from "../../../lib/bytes.ts";
import {
  generatePassphrase,
  nameInWords,
} from "../../../lib/crypto/passphrase.ts";
import {
  announce,
  InterfaceWatch,
  nameInstance,
} from "../../../lib/discovery/mdns.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { Share } from "../../../lib/protocol/share.ts";
import { BytesPayload } from "../../../lib/files/payload_source.ts";
import type { Channel } from "../../../lib/transports/channel.ts";
import { listenTcp } from "../../../lib/transports/tcp.ts";
import { RawPeer } from "../../../tests/support/mdns_peer.ts";
import { dialLan } from "./lan.ts";
import type { Sender } from "./sender.ts";

const TYPE = "_claude-distill._tcp.local";
const HONEST = "127.0.0.1";
const HOSTILE = "127.0.0.2";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);
const newWords = () => generatePassphrase(fillRandom);
const ignore = Deno.build.os !== "linux";
if (ignore) console.log("a second address on loopback needs Linux");

function makeShare(passphrase: string): Share {
  const source = new BytesPayload(utf8("text"));
  const { size, sha256 } = source;
  const created = new Date(0).toISOString();
  const offer = {
    kind: "distillation",
    name: "a.md",
    size,
    sha256,
    created,
  } as const;
  return new Share({ passphrase, offer, source, legacy: false, fillRandom });
}

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
    this.#running = this.#run();
  }

  get port(): number {
    return this.#listener.port;
  }

  async #run(): Promise<void> {
    for await (const channel of this.#listener) {
      this.#serving.push(this.#serve(channel));
    }
  }

  async #serve(channel: Channel): Promise<void> {
    const share = makeShare(this.#passphrase);
    this.#shares.push(share);
    const events = {
      confirmed() {},
      chosen() {},
      progress() {},
      delivered() {},
    };
    await share.serve(channel, events).catch(() => {});
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

/** Announces the share of `port`, by this name. */
function announcing(
  name: string,
  port: number,
  instance = nameInstance(fillRandom),
) {
  const watch = new InterfaceWatch(() => Deno.networkInterfaces(), HONEST);
  return announce({ instance, port, kind: "distillation", name }, {
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

function dial(
  passphrase: string,
  timeoutMs: number,
  guesses = { spent: 0 },
): Promise<Sender> {
  return dialLan({
    passphrase,
    legacy: false,
    fillRandom,
    onIdle: () => {},
    guesses,
    signal: new AbortController().signal,
  }, { interface: HONEST, timeoutMs, onCandidate: () => {} });
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
    await using _announcer = await announcing(name, honest.port);
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
      await using _announcer = await announcing(name, honest.port, instance);
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
