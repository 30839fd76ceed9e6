/**
 * A share through a plain relay, and those who come for it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertSuccess } from "../support/checks.ts";
import { Machine, type Sharing } from "../support/machine.ts";
import type { Ended, Running, StartOptions } from "../support/running.ts";

export const MiB = 1024 * 1024;
export const APART: StartOptions = { interface: "::1" };
export const DOCUMENT = "# Through a plain relay\n\nGrüße, 한글 and 🎉.\n";

/** A share through a plain relay, and a receiver's machine. */
export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;

  private constructor(private readonly url: string) {}

  static async open(
    { url }: { url: string },
    content: string | Uint8Array = DOCUMENT,
    args: string[] = ["--generate"],
  ): Promise<Stage> {
    const stage = new Stage(url);
    stage.alice = stage.#stack.use(await Machine.make());
    stage.bob = stage.#stack.use(await Machine.make());
    const file = await stage.alice.write("doc.md", content);
    stage.sharing = stage.#stack.use(
      await stage.alice.share(["--relay", url, ...args, file]),
    );
    return stage;
  }

  get invite(): string {
    return String(this.sharing.ready.invite);
  }

  get code(): string {
    return String(this.sharing.ready.room);
  }

  start(words: string[], options: StartOptions = APART): Running {
    const args = ["--relay", this.url, ...words];
    return this.#stack.use(this.bob.start("receive", args, options));
  }

  async receive(...words: string[]): Promise<Ended> {
    return await this.start(words).ended;
  }

  /** Receives and checks what came. */
  async take(...words: string[]): Promise<void> {
    const ended = await this.receive(...words);
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
  }

  /** Ends the share; nobody may have been refused. */
  async endUnrefused(): Promise<void> {
    const { events, stderr } = await this.sharing.stop();
    const refused = events.filter(({ event }) => event === "refused");
    assertEquals(refused, [], stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The passphrase in what is to be typed. */
export function wordsOf({ sharing }: Stage): string {
  return (sharing.ready.commands as string[])[0]!.split(/[ ]|9vxmod-/).at(-1)!;
}
