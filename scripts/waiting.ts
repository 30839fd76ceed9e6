/**
 * Finds out what pairs have left for this machine, and writes what `hooks/say-waiting` says of it.
 * The hook starts it apart from everything else, and does not wait for it.
 *
 * @module
 */

import { browse, InterfaceWatch } from "../lib/discovery/mdns.ts";
import { SpreadError } from "../lib/errors.ts";
import { writeJsonFile } from "../lib/files/json_file.ts";
import { skillCommand } from "../lib/plugin_name.ts";
import { type Flags, refuseMore } from "./cli/flags.ts";
import { byRelay, findAtRelay } from "./cli/pairs/at_relay.ts";
import {
  findPair,
  type KnownPair,
  openPairs,
} from "./cli/pairs/known_pairs.ts";
import { proxyFor } from "./cli/proxy.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { formatCount } from "./cli/screen/format.ts";
import { noticeFolder, noticePath } from "./cli/surroundings.ts";

/** Time for relays to answer, in milliseconds. */
const RELAY_MS = 20_000;

/** Time to hear shares on the local network, in milliseconds. */
const LAN_MS = 1_500;

/** Most shares on the local network that are looked at. */
const MAX_HEARD = 64;

/** Numbers of hand-overs by the name of the pair. */
type Counts = Map<string, number>;

/** Runs `waiting`. */
export async function run(
  flags: Flags,
  { terminal, signal }: Running,
): Promise<void> {
  refuseMore(flags.operands);
  const pairs = await openPairs(terminal);
  // What has a room is found there, and not twice.
  const onlyOnLan = pairs.filter(({ pair }) => pair.relay === undefined);
  const within = (ms: number) =>
    AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  const found = await Promise.all([
    countAtRelays(pairs, within(RELAY_MS)),
    countOnLan(onlyOnLan, within(LAN_MS)),
  ]);
  const counts = found.flatMap((counts) => [...counts]);
  const text = formatWaiting(counts);
  if (text === null) await Deno.remove(noticePath()).catch(() => {});
  else {
    const message = { systemMessage: `spread: ${text}` };
    await writeJsonFile(noticeFolder(), "message.json", message);
  }
}

/** Words what waits in one line; `null` for nothing. */
export function formatWaiting(
  counts: readonly (readonly [name: string, count: number])[],
): string | null {
  const [first, ...others] = counts;
  if (first === undefined) return null;
  const parts = [
    `${formatCount(first[1], "hand-over")} from ${first[0]}`,
    ...others.map(([name, count]) => `${count} from ${name}`),
  ];
  const all = parts.length === 1
    ? parts[0]
    : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  const isOne = others.length === 0 && first[1] === 1;
  const command = skillCommand("distill-receive");
  return `${all} ${isOne ? "waits" : "wait"}: ${command}`;
}

/** Counts what waits at the relays of these pairs; a relay that does not answer has nothing. */
async function countAtRelays(
  pairs: readonly KnownPair[],
  signal: AbortSignal,
): Promise<Counts> {
  const counts: Counts = new Map();
  await Promise.all(
    byRelay(pairs).map(async ([url, group]) => {
      try {
        const proxy = await proxyFor(url, (name) => Deno.env.get(name));
        const all = await findAtRelay({ url, proxy }, group, signal);
        // A drop may have a room as well, under the same topic.
        const owners = new Map(all.map(({ topic, known }) => [topic, known]));
        for (const known of owners.values()) count(counts, known);
      } catch (error) {
        if (!(error instanceof SpreadError) && !signal.aborted) throw error;
      }
    }),
  );
  return counts;
}

function count(counts: Counts, { pair: { name } }: KnownPair): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Shares for these pairs that are announced on the local network. */
async function countOnLan(
  pairs: readonly KnownPair[],
  signal: AbortSignal,
): Promise<Counts> {
  const counts: Counts = new Map();
  if (pairs.length === 0) return counts;
  const heard = new Set<string>();
  const watch = new InterfaceWatch(() => Deno.networkInterfaces());
  try {
    for await (const { instance, to } of browse({ watch, signal })) {
      if (to === undefined || heard.has(instance)) continue;
      if (heard.size === MAX_HEARD) break;
      heard.add(instance);
      const found = await findPair(pairs, instance, to);
      if (found !== null && !found.isOurRole) count(counts, found.known);
    }
  } catch (error) {
    if (!(error instanceof SpreadError) && !signal.aborted) throw error;
  }
  return counts;
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("waiting", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
