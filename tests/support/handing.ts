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
import type { Running, StartOptions } from "./running.ts";
import type { Ended } from "./output.ts";

/** A share, a receiver's machine, and a proxy between them. */
export class Handing implements AsyncDisposable {
  readonly bytes: Bytes;
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;
  proxy!: Proxy;

  private constructor(
    size: number,
    /** Alice's own; without one, each share makes words, which cost both sides no stretching. */
    private readonly passphrase?: string,
  ) {
    this.bytes = randomBytes(size);
  }

  /**
   * Shares a file of `size` bytes, with words that the share makes.
   *
   * @param holdAfter Bytes to the receiver after which each connection is held up.
   */
  static start(size: number, ...holdAfter: number[]): Promise<Handing> {
    return new Handing(size).#begin(holdAfter);
  }

  /** The same with a passphrase of Alice's own: every share of the file has it. */
  static startWithPassphrase(
    size: number,
    ...holdAfter: number[]
  ): Promise<Handing> {
    return new Handing(size, uniquePassphrase()).#begin(holdAfter);
  }

  async #begin(holdAfter: number[]): Promise<Handing> {
    this.alice = this.#stack.use(await Machine.make());
    this.bob = this.#stack.use(await Machine.make());
    await this.alice.write("a.bin", this.bytes);
    const { port } = await this.share();
    this.proxy = this.#stack.use(new Proxy({ port, holdAfter }));
    return this;
  }

  /** The secret of the last share. */
  get words(): string {
    return this.passphrase ?? String(this.sharing.ready.invite);
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
    const args = [this.passphrase ?? "--generate", this.file];
    this.sharing = this.#stack.use(await this.alice.share(args));
    return this.sharing;
  }

  /** Starts to receive; `flags` decide what Bob is told. */
  start(
    output = this.output,
    flags: string[] = [],
    options: StartOptions = {},
  ): Running {
    const args = [...flags, "--output", output, this.words];
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
