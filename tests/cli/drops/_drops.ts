/**
 * Alice's machine, Bob's, and a relay that keeps drops.
 *
 * @module
 */

import {
  type DropRelay,
  startDropRelay,
} from "../../../relay/testing/drop_relay.ts";
import { Front } from "./_front.ts";
import { assertSuccess } from "../../support/checks.ts";
import { listFiles } from "../../support/files.ts";
import { Machine } from "../../support/machine.ts";
import type { Event } from "../../support/output.ts";
import type { Running, StartOptions } from "../../support/running.ts";
import type { Ended } from "../../support/output.ts";

/** A document of Alice's. */
export const DOCUMENT = "# Refunds\n\nThey keep their cents.\n";

/** The stage of a test. */
export class Drops implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  relay!: DropRelay;
  /** Settings of the relay. */
  env: Record<string, string> = {};
  #isStopped = false;
  /** Address of the relay, or of what stands before it. */
  url = "";

  /** @param env Settings of the relay, which keeps drops in a folder of its own. */
  static async open(env: Record<string, string> = {}): Promise<Drops> {
    const drops = new Drops();
    const stack = drops.#stack;
    const folder = await Deno.makeTempDir({ prefix: "cs-drops-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    drops.env = { RELAY_DROPS: `folder:${folder}`, ...env };
    drops.relay = await startDropRelay(drops.env);
    stack.defer(() => drops.stopRelay());
    drops.url = `ws://127.0.0.1:${drops.relay.port}`;
    drops.alice = stack.use(await Machine.make());
    drops.bob = stack.use(await Machine.make());
    return drops;
  }

  /** Ends the relay; its drops stay. */
  async stopRelay(): Promise<void> {
    if (!this.#isStopped) await this.relay[Symbol.asyncDispose]();
    this.#isStopped = true;
  }

  /** Puts a server before the relay, which the commands go through from now on. */
  front(): Front {
    const front = this.#stack.use(new Front(this.relay.port));
    this.url = front.url;
    return front;
  }

  /** Starts to leave a file of Alice's. */
  startLeaving(file: string, ...args: string[]): Running {
    const all = ["--json", "--leave", "--relay", this.url, ...args, file];
    return this.#stack.use(this.alice.start("serve", all));
  }

  /** Leaves a file of Alice's; returns the event. */
  async leave(
    content: string | Uint8Array = DOCUMENT,
    ...args: string[]
  ): Promise<Event> {
    const file = await this.alice.write("notes.md", content);
    const ended = await this.startLeaving(file, ...args).ended;
    assertSuccess(ended);
    return ended.events.find(({ event }) => event === "left")!;
  }

  /** Starts to take a drop on Bob's machine, or another. */
  startTaking(
    code: unknown,
    args: string[] = [],
    { machine = this.bob, ...options }: StartOptions & { machine?: Machine } =
      {},
  ): Running {
    const all = ["--relay", this.url, ...args, String(code)];
    return this.#stack.use(machine.start("receive", all, options));
  }

  /** Takes a drop on Bob's machine. */
  async take(code: unknown, ...args: string[]): Promise<Ended> {
    return await this.startTaking(code, args).ended;
  }

  /** The drop entries of Alice. */
  async entries(): Promise<Record<string, unknown>[]> {
    const folder = `${this.alice.state}/drops`;
    const files = await listFiles(folder);
    return await Promise.all(
      files.map(async (name) =>
        JSON.parse(await Deno.readTextFile(`${folder}/${name}`))
      ),
    );
  }

  /** The drops in Alice's `status --json`. */
  async status(): Promise<Event[]> {
    const ended = await this.alice.run("status", ["--json"]);
    assertSuccess(ended);
    return ended.events.filter(({ event }) => event === "drop");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
