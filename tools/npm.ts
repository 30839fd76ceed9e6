/**
 * Makes the npm package `claude-spread` for people with Node and a terminal: a folder for
 * `npm pack`, and the tarball that this makes of it.
 *
 * It holds the modules that the commands lead to, the launchers, and a command for npm
 * (`npm/start.mjs`); neither tests nor what only the plugin has. Deno comes as the npm package
 * `deno`, in the version of `scripts/launcher/deno.sh`.
 *
 * Usage: `deno task npm [FOLDER]`: makes `FOLDER/npm` anew, and the tarball in `FOLDER`, by default
 * `dist`. Prints both; exits 1 when npm cannot pack.
 *
 * @module
 */

import { dirname } from "@std/path";
import { COMMANDS } from "../scripts/cli/commands.ts";
import { cutLock, type Lock } from "./npm/cut_lock.ts";
import { findReached } from "./npm/reached_modules.ts";
import { PAGE } from "./manual.ts";
import { removeIfThere } from "./paths.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);

/** The scripts that the launchers start. */
export const SCRIPTS: string[] = [
  ...new Set([
    "scripts/claude_spread.ts",
    ...Object.values(COMMANDS).map(({ script }) => script),
  ]),
];

/** Files beside the modules. */
const FILES = ["LICENSE", "README.md", "bin/claude-spread", PAGE];

/** The part of `deno.json` that counts where the commands run. */
interface Config {
  version: string;
  license: string;
  nodeModulesDir: string;
  lock: unknown;
  unstable: string[];
  imports: Record<string, string>;
}

/**
 * Makes the folder of the package.
 *
 * @param folder Made anew.
 * @throws {Error} When a module is missing, or the lock file lacks a package.
 */
export async function makePackage(folder: string): Promise<void> {
  const { files, names } = await findReached(root, SCRIPTS);
  await removeIfThere(folder);
  const parts = await launcherParts();
  for (const path of [...files, ...parts, ...FILES]) {
    await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
    await Deno.copyFile(`${root}/${path}`, `${folder}/${path}`);
  }
  await Deno.copyFile(`${root}/tools/npm/start.mjs`, `${folder}/bin/start.mjs`);
  // Whatever Git made of it here: cmd does not find labels in a file with other line ends.
  const cmd = await read("bin/claude-spread.cmd");
  const text = cmd.replaceAll(/\r?\n/g, "\r\n");
  await Deno.writeTextFile(`${folder}/bin/claude-spread.cmd`, text);
  const config = cutConfig(JSON.parse(await read("deno.json")), names);
  const lock = cutLock(JSON.parse(await read("deno.lock")) as Lock, [
    ...new Set(Object.values(config.imports).flatMap(packageOf)),
  ]);
  await writeJson(`${folder}/deno.json`, config);
  await writeJson(`${folder}/deno.lock`, lock);
  await writeJson(`${folder}/package.json`, await packageJson(config));
  await setModes(folder, `${folder}/bin`);
}

/**
 * Gives files the same modes whatever those of the checkout and of new files are: root may install
 * the package for all users.
 */
async function setModes(folder: string, commands: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) await setModes(path, commands);
    const isProgram = path === `${commands}/claude-spread` ||
      path === `${commands}/start.mjs`;
    await Deno.chmod(path, isDirectory || isProgram ? 0o755 : 0o644);
  }
}

/** Keeps of `deno.json` what counts where the commands run. */
function cutConfig(config: Config, names: Set<string>): Config {
  const { version, license, nodeModulesDir, lock, unstable } = config;
  const imports = Object.entries(config.imports).filter(([key]) =>
    [...names].some((name) =>
      name === key || key.endsWith("/") && name.startsWith(key)
    )
  );
  return {
    ...{ version, license, nodeModulesDir, lock, unstable },
    imports: Object.fromEntries(imports),
  };
}

/** The name in the lock file of an import's package; none for our own files. */
function packageOf(target: string): string[] {
  const name = /^npm:\/?(.*?)\/?$/.exec(target)?.[1];
  return name === undefined ? [] : [`npm:${name}`];
}

/** The fields that npm reads. There is no script to install: npm and pnpm would ask about it. */
async function packageJson(
  { version, license }: Config,
): Promise<Record<string, unknown>> {
  const plugin = JSON.parse(await read(".claude-plugin/plugin.json"));
  return {
    name: plugin.name,
    version,
    description:
      "Hand files, and what a Claude Code session knows, to another machine, end-to-end encrypted",
    keywords: plugin.keywords,
    homepage: `${plugin.repository}#readme`,
    bugs: `${plugin.repository}/issues`,
    repository: { type: "git", url: `git+${plugin.repository}.git` },
    license,
    author: plugin.author,
    type: "module",
    bin: { [plugin.name]: "bin/start.mjs" },
    files: [
      ...["bin", "lib", "relay", "scripts", "skills", "std"],
      ...["deno.json", "deno.lock", PAGE],
    ],
    man: PAGE,
    engines: { node: ">=18" },
    // Those for which there is the npm package of Deno.
    os: ["darwin", "linux", "win32"],
    cpu: ["arm64", "x64"],
    dependencies: { deno: await denoVersion() },
  };
}

/** The version of Deno that the launcher has npx get. */
async function denoVersion(): Promise<string> {
  const text = await read("scripts/launcher/deno.sh");
  const version = /^deno_version=(\S+)$/m.exec(text)?.[1];
  if (version === undefined) throw new Error("deno.sh names no version");
  return version;
}

async function launcherParts(): Promise<string[]> {
  const folder = "scripts/launcher";
  const entries = await Array.fromAsync(Deno.readDir(`${root}/${folder}`));
  return entries.map(({ name }) => `${folder}/${name}`);
}

function read(path: string): Promise<string> {
  return Deno.readTextFile(`${root}/${path}`);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Makes the tarball of a package.
 *
 * @param folder Folder of the package.
 * @param into Folder of the tarball.
 * @returns The path of the tarball.
 * @throws {Error} When npm is missing or cannot pack.
 */
export async function pack(folder: string, into: string): Promise<string> {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination"];
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  const { success, stdout, stderr } = await new Deno.Command(npm, {
    args: [...args, await Deno.realPath(into)],
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const [made] = JSON.parse(new TextDecoder().decode(stdout));
  return `${into}/${made.filename}`;
}

async function main([into = "dist"]: string[]): Promise<number> {
  await makePackage(`${into}/npm`);
  console.log(`${into}/npm`);
  try {
    console.log(await pack(`${into}/npm`, into));
    return 0;
  } catch (error) {
    console.error(`Cannot pack the package: ${(error as Error).message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
