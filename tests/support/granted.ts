/**
 * The permissions that `bin/claude-spread` has Deno grant, told by a Deno that prints
 * its arguments.
 *
 * @module
 */

import { assert } from "@std/assert";
import { launch, type LaunchOptions, withPrintingDeno } from "./launcher.ts";
import type { Machine } from "./machine.ts";
import { root } from "./places.ts";

/** The arguments of Deno; paths begin at the machine's folder. */
export interface Granted {
  /** The script, from the root of the project. */
  script: string;
  /** Permissions for anything but files, in alphabetical order. */
  flags: string[];
  /** How modules are loaded and compiled. */
  engine: string[];
  reads: string[];
  writes: string[];
  /** Arguments of the script. */
  args: string[];
}

/** Runs commands of a machine by the launcher. */
export class Grants {
  private constructor(
    readonly machine: Machine,
    private readonly programs: string,
  ) {}

  static async on(machine: Machine): Promise<Grants> {
    return new Grants(machine, await withPrintingDeno(machine));
  }

  /** Runs a command and returns what it is granted. */
  async of(args: string[], options: LaunchOptions = {}): Promise<Granted> {
    const env = { DENO_DIR: `${this.machine.folder}/deno`, ...options.env };
    const { stdout, stderr } = await launch(this.machine, args, this.programs, {
      ...options,
      env,
    });
    const lines = stdout.split("\0").slice(0, -1);
    const end = lines.findIndex((line, i) =>
      line.startsWith(`${root}/`) && lines[i - 1] !== "--config"
    );
    assert(end !== -1 && lines.includes("--no-prompt"), stdout + stderr);
    const told = lines.slice(0, end);
    return {
      script: lines[end]!.slice(root.length + 1),
      flags: told.filter((flag) => /^--allow-(?!read|write)|^-A/.test(flag))
        .sort(),
      engine: told.filter((flag) => /^--(unstable|v8)-/.test(flag)),
      reads: this.#paths(told, "--allow-read"),
      writes: this.#paths(told, "--allow-write"),
      args: lines.slice(end + 1),
    };
  }

  /** Each path once. */
  #paths(told: string[], flag: string): string[] {
    const paths = told
      .map((line) => line === flag ? `${flag}=everywhere` : line)
      .filter((line) => line.startsWith(`${flag}=`))
      .flatMap((line) => line.slice(flag.length + 1).split(","))
      .map((path) => path.replace(`${this.machine.folder}/`, ""));
    return [...new Set(paths)];
  }
}
