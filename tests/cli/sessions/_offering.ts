/**
 * Sessions of Alice's on their way to Bob, and what should come of it.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess, randomBytes } from "../../support/checks.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";
import type { Event } from "../../support/output.ts";
import type { StartOptions } from "../../support/running.ts";
import type { Ended } from "../../support/output.ts";
import {
  type Conversation,
  conversation,
  sessionsOf,
  transcriptsOf,
  turnsIn,
  writeSession,
} from "../../support/conversations.ts";

export const MiB = 1024 * 1024;
export const KIND = ["--kind", "session"];

/** Sessions of Alice's, a share of them, and Bob. */
export class Offering implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;
  sessions!: Conversation[];

  private constructor(private readonly passphrase: string | null) {}

  /**
   * @param flags What Alice adds; all of her sessions are offered.
   * @param passphrase Her own; by default the share makes words.
   */
  static async open(
    sessions: Conversation[],
    flags: string[] = [],
    options: StartOptions = {},
    passphrase: string | null = null,
  ): Promise<Offering> {
    const offering = new Offering(passphrase);
    const stack = offering.#stack;
    offering.sessions = sessions;
    offering.alice = stack.use(await Machine.make());
    offering.bob = stack.use(await Machine.make());
    const now = Date.now();
    for (const [i, session] of sessions.entries()) {
      const path = await writeSession(offering.alice, session);
      // A list begins with the one that was used last, which is the last here.
      const then = new Date(now - (sessions.length - i) * 1000);
      await Deno.utime(path, then, then);
    }
    const args = [...KIND, "--session", "all", ...flags];
    args.push(passphrase ?? "--generate");
    offering.sharing = stack.use(await offering.alice.share(args, options));
    return offering;
  }

  /** The secret of the share. */
  get words(): string {
    return this.passphrase ?? String(this.sharing.ready.invite);
  }

  /** Runs Bob's side, with the sender's address. */
  async receive(args: string[], options: StartOptions = {}): Promise<Ended> {
    const { address } = this.sharing;
    return await this.#receive([...args, this.words, address], options);
  }

  /** The same, through a proxy. */
  async receiveVia(proxy: Proxy, args: string[]): Promise<Ended> {
    return await this.#receive([...args, this.words, proxy.address], {});
  }

  async #receive(args: string[], options: StartOptions): Promise<Ended> {
    return await this.bob.run("receive", [...KIND, ...args], options);
  }

  /** Checks that Bob has exactly these, word for word, and nothing is left over. */
  async assertInstalled(ended: Ended, sessions: Conversation[]): Promise<void> {
    assertSuccess(ended);
    const installed = deliveries(ended);
    const folder = await transcriptsOf(this.bob);
    const ids = installed.map(({ id }) => String(id));
    assertEquals(
      installed.map(({ choice }) => choice),
      sessions.map((s) => s.id),
    );
    assertEquals(await sessionsOf(this.bob), ids.toSorted());
    for (const [i, id] of ids.entries()) {
      const turns = await turnsIn(`${folder}/${id}.jsonl`);
      // Not by assertEquals(): some of them are megabytes.
      assert(sessions[i]!.turns.every((turn, at) => turn === turns[at]));
      assertStringIncludes(turns.at(-2)!, "[Claude Spread]");
      assertEquals(turns.length, sessions[i]!.turns.length + 2);
    }
    assertEquals(await payloadsOf(this.bob), []);
  }

  /** Checks that Bob has nothing of it. */
  async assertNothingThere(): Promise<void> {
    assertEquals(await sessionsOf(this.bob), []);
    assertEquals(await payloadsOf(this.bob), []);
    assertEquals(await this.bob.works(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

export function deliveries({ events }: Ended): Event[] {
  return events.filter(({ event }) => event === "delivered");
}

/** Payloads that a machine keeps, whole or not; records of what was installed are none. */
export async function payloadsOf(machine: Machine): Promise<string[]> {
  const kept = await machine.kept();
  return kept.filter((path) => !path.startsWith("sessions/"));
}

export function listed({ events }: Ended): Event[] {
  const list = events.find(({ event }) => event === "catalogue");
  return list?.sessions as Event[];
}

/** A conversation of about this size that does not compress. */
export function large(bytes: number): Conversation {
  const turns = Array.from(
    { length: Math.ceil(bytes / MiB) },
    () => randomBytes(MiB * 3 / 4).toBase64(),
  );
  return conversation("a large one", ...turns, "Done.");
}
