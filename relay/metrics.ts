/**
 * Metrics of the relay, as Prometheus text. Totals only: none names a room or an address.
 *
 * @module
 */

const PREFIX = "claude_spread_relay_";

/** Counters, with their help text for Prometheus. */
const COUNTERS = {
  rooms_created: "Rooms that were made.",
  rooms_resumed: "Rooms whose sender came back.",
  rooms_ended: "Rooms that ended, by outcome.",
  joins: "Receivers that were let into a room.",
  lookups: "Requests for topics that were answered.",
  refusals: "Requests that were refused, by reason.",
  messages_forwarded: "Messages handed from one peer to the other.",
  bytes_forwarded: "Bytes handed from one peer to the other.",
  connections_ended: "Connections ended by the relay, by reason.",
  drops_left: "Drops that were left entirely.",
  drops_ended: "Drops that ended, by outcome.",
} as const;

/** The name of a counter. */
export type Counter = keyof typeof COUNTERS;

/** Gauges, with their help text for Prometheus. */
const GAUGES = {
  rooms: "Rooms that are open.",
  peers: "Clients that are connected.",
  connections: "Open connections, upgraded or not.",
  connections_limit: "Most connections that may be open.",
  buffered_bytes:
    "Bytes held for clients: queued, or of messages that are arriving.",
  drops: "Drops that have not been taken.",
  drop_bytes: "Bytes that these drops count against their limit.",
  uptime_seconds: "Time since the start.",
} as const;

/** The name of a gauge. */
export type Gauge = keyof typeof GAUGES;

/** Facts about the process: help text and type, by the conventions of Prometheus. */
const PROCESS = {
  resident_memory_bytes: ["gauge", "Memory of the process."],
  cpu_seconds_total: ["counter", "Processor time of the process."],
  start_time_seconds: ["gauge", "Start of the process, since 1970."],
  open_fds: ["gauge", "Files and sockets that the process has open."],
} as const;

/** Facts about the process; one that is not known is `undefined`, and left out. */
export type ProcessFacts = Record<keyof typeof PROCESS, number | undefined>;

/** Formats facts about the process, under the conventional `process_…` names. */
export function formatProcess(facts: ProcessFacts): string {
  let text = "";
  for (const [name, [type, help]] of Object.entries(PROCESS)) {
    const value = facts[name as keyof ProcessFacts];
    if (value !== undefined) {
      text += sample(`process_${name}`, type, help, value);
    }
  }
  return text;
}

/** Formats the versions of this program and of Deno, as labels of a gauge of 1. */
export function formatBuildInfo(version: string): string {
  const name = `${PREFIX}build_info`;
  const labels = `{version="${version}",deno="${Deno.version.deno}"}`;
  return sample(name, "gauge", "Versions of the relay and of Deno.", 1, labels);
}

/** Formats one metric that has one sample. */
function sample(
  name: string,
  type: "gauge" | "counter",
  help: string,
  value: number,
  labels = "",
): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}${labels} ${value}\n`;
}

/** Counters since startup. */
export class Metrics {
  readonly #values = new Map<string, number>();

  /** Adds to a counter; `label` comes from a fixed list, such as an outcome. */
  count(name: Counter, amount = 1, label = ""): void {
    const key = label === "" ? name : `${name} ${label}`;
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  /** The value of a counter. */
  get(name: Counter, label = ""): number {
    return this.#values.get(label === "" ? name : `${name} ${label}`) ?? 0;
  }

  /** Formats all metrics in Prometheus' text format, version 0.0.4. */
  format(gauges: Record<Gauge, number>): string {
    let text = "";
    for (const [name, help] of Object.entries(GAUGES)) {
      text += sample(PREFIX + name, "gauge", help, gauges[name as Gauge]);
    }
    const lines: string[] = [];
    for (const [name, help] of Object.entries(COUNTERS)) {
      const metric = `${PREFIX}${name}_total`;
      lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} counter`);
      lines.push(...this.#samples(name, metric));
    }
    return text + lines.join("\n") + "\n";
  }

  #samples(name: string, metric: string): string[] {
    const samples: string[] = [];
    for (const [key, value] of this.#values) {
      const [counter, label] = key.split(" ");
      if (counter !== name) continue;
      samples.push(
        label === undefined
          ? `${metric} ${value}`
          : `${metric}{kind="${label}"} ${value}`,
      );
    }
    return samples.length > 0 ? samples : [`${metric} 0`];
  }
}
