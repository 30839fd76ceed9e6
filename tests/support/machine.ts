/**
 * Machines of people: each has a home of its own, on which the commands run.
 *
 * They keep to loopback, which is shared with other tests, whose shares a receiver that
 * looks for one would meet and spend a guess of. So receivers are given an address, except
 * in a `Loopback` of `isolation.ts`, where nobody else is.
 *
 * @module
 */

import { until } from "./checks.ts";
import type { Script } from "./commands.ts";
import { listFiles } from "./files.ts";
import { prepare } from "./first_run.ts";
import { type Home, PLAIN, stateFolder } from "./homes.ts";
import type { Event } from "./output.ts";
import { Running, type StartOptions } from "./running.ts";
import { type Ended } from "./output.ts";

/** A person's machine: home, state and work folder, removed when it is disposed of. */
export class Machine implements AsyncDisposable {
  private constructor(
    /** Everything of the machine is in it; has no link in its path. */
    readonly folder: string,
    /** Variables that say where the home is. */
    readonly env: Readonly<Record<string, string>>,
    /** Folder of the commands, as the person went there. */
    readonly work: string,
  ) {}

  /**
   * Makes a machine on which the launcher has run before.
   *
   * @param parent Folder of its folder.
   * @param home Its home; by default one with a state folder beside it.
   */
  static async make(parent?: string, home: Home = PLAIN): Promise<Machine> {
    const made = await Deno.makeTempDir({ dir: parent, prefix: "cs-cli-" });
    const folder = await Deno.realPath(made);
    for (const name of ["home", "state", "work"]) {
      await Deno.mkdir(`${folder}/${name}`);
    }
    const { work = `${folder}/work`, ...env } = await home.furnish(folder);
    const machine = new Machine(folder, env, work);
    await prepare(stateFolder(env));
    return machine;
  }

  /** Folder of the person's own files. */
  get home(): string {
    return this.env.HOME!;
  }

  /** Folder of the commands' state. */
  get state(): string {
    return `${stateFolder(this.env)}/claude-spread`;
  }

  /** A path in the work folder. */
  path(name: string): string {
    return `${this.work}/${name}`;
  }

  /** Writes a file in the work folder and returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.path(name);
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    return path;
  }

  /** Payloads in the state folder, as paths from there. */
  async kept(): Promise<string[]> {
    const files = await listFiles(this.state);
    // What the launcher runs on is noted in "deno".
    return files.filter((path) => !/^(?:shares|drops|deno)\//.test(path));
  }

  /** Entries of shares and their logs. */
  entries(): Promise<string[]> {
    return listFiles(`${this.state}/shares`);
  }

  /** Files in the work folder, as paths from there. */
  works(): Promise<string[]> {
    return listFiles(this.work);
  }

  /** Starts a command. */
  start(script: Script, args: string[], options: StartOptions = {}): Running {
    return new Running(this, script, args, options);
  }

  /** Runs a command to its end. */
  async run(
    script: Script,
    args: string[],
    options: StartOptions = {},
  ): Promise<Ended> {
    await using running = this.start(script, args, options);
    return await running.ended;
  }

  /** Starts `serve --json` and waits until receivers can come. */
  async share(args: string[], options: StartOptions = {}): Promise<Sharing> {
    const running = this.start("serve", ["--json", ...args], options);
    try {
      const ready = await running.event("ready");
      // None where there is no network but loopback.
      const [address = ""] = ready.addresses as string[];
      return Object.assign(running, {
        ready,
        address,
        port: Number(address.split(":").at(-1)),
        words: String(ready.invite),
      });
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A share that was stopped may still write while it ends.
    await until(
      "its folder to be empty",
      () =>
        Deno.remove(this.folder, { recursive: true }).then(
          () => true,
          (error) => {
            if (!/not empty/i.test(String(error))) throw error;
            return false;
          },
        ),
    );
  }
}

/** A share that receivers can come to. */
export type Sharing = Running & {
  ready: Event;
  /** `127.0.0.1:port`. */
  address: string;
  port: number;
  /** Its invite, if it made the words. */
  words: string;
};
