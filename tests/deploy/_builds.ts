/**
 * The relay as Deno Deploy builds it, with two versions of Deno: that of the tests, and that of
 * the platform, which npm has.
 *
 * @module
 */

import { cpSync } from "node:fs";
import { denoFolder, root } from "../support/places.ts";
import { skipsFor } from "../support/missing.ts";

/** Deno Deploy's documentation names 2.5.0; this is the last of that line. */
const OLD_VERSION = "2.5.6";

/** The parts of the repository that the application is made of. */
const SOURCES = ["relay", "lib", "std", "deno.json", "deno.lock"];

/** The relay, built with one version of Deno. */
export interface Build {
  version: string;
  /** Deno's program. */
  deno: string;
  /** A copy of the application, where its build command has run. */
  folder: string;
}

/** Tests on each version. */
export function testOnEach(
  name: string,
  fn: (build: Build) => Promise<void>,
): void {
  for (const version of Object.keys(builds)) testOn(version, name, fn);
}

/** Tests on the platform's version alone; for what takes long. */
export function testOnPlatforms(
  name: string,
  fn: (build: Build) => Promise<void>,
): void {
  testOn(OLD_VERSION, name, fn);
}

function testOn(
  version: string,
  name: string,
  fn: (build: Build) => Promise<void>,
): void {
  const build = builds[version] ?? null;
  Deno.test({
    name: `${name}, on Deno ${version}`,
    ignore: build === null || Deno.build.os === "windows",
    fn: () => fn(build!),
  });
}

const builds: Record<string, Build | null> = {
  [Deno.version.deno]: await make(Deno.version.deno, Deno.execPath()),
  [OLD_VERSION]: await make(OLD_VERSION, await findOld()),
};

globalThis.addEventListener("unload", () => {
  for (const build of Object.values(builds)) {
    if (build !== null) Deno.removeSync(build.folder, { recursive: true });
  }
});

async function findOld(): Promise<string | null> {
  const code = "console.log(Deno.execPath())";
  return await run("npx", ["--yes", `deno@${OLD_VERSION}`, "eval", code], root);
}

/** Does what the platform does with an application before it runs it. */
async function make(
  version: string,
  deno: string | null,
): Promise<Build | null> {
  if (deno === null) return null;
  const folder = await Deno.makeTempDir({ prefix: "cs-build-" });
  for (const name of SOURCES) {
    cpSync(`${root}/${name}`, `${folder}/${name}`, { recursive: true });
  }
  const config = await Deno.readTextFile(`${folder}/deno.json`);
  const [, ...args] = String(JSON.parse(config).deploy.install).split(" ");
  const isBuilt = await run(deno, args, folder) !== null;
  return isBuilt ? { version, deno, folder } : null;
}

/** Returns the output of a program; `null`, with the reason said, when it fails. */
async function run(
  program: string,
  args: string[],
  cwd: string,
): Promise<string | null> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
      cwd,
      // Deno 2.8 and older do not ask the system whom it trusts.
      env: {
        DENO_DIR: denoFolder,
        DENO_TLS_CA_STORE: "mozilla,system",
        NO_COLOR: "1",
      },
    }).output();
    if (success) return new TextDecoder().decode(stdout).trim();
    throw new Error(new TextDecoder().decode(stderr).trim());
  } catch (error) {
    if (skipsFor(`${program} ${args.join(" ")}: ${error}`)) return null;
    throw error;
  }
}
