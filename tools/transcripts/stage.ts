/**
 * Two people for whom the transcripts are made: Alex at a machine called walnut and Blake at one
 * called cedar, each with a project "shop", on a network of their own. Linux only.
 *
 * @module
 */

import { Network } from "../../tests/claude_code/_network.ts";
import { environment, PROGRAMS } from "../../tests/support/environment.ts";
import { Machine } from "../../tests/support/machine.ts";
import { Output } from "../../tests/support/output.ts";
import { root } from "../../tests/support/places.ts";

/** Ends a command that takes longer than 90 seconds: what hangs says where. */
const DEADLINE = ["timeout", "--signal=KILL", "90"];

/** Runs a line in a shell, with a host name of its own and both streams in one, in order. */
const SHELL = 'hostname "$0" && eval "$1" 2>&1';

/** The same on a terminal, to which some programs say more. */
const TERMINAL =
  'hostname "$0" && exec script --quiet --return --command "$1" /dev/null';

/** Differences from a line that is typed in the project; all of it may be left out. */
export interface TypeOptions {
  /** More variables; an empty one is taken away. */
  env?: Record<string, string>;
  /** Instead of the project's folder. */
  cwd?: string;
  onTerminal?: boolean;
}

/** A command that runs, and all that it has printed; disposing of it waits for its end. */
export class Typed implements AsyncDisposable {
  readonly #output: Output;

  constructor(
    private readonly line: string,
    private readonly child: Deno.ChildProcess,
  ) {
    this.#output = new Output(child.stdout);
  }

  /** The line as typed at a prompt, and what came of it so far. */
  get transcript(): string {
    return `$ ${this.line}\n${this.#output.text.replaceAll("\r\n", "\n")}`;
  }

  /** Waits until its output matches, and returns what the first group matched. */
  async says(pattern: RegExp): Promise<string> {
    return await this.#output.until(
      String(pattern),
      (text) => pattern.exec(text)?.[1],
    );
  }

  /** Waits for its end. @returns The whole transcript. */
  async ends(): Promise<string> {
    await this[Symbol.asyncDispose]();
    return this.transcript;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#output.whole, this.child.status]);
    // A program on a terminal has one; it stays open until then.
    await this.child.stdin.close().catch(() => {});
  }
}

/** Someone at a machine. */
export class Typist {
  constructor(
    readonly machine: Machine,
    private readonly network: Network,
    private readonly name: string,
    private readonly host: string,
    private readonly started: AsyncDisposableStack,
  ) {}

  /** Types a line into a shell. */
  start(
    line: string,
    { env = {}, cwd = this.machine.work, onTerminal = false }: TypeOptions = {},
  ): Typed {
    const shell = ["sh", "-c", onTerminal ? TERMINAL : SHELL, this.host, line];
    const words = [...DEADLINE, "unshare", "--uts", ...shell];
    const child = this.network.command(words, {
      cwd,
      clearEnv: true,
      env: environment(this.machine, {
        PATH: `${root}/bin:${PROGRAMS}:/usr/sbin:/sbin`,
        PWD: cwd,
        USER: this.name,
        TZ: "UTC",
        ...env,
      }),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    return this.started.use(new Typed(line, child));
  }

  /** Types a line and waits for its end. @returns The transcript. */
  async type(line: string, options?: TypeOptions): Promise<string> {
    return await this.start(line, options).ends();
  }
}

/** Both people; disposing of the stage ends whatever they have started. */
export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(
    readonly alex: Typist,
    readonly blake: Typist,
    /** Folder that everything is in; it has to be left out of what they see. */
    readonly folder: string,
  ) {}

  static async make(): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const made = await Deno.makeTempDir({ prefix: "cs-stage-" });
    const folder = await Deno.realPath(made);
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const [alex, blake] = [
      stack.use(await settle(folder, "alex")),
      stack.use(await settle(folder, "blake")),
    ];
    const started = stack.use(new AsyncDisposableStack());
    // Disposed of first: with it ends what was started.
    const network = stack.use(await Network.make());
    const stage = new Stage(
      new Typist(alex, network, "alex", "walnut", started),
      new Typist(blake, network, "blake", "cedar", started),
      folder,
    );
    stage.#stack.use(stack.move());
    return stage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** A machine with the home `/home/NAME` in the folder. */
async function settle(folder: string, name: string): Promise<Machine> {
  const home = `${folder}/home/${name}`;
  const work = `${home}/shop`;
  await Deno.mkdir(work, { recursive: true });
  return await Machine.make(folder, {
    name: `of ${name}`,
    furnish: () => Promise.resolve({ HOME: home, work }),
  });
}
