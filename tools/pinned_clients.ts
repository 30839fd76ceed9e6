/**
 * The versions of Claude Code that the tests are written against, from npm: each is installed
 * once, into a folder of the person's cache.
 *
 * @module
 */

/** The oldest version that is supported and the newest that was tried; here and nowhere else. */
export const VERSIONS = { oldest: "2.1.197", newest: "2.1.332" };

/** Name of the client on npm. */
export const PACKAGE = "@anthropic-ai/claude-code";

/** Longest that npm may take, in milliseconds. */
const INSTALL_DEADLINE_MS = 240_000;

/**
 * Installs a version unless that was done before; test files that run side by side wait for one.
 *
 * @returns The path of its binary.
 * @throws {Error} With the reason, when it cannot be had.
 */
export async function installClient(version: string): Promise<string> {
  const folder = `${cacheFolder()}/claude-spread-tests/${version}`;
  const link = `${folder}/claude`;
  const installed = await targetOf(link);
  if (installed !== null) return installed;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  await lock.lock(true);
  const meanwhile = await targetOf(link);
  if (meanwhile !== null) return meanwhile;
  // The package's own script would only copy the platform's binary.
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  const wanted = `${PACKAGE}@${version}`;
  await runNpm(["install", ...flags, "--prefix", folder, wanted]);
  const binary = await findBinary(folder, version);
  // The link comes last, so that it stands for a whole installation.
  await Deno.remove(link).catch(() => {});
  await Deno.symlink(binary, link);
  return binary;
}

/** Runs npm and returns its output. @throws {Error} With what it says, when it fails. */
export async function runNpm(args: string[]): Promise<string> {
  return await output("npm", args);
}

/** The version that a binary says it is. */
export async function versionOf(path: string): Promise<string> {
  const [version] = (await output(path, ["--version"])).split(" ");
  return version!.trim();
}

async function targetOf(link: string): Promise<string | null> {
  try {
    return await Deno.realPath(link);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The person's cache. @throws {Error} When there is no home folder. */
export function cacheFolder(): string {
  const named = Deno.env.get("XDG_CACHE_HOME");
  if (named) return named;
  const home = Deno.env.get("HOME");
  if (!home) throw new Error("There is no home folder for a cache");
  return `${home}/.cache`;
}

/** The binary that runs here; npm may install that for musl beside that for glibc. */
async function findBinary(folder: string, version: string): Promise<string> {
  const packages = `${folder}/node_modules/@anthropic-ai`;
  const problems: string[] = [];
  for await (const { name } of Deno.readDir(packages)) {
    if (!name.startsWith("claude-code-")) continue;
    const path = `${packages}/${name}/claude`;
    const said = await versionOf(path).catch((error) => String(error));
    if (said === version) return path;
    problems.push(`${name}: ${said}`);
  }
  throw new Error(`${PACKAGE}@${version} does not run here: ${problems}`);
}

/** The output of a command. @throws {Error} With what it says, when it fails. */
async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    signal: AbortSignal.timeout(INSTALL_DEADLINE_MS),
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  const problem = new TextDecoder().decode(stderr).trim() || text.trim();
  throw new Error(`${program} ${args[0]}: ${problem.slice(0, 500)}`);
}
