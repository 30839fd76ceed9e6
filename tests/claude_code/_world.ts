/**
 * Surroundings of the tests in the real client: people with the client, in a network of their
 * own, perhaps with a relay. All of it is gone when the environment is disposed of.
 *
 * @module
 */

import { type Age, type Client, findClients, type Found } from "./_client.ts";
import { TextLineStream } from "./_lines.ts";
import { Network, whyNoNetwork } from "./_network.ts";
import { Person, type PersonOptions } from "./_person.ts";
import { programPath } from "../support/missing.ts";
import { root } from "../support/places.ts";

const isLinux = Deno.build.os === "linux";
const whyNone = isLinux
  ? await whyNoNetwork()
  : "the real client is tried on Linux only";
const clients = await findClients(whyNone);
const reasons = new Set<string>();
if (whyNone === null) await download();

/** Has Deno download what the commands use: in a network of their own they cannot. */
async function download(): Promise<void> {
  await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "scripts/claude_spread.ts", "relay/main.ts"],
    cwd: root,
  }).output();
}

/** Options for a test in the real client; all of it may be left out. */
export interface TestOptions {
  /** Whether there is a local network beside loopback: there is, by default. */
  hasLan?: boolean;
  /** Whether somebody sits at a terminal. */
  onScreen?: boolean;
  /** The one client that it is for, with the reason, which is printed. */
  only?: { age: Age; why: string };
}

/**
 * A test in the real client: one for each version, which its name ends with. One that lacks
 * something here says so and is skipped; with `CI` set it fails.
 */
export function test(
  name: string,
  body: (environment: World) => Promise<void>,
  options: TestOptions = {},
): void {
  for (const found of clients) {
    const reason = found.whyNot ?? whyNoScreen(options);
    Deno.test({
      name: `${name} [${found.version}]`,
      ignore: isForOther(name, found, options) || isSkipped(reason),
      fn: async () => {
        if (found.client === null || reason !== null) throw new Error(reason!);
        await using environment = await World.make(found.client, options);
        await body(environment);
      },
    });
  }
}

function whyNoScreen({ onScreen = false }: TestOptions): string | null {
  const isMissing = onScreen && programPath("tmux") === "tmux";
  return isMissing ? "there is no tmux, which is the terminal" : null;
}

function isForOther(
  name: string,
  { age, version }: Found,
  { only }: TestOptions,
): boolean {
  if (only === undefined || only.age === age) return false;
  console.log(`not tried in ${version}: ${name}: ${only.why}`);
  return true;
}

/** Whether tests are skipped for a reason, which is printed once. */
function isSkipped(reason: string | null): boolean {
  if (reason === null || isLinux && Deno.env.get("CI")) return false;
  if (!reasons.has(reason)) console.log(`some tests are skipped: ${reason}`);
  reasons.add(reason);
  return true;
}

/** People, their network and their files. */
export class World implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(
    readonly client: Client,
    readonly network: Network,
    /** Everything that is written is in it. */
    readonly folder: string,
  ) {
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
  }

  static async make(
    client: Client,
    { hasLan = true }: TestOptions = {},
  ): Promise<World> {
    const network = await Network.make({ hasLan });
    const folder = await Deno.makeTempDir({ prefix: "cs-client-" });
    return new World(client, network, await Deno.realPath(folder));
  }

  /**
   * Someone with the client.
   *
   * @param network Their network: that of everybody, by default. A person of the same name has the
   *   same home in another one.
   */
  async person(
    name: string,
    options?: PersonOptions,
    network = this.network,
  ): Promise<Person> {
    const folder = `${this.folder}/${name}`;
    await Deno.mkdir(folder, { recursive: true });
    return this.#stack.use(
      await Person.make(this.client.path, network, folder, options),
    );
  }

  /**
   * Starts a relay on loopback and returns its address.
   *
   * @param settings Its variables; by default it takes a free port.
   * @param network Where it runs: where everybody is, by default.
   */
  async relay(
    settings: Record<string, string> = {},
    network = this.network,
  ): Promise<string> {
    const line = [`${root}/bin/claude-spread`, "relay"];
    const relay = network.command(line, {
      cwd: root,
      env: { RELAY_HOST: "127.0.0.1", RELAY_PORT: "0", ...settings },
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
