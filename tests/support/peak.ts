/**
 * The most memory that a command takes: in a process of its own, because tests of other files
 * run in threads of this one. Linux only.
 *
 * @module
 */

import { denoFolder, root } from "./places.ts";

/**
 * Runs an entry point to its end.
 *
 * @param script Its path from the root, such as `scripts/sessions.ts`.
 * @param home The person's home folder.
 * @returns Its exit code, and the most memory that it took, in bytes.
 */
export async function peakOf(
  script: string,
  args: string[],
  home: string,
): Promise<{ code: number; bytes: number }> {
  const body = `
    import { main } from "file://${root}/${script}";
    const code = await main(${JSON.stringify(args)});
    console.log(Deno.readTextFileSync("/proc/self/status"));
    Deno.exit(code);`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", `--config=${root}/deno.json`, body],
    env: { HOME: home, XDG_STATE_HOME: "", DENO_DIR: denoFolder },
  }).output();
  const text = new TextDecoder().decode(stdout);
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1];
  if (kib === undefined) throw new Error(new TextDecoder().decode(stderr));
  return { code, bytes: Number(kib) * 1024 };
}
