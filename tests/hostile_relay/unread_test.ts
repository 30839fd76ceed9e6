/**
 * A relay that stops reading in the middle of a transfer, and goes on sending signs of life: a
 * share ends all the same, as soon as its owner says so.
 *
 * @module
 */

import { assert } from "@std/assert";
import { close, pump, streamOf, writeAll } from "../../lib/testing/streams.ts";
import { pause } from "../../lib/testing/protocol.ts";
import { startLocalRelay } from "../../relay/testing/local_relay.ts";
import { frame, OPCODES } from "../../relay/testing/raw_client.ts";
import { assertFailure, randomBytes } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { APART } from "../support/relay_share.ts";

const MIB = 1024 * 1024;

const SIZE = 16 * MIB;

/** Bytes from the sender that the relay reads: so few that the system's buffers stay small. */
const READ_BYTES = 32 * 1024;

/** Time in which the sender fills those buffers, in milliseconds. */
const FILL_MS = 500;

/** Longest time to the end of a share, in milliseconds: 5 seconds for STOP, and some for the rest. */
const END_MS = 20_000;

const PING = frame(OPCODES.ping, "", { isMasked: false });

/** The way of one sender to a relay on `port`. */
class Way implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #stuck = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  readonly #passing: Promise<void>;

  constructor(port: number) {
    this.#passing = this.#pass(port);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** Resolves once nothing more is read. */
  get stuck(): Promise<void> {
    return this.#stuck.promise;
  }

  async #pass(port: number): Promise<void> {
    const sender = await this.#listener.accept();
    const relay = await Deno.connect({ hostname: "127.0.0.1", port });
    const ends = [streamOf(sender), streamOf(relay)] as const;
    let readBytes = 0;
    let isStuck = false;
    const both = Promise.allSettled([
      pump(ends[0], ends[1], async ({ length }) => {
        readBytes += length;
        if (readBytes < READ_BYTES) return;
        isStuck = true;
        this.#stuck.resolve();
        await this.#over.promise;
      }),
      pump(ends[1], ends[0], async () => {
        if (isStuck) await this.#over.promise;
      }),
    ]);
    const pinging = setInterval(() => {
      if (isStuck) writeAll(sender, PING).catch(() => {});
    }, 200);
    await this.#over.promise;
    clearInterval(pinging);
    for (const end of ends) close(end);
    await both;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.resolve();
    this.#listener.close();
    await this.#passing;
  }
}

Deno.test("serve ends soon after it was told to, when the relay reads nothing more and goes on pinging", async () => {
  await using relay = await startLocalRelay();
  await using way = new Way(Number(new URL(relay.url).port));
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const file = await alice.write("a.bin", randomBytes(SIZE));
  const args = ["--relay", way.url, "--generate", file];
  await using sharing = await alice.share(args);
  const output = ["--output", bob.path("out.bin")];
  await using _receiving = bob.start(
    "receive",
    ["--relay", relay.url, ...output, sharing.words],
    APART,
  );
  await way.stuck;
  await pause(FILL_MS);
  const start = performance.now();
  assertFailure(await sharing.stop(), "INTERRUPTED", "Stopped");
  const ms = performance.now() - start;
  assert(ms < END_MS, `${ms} ms`);
});
