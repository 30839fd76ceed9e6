/**
 * Machines of people: each has a home of its own, on which the commands run.
 *
 * They keep to loopback, which is shared with other tests, whose shares a receiver that
 * looks for one would meet and spend a guess of. So receivers are given an address, except
 * in a `Loopback` of `isolation.ts`, where nobody else is.
 *
 * @module
 */

import type { Script } from "./commands.ts";
import type { Event } from "./output.ts";
import { type Ended, Running, type StartOptions } from "./running.ts";

/** A person's machine: home, state and work folder, removed when it is disposed of. */
export class Machine implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(parent?: string): Promise<Machine> {
    const folder = await Deno.makeTempDir({ dir: parent, prefix: "cs-cli-" });
    const machine = new Machine(await Deno.realPath(folder));
    for (const name of ["home", "state", "work"]) {
      await Deno.mkdir(`${machine.folder}/${name}`);
    }
    return machine;
  }

  /** Where the commands keep their state. */
  get state(): string {
    return `${this.folder}/state/claude-spread`;
  }

  /** A path in the work folder. */
  path(name: string): string {
    return `${this.folder}/work/${name}`;
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
    return files.filter((path) => !/^(?:shares|deno)\//.test(path));
  }

  /** Entries of shares and their logs. */
  entries(): Promise<string[]> {
    return listFiles(`${this.state}/shares`);
  }

  /** Files in the work folder, as paths from there. */
  works(): Promise<string[]> {
    return listFiles(`${this.folder}/work`);
  }

  /** Starts a command. */
  start(script: Script, args: string[], options: StartOptions = {}): Running {
    return new Running(this.folder, script, args, options);
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
      });
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (!entry.isDirectory) names.push(entry.name);
      else {
        const inside = await listFiles(`${folder}/${entry.name}`);
        names.push(...inside.map((name) => `${entry.name}/${name}`));
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** A share that receivers can come to. */
export type Sharing = Running & {
  ready: Event;
  /** `127.0.0.1:port`. */
  address: string;
  port: number;
};
