/**
 * Metrics of the relay, as Prometheus text. Totals only: none names a room or an address.
 *
 * @module
 */

/** Counters, with their help text for Prometheus. */
const COUNTERS = {
  rooms_created: "Rooms that were made.",
  rooms_resumed: "Rooms whose sender came back.",
  rooms_ended: "Rooms that ended, by outcome.",
  joins: "Receivers that were let into a room.",
  refusals: "Requests that were refused, by reason.",
  messages_forwarded: "Messages handed from one peer to the other.",
  bytes_forwarded: "Bytes handed from one peer to the other.",
  connections_ended: "Connections ended by the relay, by reason.",
} as const;

/** The name of a counter. */
export type Counter = keyof typeof COUNTERS;

/** Gauges, with their help text for Prometheus. */
const GAUGES = {
  rooms: "Rooms that are open.",
  peers: "Connections that are open.",
  buffered_bytes: "Bytes waiting for slow peers.",
  uptime_seconds: "Time since the start.",
  resident_memory_bytes: "Memory of the process.",
} as const;

/** The name of a gauge. */
export type Gauge = keyof typeof GAUGES;

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
    const lines: string[] = [];
    for (const [name, help] of Object.entries(GAUGES)) {
      const metric = `claude_spread_relay_${name}`;
      lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} gauge`);
      lines.push(`${metric} ${gauges[name as Gauge]}`);
    }
    for (const [name, help] of Object.entries(COUNTERS)) {
      const metric = `claude_spread_relay_${name}_total`;
      lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} counter`);
      lines.push(...this.#samples(name, metric));
    }
    return lines.join("\n") + "\n";
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
