/**
 * One file on its way from Alice to Bob, and what should come of it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Bytes } from "../../lib/bytes.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
  uniquePassphrase,
} from "./checks.ts";
import { Machine, type Sharing } from "./machine.ts";
import { Proxy } from "./proxy.ts";
import type { Ended, Running, StartOptions } from "./running.ts";

/** A share, a receiver's machine, and a proxy between them. */
export class Handing implements AsyncDisposable {
  readonly bytes: Bytes;
  readonly passphrase = uniquePassphrase();
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;
  proxy!: Proxy;

  private constructor(size: number) {
    this.bytes = randomBytes(size);
  }

  /**
   * Shares a file of `size` bytes.
   *
   * @param holdAfter Bytes to the receiver after which each connection is held up.
   */
  static async start(size: number, ...holdAfter: number[]): Promise<Handing> {
    const handing = new Handing(size);
    const stack = handing.#stack;
    handing.alice = stack.use(await Machine.make());
    handing.bob = stack.use(await Machine.make());
    await handing.alice.write("a.bin", handing.bytes);
    handing.sharing = await handing.share();
    const { port } = handing.sharing;
    handing.proxy = stack.use(new Proxy({ port, holdAfter }));
    return handing;
  }

  /** The file that Alice shares. */
  get file(): string {
    return this.alice.path("a.bin");
  }

  /** The path at which Bob wants it. */
  get output(): string {
    return this.bob.path("out.bin");
  }

  /** The file with the part that Bob has so far. */
  get partial(): string {
    return `${this.bob.state}/partial/${this.sharing.ready.sha256}`;
  }

  /** Starts another share of the same file. */
  async share(): Promise<Sharing> {
    const args = [this.passphrase, this.file];
    return this.#stack.use(await this.alice.share(args));
  }

  /** Starts to receive; `flags` decide what Bob is told. */
  start(
    output = this.output,
    flags: string[] = [],
    options: StartOptions = {},
  ): Running {
    const args = [...flags, "--output", output, this.passphrase];
    const { address } = this.proxy;
    return this.#stack.use(
      this.bob.start("receive", [...args, address], options),
    );
  }

  /** Receives, with events. */
  async receive(
    output = this.output,
    options: StartOptions = {},
  ): Promise<Ended> {
    return await this.start(output, ["--json"], options).ended;
  }

  /** Checks that Bob has the file and nothing else, and takes it away again. */
  async assertReceived(ended: Ended, output = this.output): Promise<void> {
    assertSuccess(ended);
    const received = await Deno.readFile(output);
    assertEquals(await sha256(received), await sha256(this.bytes));
    await Deno.remove(output);
    assertEquals(await this.bob.kept(), []);
  }

  /** Checks that there is nothing of it at Bob's. */
  async assertNothingThere(): Promise<void> {
    assertEquals(await this.bob.works(), []);
    assertEquals(await this.bob.kept(), []);
  }

  /** Checks that both sides say that the file has changed. */
  async assertWithdrawn(ended: Ended): Promise<void> {
    assertFailure(
      ended,
      "PAYLOAD_CHANGED",
      "The sender withdrew its offer: the file changed or vanished during the transfer",
      "share again",
    );
    const { error, message } = await this.sharing.event("refused");
    assertEquals([error, message], [
      "PAYLOAD_CHANGED",
      `Cannot continue sharing "${this.file}": the file changed or vanished`,
    ]);
    await this.assertNothingThere();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
