/**
 * Compares our relay with servers that do the minimum that any relay has to do.
 *
 * @module
 */

import { benchHandover } from "./handover.ts";
import { claudeSpread, claudeSpreadOverRelay } from "./ours.ts";
import { benchDelay, benchFairness } from "./relay_delay.ts";
import { benchIdle } from "./relay_idle.ts";
import {
  BARE_KV_TARGET,
  BARE_TARGETS,
  RELAY_TARGET,
  type RelayOptions,
  sharedTarget,
} from "./relay_targets.ts";
import { benchThroughput, type Load } from "./relay_throughput.ts";

const LOADS: [Load, Load, Load] = [
  { pairs: 1, messageKib: 64 },
  { pairs: 1, messageKib: 256 },
  { pairs: 50, messageKib: 64 },
];

const PAIRS_TALKING = 100;

/** Pairs that talk beside one that sends all it can. */
const PAIRS_BESIDE = 200;

/** Pairs that talk through the database. */
const PAIRS_ACROSS = 10;

const IDLE_ROUNDS = 1;
/** Many short rounds: throughput changes from second to second. */
const LOAD_ROUNDS = 5;
const DELAY_ROUNDS = 3;
const HANDOVER_ROUNDS = 20;

const READING =
  `Clients are sockets by hand in processes of their own, with 4 MiB on their way at most.
Memory is resident, told for each connection; CPU is that of the server alone; delay is from
sender to receiver. Two instances stand in one process, sender at one, receiver at the other.
`;

/** Load and number of rounds. */
export interface RelayRequest {
  /** Connections that wait. */
  readonly rooms: number;
  /** `null` for the default. */
  readonly rounds: number | null;
}

/** Runs all benchmarks of the relay and prints each table once it is ready. */
export async function benchRelay(
  request: RelayRequest,
  common: Omit<RelayOptions, "rounds" | "warmUpRounds">,
  tell: (table: string) => void,
): Promise<void> {
  const times = (usual: number): RelayOptions => {
    const rounds = request.rounds ?? usual;
    return { ...common, rounds, warmUpRounds: 0 };
  };
  tell(READING.trimEnd());
  const [bare] = BARE_TARGETS;
  const beside = [RELAY_TARGET, ...BARE_TARGETS];
  tell(await benchIdle(request.rooms, times(IDLE_ROUNDS)));
  for (const load of LOADS) {
    tell(await benchThroughput(beside, bare, load, times(LOAD_ROUNDS)));
  }
  const delayed = times(DELAY_ROUNDS);
  tell(await benchDelay(beside, bare, PAIRS_TALKING, delayed));
  tell(await benchFairness([RELAY_TARGET, bare], PAIRS_BESIDE, delayed));
  tell(await benchOverRelay(times(HANDOVER_ROUNDS)));
  const us = RELAY_TARGET;
  const across = [us, sharedTarget("memory"), sharedTarget("file")];
  const besideBare = [...across, BARE_KV_TARGET];
  tell(await benchThroughput(besideBare, us, LOADS[0], times(LOAD_ROUNDS)));
  tell(await benchDelay(across, us, PAIRS_ACROSS, delayed));
}

/** Compares a hand-over through the relay with one without it. */
async function benchOverRelay(usual: RelayOptions): Promise<string> {
  const options = { ...usual, warmUpRounds: 1 };
  const { process, senders } = await RELAY_TARGET.start(options);
  await using _relay = process;
  const url = senders.replace("relay:", "ws://127.0.0.1:");
  return await benchHandover([
    claudeSpread(options.denoDir),
    claudeSpreadOverRelay(options.denoDir, url),
  ], options);
}
