/**
 * Kit for tests of shares: shares, and receivers served by hand or over TCP.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { SpreadErrorCode } from "../errors.ts";
import { Share } from "../protocol/share.ts";
import type { PayloadOptions, ShareEvents } from "../protocol/share_options.ts";
import { receivePayload } from "../protocol/transfer/receive.ts";
import type { Channel } from "../transports/channel.ts";
import { listenTcp } from "../transports/tcp.ts";
import { MemorySink, MemorySource, offerOf, payloadOf } from "./payloads.ts";
import {
  codeOf,
  outcomeOf,
  PATIENCE_MS,
  proveByHand,
  random,
  waitUntil,
  within,
} from "./protocol.ts";

/** A share of this source. */
export async function newShare(
  passphrase: string,
  source: MemorySource = new MemorySource(payloadOf(1000)),
  options: Partial<PayloadOptions> = {},
): Promise<Share> {
  return new Share({
    secret: passphrase,
    offer: await offerOf(source.payload),
    source,
    legacy: false,
    fillRandom: random,
    // A busy machine may take long; tests that check the time set their own limit.
    handshakeTimeoutMs: PATIENCE_MS,
    ...options,
  });
}

/** For tests that check the outcome only. */
export const NO_EVENTS: ShareEvents = {
  confirmed() {},
  chosen() {},
  progress() {},
  delivered() {},
};

/** Serves one channel; returns the result of `serve()`, or the code of its error. */
export async function serveTo(
  share: Share,
  channel: Channel,
  events: Partial<ShareEvents> = {},
): Promise<boolean | SpreadErrorCode> {
  const all = { ...NO_EVENTS, ...events };
  return await within(PATIENCE_MS, share.serve(channel, all)).catch(codeOf);
}

/** A receiver by hand; returns the payload, or the code of its error. */
export async function receiveByHand(
  channel: Channel,
  passphrase: string,
  sink: MemorySink = new MemorySink(),
): Promise<Bytes | SpreadErrorCode> {
  return await outcomeOf(channel, async () => {
    await using secure = await proveByHand(channel, passphrase);
    await receivePayload(secure, () => Promise.resolve(sink), () => {});
    return sink.bytes;
  });
}

/** A share on a port of this machine. */
export interface Serving extends AsyncDisposable {
  readonly port: number;
  /** Outcomes of the first `count` visits, in order of arrival. */
  outcomes(count: number): Promise<(boolean | SpreadErrorCode)[]>;
}

/** Serves everyone who connects, until disposed. */
export function serveOverTcp(
  share: Share,
  events: Partial<ShareEvents> = {},
): Serving {
  const listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const visits: Promise<boolean | SpreadErrorCode>[] = [];
  const accepting = (async () => {
    for await (const channel of listener) {
      visits.push(serveTo(share, channel, events));
    }
  })();
  return {
    port: listener.port,
    outcomes: async (count) => {
      await waitUntil(() => visits.length >= count);
      return await Promise.all(visits.slice(0, count));
    },
    [Symbol.asyncDispose]: async () => {
      listener[Symbol.dispose]();
      await accepting;
      await Promise.all(visits);
    },
  };
}
