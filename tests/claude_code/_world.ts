/**
 * Where the tests in the real client happen: people with the client, in a network of their
 * own, perhaps with a relay. All of it is gone when the environment is disposed of.
 *
 * @module
 */

import { findClient } from "./_client.ts";
import { TextLineStream } from "./_lines.ts";
import { Network, whyNoNetwork } from "./_network.ts";
import { Person, type PersonOptions } from "./_person.ts";
import { root } from "../support/places.ts";

const client = await findClient();
const whyNot = client === null ? "no client" : await whyNoNetwork();
if (whyNot === null) await download();

/** Has Deno download what the commands use: in a network of their own they cannot. */
async function download(): Promise<void> {
  await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "scripts/claude_spread.ts", "relay/main.ts"],
    cwd: root,
  }).output();
}

/** A test in the real client, skipped with a printed reason where there cannot be one. */
export function test(
  name: string,
  body: (environment: World) => Promise<void>,
  options: { hasLan?: boolean; ignore?: boolean } = {},
): void {
  Deno.test({
    name,
    ignore: whyNot !== null || options.ignore,
    fn: async () => {
      await using environment = await World.make(options);
      await body(environment);
    },
  });
}

/** People, their network and their files. */
export class World implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(
    readonly network: Network,
    /** Everything that is written is in it. */
    readonly folder: string,
  ) {
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
  }

  static async make({ hasLan = true } = {}): Promise<World> {
    const network = await Network.make({ hasLan });
    const folder = await Deno.makeTempDir({ prefix: "cs-client-" });
    return new World(network, await Deno.realPath(folder));
  }

  /** Someone with the client. */
  async person(name: string, options?: PersonOptions): Promise<Person> {
    const folder = `${this.folder}/${name}`;
    await Deno.mkdir(folder);
    return this.#stack.use(
      await Person.make(client!.path, this.network, folder, options),
    );
  }

  /** Starts a relay on loopback and returns its address. */
  async relay(): Promise<string> {
    const line = [Deno.execPath(), "task", "--quiet", "relay"];
    const relay = this.network.command(line, {
      cwd: root,
      env: { RELAY_HOST: "127.0.0.1", RELAY_PORT: "0" },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = relay.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    this.#stack.defer(async () => {
      await lines.cancel();
      await relay.status;
    });
    for (;;) {
      const { value, done } = await lines.read();
      if (done) throw new Error("The relay did not start");
      const { event, port } = JSON.parse(value);
      if (event === "started") return `ws://127.0.0.1:${port}`;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // With it end the processes that the rest waits for, and that write files.
    await this.network[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}
