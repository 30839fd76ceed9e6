import { assertEquals, assertRejects } from "@std/assert";
import type { Bytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { warmUp } from "../../../lib/protocol/handshake/warm_up.ts";
import type { Share } from "../../../lib/protocol/share.ts";
import { newShare, NO_EVENTS } from "../../../lib/testing/shares.ts";
import { listenTcp } from "../../../lib/transports/tcp.ts";
import { dialAddress, type DialOptions } from "./sender.ts";

const hostname = "127.0.0.1";

function dialing(): DialOptions {
  const { signal } = new AbortController();
  return {
    secret: "pass",
    legacy: false,
    fillRandom: (bytes: Bytes) => crypto.getRandomValues(bytes),
    onIdle() {},
    guesses: { spent: 0 },
    signal,
  };
}

/** A sender that hangs up during the handshake, after it has served its first visitor if there is a share. */
function serveFirst(share: Share | null) {
  const listener = listenTcp({ port: 0, hostname });
  let visitors = 0;
  const serving = (async () => {
    const all: Promise<unknown>[] = [];
    for await (const channel of listener) {
      if (visitors++ === 0 && share !== null) {
        all.push(share.serve(channel, NO_EVENTS).catch(() => {}));
        continue;
      }
      await channel.receive();
      await channel[Symbol.asyncDispose]();
    }
    await Promise.all(all);
  })();
  return {
    address: { hostname, port: listener.port },
    visitors: () => visitors,
    async [Symbol.asyncDispose]() {
      listener[Symbol.dispose]();
      await serving;
    },
  };
}

Deno.test("dialAddress() asks for protocol 1 once the handshake was cut, unless the sender has announced protocol 2", async () => {
  for (const [known, visitors] of [[undefined, 2], [2, 1]] as const) {
    await using sender = serveFirst(null);
    const error = await assertRejects(
      () => dialAddress([sender.address], dialing(), known),
      SpreadError,
    );
    assertEquals([error.code, sender.visitors()], ["PEER_GONE", visitors]);
  }
});

Deno.test("again() does not ask for protocol 1, because the sender has proved itself before", async () => {
  await warmUp();
  await using sender = serveFirst(await newShare("pass"));
  const dialed = await dialAddress([sender.address], dialing());
  dialed.channel.abort(new SpreadError("INTERRUPTED", "Cut"));
  await dialed.channel[Symbol.asyncDispose]();
  const error = await assertRejects(() => dialed.again(), SpreadError);
  assertEquals([error.code, sender.visitors()], ["PEER_GONE", 2]);
});
