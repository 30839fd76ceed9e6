/**
 * A share in a room of a relay, and a receiver's machine. Receivers look for senders on ::1 and
 * senders announce on 127.0.0.1, so that they meet at the relay alone, except where a test
 * wants them to.
 *
 * @module
 */

import { Machine, type Sharing } from "./machine.ts";
import type { Running, StartOptions } from "./running.ts";
import type { Ended } from "./output.ts";

/** Keeps a receiver from meeting the sender elsewhere. */
export const APART: StartOptions = { interface: "::1" };

/** Alice's share, and Bob's machine; more of it is said by who tests a kind of relay. */
export class RelayShare implements AsyncDisposable {
  protected readonly stack: AsyncDisposableStack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;

  protected constructor(private readonly url: string) {}

  protected async begin(
    content: string | Uint8Array,
    args: string[],
  ): Promise<this> {
    this.alice = this.stack.use(await Machine.make());
    this.bob = this.stack.use(await Machine.make());
    const file = await this.alice.write("doc.md", content);
    this.sharing = this.stack.use(
      await this.alice.share(["--relay", this.url, ...args, file]),
    );
    return this;
  }

  get invite(): string {
    return String(this.sharing.ready.invite);
  }

  get code(): string {
    return String(this.sharing.ready.room);
  }

  start(words: string[], options: StartOptions = APART): Running {
    const args = ["--relay", this.url, ...words];
    return this.stack.use(this.bob.start("receive", args, options));
  }

  async receive(...words: string[]): Promise<Ended> {
    return await this.start(words).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}
