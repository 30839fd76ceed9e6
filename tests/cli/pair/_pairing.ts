/**
 * Two machines that meet, and the files that they keep of it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Bytes, utf8 } from "../../../lib/bytes.ts";
import { generatePassphrase } from "../../../lib/crypto/passphrase.ts";
import type { Pair } from "../../../lib/pairs/pair.ts";
import { handshakeAsReceiver } from "../../../lib/protocol/handshake/receiver.ts";
import type { SecureChannel } from "../../../lib/protocol/secure_channel.ts";
import { Share } from "../../../lib/protocol/share.ts";
import { RECORD } from "../../../lib/protocol/transfer/record_types.ts";
import { connectLoopbackTo, random } from "../../../lib/testing/protocol.ts";
import { serveOverTcp } from "../../../lib/testing/shares.ts";
import { Machine } from "../../support/machine.ts";
import type { Event } from "../../support/output.ts";
import type { Running, StartOptions } from "../../support/running.ts";
import type { Ended } from "../../support/output.ts";

/** A machine's `pair` that shows words, and how another machine gets there. */
export interface Showing extends AsyncDisposable {
  running: Running;
  ready: Event;
  /** The words and the address that the other machine types. */
  words: [words: string, address: string];
}

/** Starts `pair --json` without words, and waits until others can come. */
export async function show(
  machine: Machine,
  args: string[],
  options: StartOptions = {},
): Promise<Showing> {
  const running = machine.start("pair", ["--json", ...args], options);
  try {
    const ready = await running.event("ready");
    const [address = ""] = ready.addresses as string[];
    return {
      running,
      ready,
      words: [String(ready.invite), address],
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

/** Folder of a machine's pairs, wherever XDG_STATE_HOME leads. */
export function pairsOf(machine: Machine): string {
  return `${machine.home}/.local/state/claude-spread/pairs`;
}

/** The pairs that a machine keeps; each file is its owner's alone. */
export async function kept(machine: Machine): Promise<Pair[]> {
  const folder = pairsOf(machine);
  const pairs: Pair[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
      if (name !== "lock") {
        pairs.push(JSON.parse(await Deno.readTextFile(path)));
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return pairs.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Makes a pair of two machines, by words, on the local network. */
export async function meet(
  a: Machine,
  b: Machine,
  names: [string, string] = ["oak", "cedar"],
): Promise<[a: Ended, b: Ended]> {
  await using showing = await show(a, ["--name", names[0]]);
  const typed = await b.run("pair", [
    "--json",
    "--name",
    names[1],
    ...showing.words,
  ]);
  return [await showing.running.ended, typed];
}

/** Types the words by hand: a machine that says what a test wants. */
export async function typeByHand(
  [passphrase, address]: [string, string],
): Promise<SecureChannel> {
  const port = Number(address.split(":").at(-1));
  return await handshakeAsReceiver(await connectLoopbackTo(port), {
    secret: passphrase,
    roomCode: "",
    isPairing: true,
    fillRandom: random,
  });
}

/** Shows words by hand: a machine that says what a test wants, until disposed of. */
export function showByHand(
  makePair: (receiver: SecureChannel) => Promise<void>,
): AsyncDisposable & { words: [words: string, address: string] } {
  const passphrase = generatePassphrase(random);
  const share = new Share({
    secret: passphrase,
    makePair,
    legacy: false,
    fillRandom: random,
  });
  const serving = serveOverTcp(share);
  return {
    words: [passphrase, `127.0.0.1:${serving.port}`],
    [Symbol.asyncDispose]: () => serving[Symbol.asyncDispose](),
  };
}

/** The record PAIR with this in it. */
export function pairRecord(side: Record<string, unknown>): [number, Bytes] {
  return [RECORD.pair, utf8(JSON.stringify(side))];
}

/** The record PAIRED. */
export const PAIRED: [number, Bytes] = [RECORD.paired, new Uint8Array(0)];
