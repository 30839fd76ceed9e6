/**
 * Paired machines on a network of their own: maple and cedar, and birch if asked for.
 *
 * @module
 */

import type { Pair } from "../../../lib/pairs/pair.ts";
import { Loopback, whyNoLoopback } from "../../support/isolation.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { pairUp } from "../../support/pairs.ts";
import type { Running, StartOptions } from "../../support/running.ts";
import type { Ended } from "../../support/output.ts";

const noLoopback = await whyNoLoopback();

/** Maple shares; it is paired with cedar and birch, which receive. */
export class People implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  loopback!: Loopback;
  maple!: Machine;
  cedar!: Machine;
  birch!: Machine;
  /** The files of the pair of maple and cedar. */
  files!: [maple: Pair, cedar: Pair];

  static async meet(more: Partial<Pair> = {}): Promise<People> {
    const people = new People();
    const stack = people.#stack;
    people.loopback = stack.use(await Loopback.make());
    people.maple = stack.use(await Machine.make());
    people.cedar = stack.use(await Machine.make());
    people.birch = stack.use(await Machine.make());
    people.files = await pairUp(
      [people.maple, "maple"],
      [people.cedar, "cedar"],
      more,
    );
    await pairUp([people.birch, "birch"], [people.maple, "maple"], more);
    return people;
  }

  get #there(): StartOptions {
    return { via: this.loopback.via };
  }

  /** Shares a text of maple's. */
  async share(
    text: string,
    args: string[],
    from = this.maple,
  ): Promise<Sharing> {
    const file = await from.write(`${text}.md`, text);
    const sharing = await from.share([...args, file], this.#there);
    return this.#stack.use(sharing);
  }

  /** Runs a command on the network. */
  run(
    machine: Machine,
    script: Parameters<Machine["run"]>[0],
    ...args: string[]
  ): Promise<Ended> {
    return machine.run(script, args, this.#there);
  }

  /** Starts one. */
  start(
    machine: Machine,
    script: Parameters<Machine["run"]>[0],
    ...args: string[]
  ): Running {
    return this.#stack.use(machine.start(script, args, this.#there));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** A test among paired machines, where there can be a network of their own. */
export function test(
  name: string,
  body: (people: People) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: noLoopback !== null,
    fn: async () => {
      await using people = await People.meet();
      await body(people);
    },
  });
}
