/**
 * A git between a command and the real one: it notes its processes, and can be one that hangs.
 *
 * @module
 */

import { until } from "./checks.ts";
import { withProgram } from "./launcher.ts";
import type { Machine } from "./machine.ts";
import { programPath } from "./missing.ts";

/** The git of one machine. Linux only: it looks into `/proc`. */
export class NotingGit {
  private constructor(
    private readonly notes: string,
    /** The variables with which a command finds it. */
    readonly env: Record<string, string>,
  ) {}

  /**
   * Puts it before the real one.
   *
   * @param before Lines of sh that come before the real git.
   */
  static async on(machine: Machine, before = ""): Promise<NotingGit> {
    const notes = `${machine.folder}/git-processes`;
    await Deno.writeTextFile(notes, "");
    const real = programPath("git");
    const script = `echo $$ >>'${notes}'\n${before}\nexec '${real}' "$@"`;
    const path = await withProgram(machine, "git", script);
    return new NotingGit(notes, { PATH: path });
  }

  /** IDs of the processes that have started. */
  processes(): number[] {
    const lines = Deno.readTextFileSync(this.notes).split("\n");
    return lines.filter((line) => line !== "").map(Number);
  }

  /** IDs of those that still run. */
  running(): number[] {
    return this.processes().filter(isRunning);
  }

  /** Waits until as many run. */
  async untilRunning(count: number): Promise<void> {
    await until(`${count} running git`, () => this.running().length === count);
  }
}

function isRunning(pid: number): boolean {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // One that has ended stays until its parent has asked how: proc(5), the state.
    return !/^\d+ \(.*\) Z/.test(status);
  } catch {
    return false;
  }
}
