/**
 * A document in a room of a relay, and those who come for it.
 *
 * @module
 */

import type { RelayConfig } from "../../../relay/config.ts";
import {
  type LocalRelay,
  startLocalRelay,
} from "../../../relay/testing/local_relay.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import type { Ended, Running, StartOptions } from "../../support/running.ts";

export const MiB = 1024 * 1024;
export const APART: StartOptions = { interface: "::1" };
export const DOCUMENT = "# Through the relay\n\nGrüße, 한글 and 🎉.\n";

/** A relay, a share on it, and a receiver's machine. */
export class Room implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  relay!: LocalRelay;
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;

  static async open(
    content: string | Uint8Array,
    args: string[] = ["--generate"],
    settings: Partial<RelayConfig> = {},
  ): Promise<Room> {
    const room = new Room();
    room.relay = await startLocalRelay(settings);
    room.#stack.defer(() => room.relay[Symbol.asyncDispose]());
    room.alice = room.#stack.use(await Machine.make());
    room.bob = room.#stack.use(await Machine.make());
    const file = await room.alice.write("doc.md", content);
    room.sharing = room.#stack.use(
      await room.alice.share(["--relay", room.relay.url, ...args, file]),
    );
    return room;
  }

  get code(): string {
    return String(this.sharing.ready.room);
  }

  get invite(): string {
    return String(this.sharing.ready.invite);
  }

  start(words: string[], options: StartOptions = APART): Running {
    const args = ["--relay", this.relay.url, ...words];
    return this.#stack.use(this.bob.start("receive", args, options));
  }

  async receive(words: string[], options?: StartOptions): Promise<Ended> {
    return await this.start(words, options).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
