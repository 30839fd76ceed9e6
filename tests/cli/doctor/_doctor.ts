/**
 * Machines for the doctor, each in a network of its own, with a client and a plugin if wanted.
 *
 * @module
 */

import { assert } from "@std/assert";
import { PROGRAMS } from "../../support/environment.ts";
import { HOME, type Home } from "../../support/homes.ts";
import { Loopback } from "../../support/isolation.ts";
import { Machine } from "../../support/machine.ts";
import type { Ended } from "../../support/output.ts";

/** The plugin as Claude Code names it. */
export const PLUGIN = "claude-spread@ai-spread";

/** A finding, as `--json` prints it. */
export interface Found {
  check: string;
  state: string;
  text: string;
  todo?: string;
}

/** A machine and its network. */
export class Patient implements AsyncDisposable {
  private constructor(
    readonly machine: Machine,
    readonly network: Loopback,
  ) {}

  /** @param isPlugged Whether it has a network other than its loopback. */
  static async make(isPlugged: boolean, home: Home = HOME): Promise<Patient> {
    const machine = await Machine.make(undefined, home);
    const patient = new Patient(machine, await Loopback.make());
    if (isPlugged) await patient.plug("eth7", "192.0.2.7/24");
    return patient;
  }

  /** Gives it an interface with an address. */
  async plug(name: string, address: string): Promise<void> {
    await this.#inNetwork(
      `ip link add ${name} type veth peer name ${name}x &&
ip link set ${name} up && ip link set ${name}x up && ip addr add ${address} dev ${name}`,
    );
  }

  async #inNetwork(script: string): Promise<void> {
    const [program, ...args] = [...this.network.via, "sh", "-c", script];
    const { success, stderr } = await new Deno.Command(program!, { args })
      .output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  /** Writes a file of the home, with the folders around it. */
  async write(name: string, value: unknown): Promise<string> {
    const path = `${this.machine.home}/${name}`;
    const around = path.replace(/\/[^/]*$/, "");
    await Deno.mkdir(around, { recursive: true, mode: 0o700 });
    const text = typeof value === "string" ? value : JSON.stringify(value);
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  }

  /** Installs a client, as its own installer does; returns the folders of programs. */
  async installClient(version: string): Promise<string> {
    const client = await this.write(
      `.local/share/claude/versions/${version}`,
      "#!/bin/sh\nexit 1\n",
    );
    await Deno.chmod(client, 0o755);
    await Deno.mkdir(`${this.machine.home}/.local/bin`, { recursive: true });
    await Deno.symlink(client, `${this.machine.home}/.local/bin/claude`);
    return `${this.machine.home}/.local/bin:${PROGRAMS}`;
  }

  /** Installs this version of the plugin and switches it on. */
  async installPlugin(version: string): Promise<void> {
    await this.write(".claude/plugins/installed_plugins.json", {
      version: 2,
      plugins: { [PLUGIN]: [{ scope: "user", version }] },
    });
    await this.write(".claude/settings.json", {
      enabledPlugins: { [PLUGIN]: true },
    });
  }

  /**
   * Runs the doctor, with an empty `/etc`: whatever firewall or settings this machine has.
   *
   * @param etc Commands of a shell that put something there.
   */
  async doctor(
    args: string[],
    env: Record<string, string> = {},
    etc = "true",
  ): Promise<Ended> {
    const script = `mount -t tmpfs tmpfs /etc && { ${etc}; } && exec "$@"`;
    const inEtc = ["unshare", "--mount", "sh", "-c", script, "sh"];
    return await this.machine.run("doctor", args, {
      env,
      via: [...this.network.via, ...inEtc],
    });
  }

  /** Runs it with `--json`; returns the findings, and how it ended. */
  async diagnose(
    args: string[] = [],
    env: Record<string, string> = {},
    etc = "true",
  ): Promise<{ found: Found[]; ended: Ended }> {
    const ended = await this.doctor(["--json", ...args], env, etc);
    const found = ended.events.filter(({ event }) => event === "check")
      .map((event) => event as unknown as Found);
    return { found, ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
    await this.machine[Symbol.asyncDispose]();
  }
}

/** The findings about one thing, in words. */
export function about(found: Found[], check: string): string {
  return found.filter((finding) => finding.check === check)
    .map(({ state, text, todo }) =>
      `${state} ${text}${todo === undefined ? "" : ` -> ${todo}`}`
    ).join("\n");
}

/** Fails with the text when it does not fit. */
export function assertMatch(text: string, pattern: RegExp): void {
  assert(pattern.test(text), `${pattern} does not fit: ${text}`);
}
