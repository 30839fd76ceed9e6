/**
 * Receives a drop: finds it by its code, and takes it as other payloads are taken.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { DropRelay } from "../../../lib/drops/drop_relay.ts";
import { DropKeys } from "../../../lib/drops/keys.ts";
import { DropTaking } from "../../../lib/drops/take.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { PayloadSink } from "../../../lib/protocol/transfer/receive.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { proxyFor } from "../../cli/proxy.ts";
import { namedRelay, parseRelayUrl } from "../../cli/relay_url.ts";
import { formatPast } from "../../cli/screen/format.ts";
import { fillRandom, giveUp } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { LocalCheckout } from "../checkout.ts";
import { cleanOffer } from "../find/read_offer.ts";
import type { DropCode } from "../invite.ts";
import type { ReceiveOptions } from "../options.ts";
import { TakingFile } from "./taking_file.ts";
import type { Waiting } from "./waiting.ts";

/** The means of a receiver. */
export interface DropMeans {
  terminal: Terminal;
  /** Folder of partial payloads. */
  folder: string;
  checkout: LocalCheckout | null;
  signal: AbortSignal;
}

/**
 * Receives the drop of a code.
 *
 * @throws {SpreadError} `NO_DROP`, `DROP_BUSY`, `DROPS_OFF`; whatever ended the transfer.
 */
export async function receiveDrop(
  { dropSecret, options }: DropCode,
  means: DropMeans,
): Promise<void> {
  const env = (name: string) => Deno.env.get(name);
  const { relay, insecureRelay } = options;
  const url = parseRelayUrl(namedRelay(relay, env), insecureRelay);
  const keys = await DropKeys.ofCode(dropSecret);
  await takeDrop({ keys, url }, options, means);
}

/** A drop, and the relay that it is at: `wss://…`, or `ws://…`. */
export interface DropPlace {
  keys: DropKeys;
  url: string;
}

/**
 * Takes a drop, and stores or prints it.
 *
 * @throws {SpreadError} As {@linkcode receiveDrop}.
 */
export async function takeDrop(
  { keys, url }: DropPlace,
  options: ReceiveOptions,
  means: DropMeans,
): Promise<void> {
  const { terminal, folder, checkout, signal } = means;
  const startMs = performance.now();
  await checkout?.started();
  // From here on, strangers are heard.
  await giveUp("run");
  const proxy = await proxyFor(url, (name) => Deno.env.get(name)) ?? null;
  using file = await TakingFile.open(folder, keys.id, fillRandom);
  using relay = new DropRelay(url, {
    proxy,
    signal,
    onRetry: () => terminal.say("the relay does not answer; trying again"),
  });
  terminal.say(`looking for the drop at ${nameRelay(url)}`);
  const taking = await DropTaking.open(relay, keys, file.taking)
    .catch((error) => {
      if (SpreadError.is(error, "NO_DROP", "DROPS_OFF")) file.remove();
      throw error;
    });
  const drop = new WaitingDrop(taking, { url, terminal, file });
  sayFound(drop.offer, { url, terminal, expiresS: taking.expiresS });
  if (drop.offer.kind === "session" && isForSessions(options)) {
    const { takeDroppedSession } = await import("./dropped_session.ts");
    await takeDroppedSession(drop, options, means);
  } else {
    const { DocumentReceiving } = await import("../document.ts");
    await new DocumentReceiving(options, terminal, folder, startMs, checkout)
      .takeWaiting(drop);
  }
  const { removeStale } = await import("../../../lib/files/partial_file.ts");
  await removeStale(folder, new Date());
}

function isForSessions({ kind }: ReceiveOptions): boolean {
  return kind === undefined || kind === "session";
}

function sayFound(
  { created, sender, kind }: Offer,
  { url, terminal, expiresS }: {
    url: string;
    terminal: Terminal;
    expiresS: number;
  },
): void {
  const now = new Date();
  const by = sender === undefined ? "" : ` by ${sender}`;
  terminal.say(
    `from a drop left ${
      formatPast(new Date(created), now)
    }${by}; the sender is not there`,
    "drop",
    {
      kind,
      sender,
      left: created,
      relay: url,
      expires: new Date(now.getTime() + expiresS * 1000).toISOString(),
    },
  );
}

/** A drop, as what takes payloads sees it. */
class WaitingDrop implements Waiting {
  readonly offer: Offer;

  constructor(
    private readonly taking: DropTaking,
    private readonly how: {
      url: string;
      terminal: Terminal;
      file: TakingFile;
    },
  ) {
    this.offer = cleanOffer(taking.offer);
  }

  async fetch(sink: PayloadSink): Promise<void> {
    const { url, terminal } = this.how;
    const { size } = this.offer;
    let bytes = sink.offset;
    await this.taking.fetch(bytes, async (piece) => {
      bytes += piece.length;
      await sink.write(piece);
      terminal.progress(nameRelay(url), bytes, size);
    });
  }

  async acknowledge(): Promise<void> {
    const { terminal, file } = this.how;
    try {
      await this.taking.acknowledge();
    } catch (error) {
      if (!(error instanceof SpreadError)) throw error;
      terminal.warn(
        `the relay did not take the receipt, and may keep the drop until it expires: ${error.message}`,
      );
    }
    file.remove();
  }
}
