/**
 * The first run of the launcher, done once for the machines of all tests: it looks for Deno and
 * has it download the modules, which would cost each machine a second.
 *
 * What the first run leaves in the state folder is copied to each machine, whatever it is.
 *
 * @module
 */

import { LAUNCHER } from "./commands.ts";
import { listFiles } from "./files.ts";
import { denoFolder, root } from "./places.ts";

/** Folder of the first run; another checkout has another one. */
const folder = `${denoFolder}/claude-spread-tests${root.replaceAll(":", "")}`;

/** The folders of programs that every machine has, with the Deno that runs the tests. */
export const PROGRAMS: string = await programs();

let files: Promise<Map<string, Uint8Array>> | undefined;

/** Makes a folder of states look as it does after a first run. */
export async function prepare(states: string): Promise<void> {
  for (const [path, bytes] of await (files ??= run())) {
    const copy = `${states}/${path}`;
    const around = copy.replace(/\/[^/]*$/, "");
    await Deno.mkdir(around, { recursive: true, mode: 0o700 });
    await Deno.writeFile(copy, bytes, { mode: 0o600 });
  }
}

/** Runs the launcher once; returns what that leaves, by its paths. Other tests wait meanwhile. */
async function run(): Promise<Map<string, Uint8Array>> {
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  while (!lock.tryLockSync(true)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [program, ...args] = [...LAUNCHER, "status"];
  const { success, stderr } = await new Deno.Command(program!, {
    args,
    // Apart from every project.
    cwd: "/",
    env: {
      PATH: PROGRAMS,
      DENO_DIR: denoFolder,
      HOME: `${folder}/home`,
      XDG_STATE_HOME: `${folder}/state`,
    },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const all = await listFiles(`${folder}/state`);
  const read = all.filter((path) => !path.includes("/shares/"))
    .map(async (path) =>
      [path, await Deno.readFile(`${folder}/state/${path}`)] as const
    );
  return new Map(await Promise.all(read));
}

/**
 * The folder of a link to this Deno, and the system's: Deno from npm is in a `node_modules`,
 * as are programs that a project brings.
 */
async function programs(): Promise<string> {
  if (Deno.build.os === "windows") return Deno.env.get("PATH") ?? "";
  const link = `${folder}/programs/deno`;
  await Deno.mkdir(`${folder}/programs`, { recursive: true });
  if (await Deno.readLink(link).catch(() => null) !== Deno.execPath()) {
    // Other tests may use it at the same time.
    const next = `${link}.${crypto.randomUUID()}`;
    await Deno.symlink(Deno.execPath(), next);
    await Deno.rename(next, link);
  }
  return `${folder}/programs:/usr/bin:/bin`;
}
