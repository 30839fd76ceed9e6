/**
 * A hub in tests, with wires that the test controls.
 *
 * @module
 */

import type { FillRandom } from "../../lib/bytes.ts";
import { readConfig, type RelayConfig } from "../config.ts";
import { Hub } from "../rooms/hub.ts";
import type { WireEvents } from "../rooms/clients/wire.ts";
import { FakeWire } from "./fake_wire.ts";

/** A hub with its clock. */
export class HubSetup {
  readonly clock = { ms: 0 };
  readonly hub: Hub;

  constructor(
    settings: Partial<RelayConfig> = {},
    fillRandom: FillRandom = (bytes) => crypto.getRandomValues(bytes),
  ) {
    const config = { ...readConfig(() => undefined), ...settings };
    this.hub = new Hub(config, "secret", {
      now: () => this.clock.ms,
      wallClock: () => 1_800_000_000_000 + this.clock.ms,
      fillRandom,
      log: () => {},
    });
  }

  connect(address = "127.0.0.1"): { wire: FakeWire; events: WireEvents } {
    const wire = new FakeWire(address);
    return { wire, events: this.hub.connect(wire) };
  }

  /** Sends a message on a new connection and waits until it is handled. */
  async say(message: object, address?: string): Promise<Connection> {
    const connection = this.connect(address);
    const data = new TextEncoder().encode(JSON.stringify(message));
    connection.events.message(data, true);
    for (let i = 0; i < 5; i++) await Promise.resolve();
    return connection;
  }

  async pair(): Promise<{ sender: Connection; receiver: Connection }> {
    const sender = await this.say({ type: "CREATE_ROOM", protocol: 2 });
    const { room_id } = JSON.parse(sender.wire.said[0]!);
    const join = { type: "JOIN_ROOM", room_id, protocol: 2 };
    return { sender, receiver: await this.say(join) };
  }
}

export type Connection = ReturnType<HubSetup["connect"]>;

/** Types of the words that a client has got; `ping` for a ping. */
export const typesOf = ({ wire }: Connection): string[] =>
  wire.said.map((text) => text === "ping" ? text : JSON.parse(text).type);

/** Reason in the last word that a client has got; `null` without one. */
export const reasonOf = ({ wire }: Connection): string | null =>
  JSON.parse(wire.said.at(-1)!).reason ?? null;
