/**
 * Receives a drop: finds it by its code, and takes it as other payloads are taken.
 *
 * @module
 */

import { DropKeys } from "../../../lib/drops/keys.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { namedRelay, parseRelayUrl } from "../../cli/relay_url.ts";
import { giveUp } from "../../cli/surroundings.ts";
import type { DropCode } from "../invite.ts";
import type { ReceiveOptions } from "../options.ts";
import { type DropMeans, FoundDrop } from "./found_drop.ts";

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
  await means.checkout?.started();
  // From here on, strangers are heard.
  await giveUp("run");
  means.terminal.say(`looking for the drop at ${nameRelay(url)}`);
  using drop = await FoundDrop.open({ keys, url }, means);
  await takeDrop(drop, options, means);
}

/**
 * Takes a drop, stores or prints it, and keeps the work that comes along.
 *
 * @throws {SpreadError} As {@linkcode receiveDrop}.
 */
export async function takeDrop(
  drop: FoundDrop,
  options: ReceiveOptions,
  means: DropMeans,
): Promise<void> {
  const { folder } = means;
  drop.sayFound();
  const placed = await takePayload(drop, options, means);
  const work = drop.offer.work === undefined
    ? []
    : await takeWork(drop, options, means);
  if (placed !== null) await drop.acknowledge([...placed, ...work]);
  const { removeStale } = await import(
    "../../../lib/files/payload/partial_file.ts"
  );
  await removeStale(folder, new Date());
}

/** @returns The files that the payload was put in; `null` when it is to be received again. */
async function takePayload(
  drop: FoundDrop,
  options: ReceiveOptions,
  means: DropMeans,
): Promise<string[] | null> {
  if (drop.offer.kind === "session" && isForSessions(options)) {
    const { takeDroppedSession } = await import("./dropped_session.ts");
    return await takeDroppedSession(drop, options, means);
  }
  const { terminal, folder, checkout, startMs } = means;
  const { DocumentReceiving } = await import("../document.ts");
  return await new DocumentReceiving(
    options,
    terminal,
    folder,
    startMs,
    checkout,
  ).takeWaiting(drop);
}

async function takeWork(
  ...how: Parameters<typeof import("./dropped_work.ts").takeDroppedWork>
): Promise<string[]> {
  const { takeDroppedWork } = await import("./dropped_work.ts");
  return await takeDroppedWork(...how);
}

function isForSessions({ kind }: ReceiveOptions): boolean {
  return kind === undefined || kind === "session";
}
