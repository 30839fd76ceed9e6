/**
 * One file on its way from Alice to Bob through the platform.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Bytes } from "../../lib/bytes.ts";
import { assertSuccess, randomBytes, sha256 } from "../support/checks.ts";
import { Machine, type Sharing } from "../support/machine.ts";
import type { Running } from "../support/running.ts";
import type { Build } from "./_builds.ts";
import { Platform } from "./_platform.ts";
import { APART } from "../support/relay_share.ts";

export const MiB = 1024 * 1024;

/** Receivers that find their sender by the relay alone. */

/** A file on its way through the platform. */
export class Delivery implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #bytes: Bytes;
  platform!: Platform;
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;

  private constructor(size: number) {
    this.#bytes = randomBytes(size);
  }

  /** Shares a file of `size` bytes, on an instance of its own. */
  static async start(build: Build, size: number): Promise<Delivery> {
    const delivery = new Delivery(size);
    const stack = delivery.#stack;
    const platform = stack.use(await Platform.open(build));
    delivery.platform = platform;
    delivery.alice = stack.use(await Machine.make());
    delivery.bob = stack.use(await Machine.make());
    const file = await delivery.alice.write("a.bin", delivery.#bytes);
    const args = ["--relay", platform.url, "--generate", file];
    delivery.sharing = stack.use(await delivery.alice.share(args));
    return delivery;
  }

  receive(): Running {
    const { platform, sharing, bob } = this;
    const args = ["--json", "--output", bob.path("out.bin")];
    return this.#stack.use(bob.start("receive", [
      ...args,
      "--relay",
      platform.url,
      String(sharing.ready.invite),
    ], APART));
  }

  /** Checks that Bob has the file, and nothing beside it. */
  async assertReceived(receiving: Running): Promise<void> {
    assertSuccess(await receiving.ended);
    const received = await Deno.readFile(this.bob.path("out.bin"));
    assertEquals(await sha256(received), await sha256(this.#bytes));
    assertEquals(await this.bob.kept(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
