/**
 * The real Claude Code client: the one version that the tests are written against.
 *
 * `CLAUDE_BIN` names a client that is there already. Otherwise it is installed from npm, once,
 * into a folder of the person's cache; where it cannot be had, there is a reason to skip.
 *
 * @module
 */

/** The version that the tests were written against. */
export const CLIENT_VERSION = "2.1.197";

const PACKAGE = `@anthropic-ai/claude-code@${CLIENT_VERSION}`;

/** Longest that npm may take, in milliseconds. */
const INSTALL_DEADLINE_MS = 240_000;

/** Path of the client; `null` where there is none, and why is printed. */
export async function findClient(): Promise<{ path: string } | null> {
  try {
    const path = Deno.env.get("CLAUDE_BIN") || await install();
    const version = await output(path, ["--version"]);
    if (version.startsWith(CLIENT_VERSION)) return { path };
    throw new Error(`"${path}" is ${version.trim()}, not ${CLIENT_VERSION}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(
      `tests in the real client are skipped: it cannot be had: ${reason}`,
    );
    return null;
  }
}

/** Installs it unless that was done before; test files that run side by side wait for one. */
async function install(): Promise<string> {
  const folder = `${cacheFolder()}/claude-spread-tests/${CLIENT_VERSION}`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  await lock.lock(true);
  const installed = await binaryIn(folder);
  if (installed !== null) return installed;
  // Its own script would only put the platform's binary in another place.
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  const [program, ...args] = Deno.build.os === "windows"
    ? ["cmd", "/c", "npm"]
    : ["npm"];
  const install = ["install", ...flags, "--prefix", folder, PACKAGE];
  await output(program!, [...args, ...install]);
  const binary = await binaryIn(folder);
  if (binary !== null) return binary;
  throw new Error(
    `${PACKAGE} has no binary for ${Deno.build.os} on ${Deno.build.arch}`,
  );
}

function cacheFolder(): string {
  const named = Deno.env.get("XDG_CACHE_HOME") || Deno.env.get("LOCALAPPDATA");
  if (named) return named;
  const home = Deno.env.get("HOME");
  if (!home) throw new Error("no home folder to keep it in");
  return `${home}/.cache`;
}

/** The binary of this platform's package; the one for musl stands beside that for glibc. */
async function binaryIn(folder: string): Promise<string | null> {
  const name = Deno.build.os === "windows" ? "claude.exe" : "claude";
  const packages = `${folder}/node_modules/@anthropic-ai`;
  try {
    for await (const entry of Deno.readDir(packages)) {
      if (!entry.name.startsWith("claude-code-")) continue;
      const path = `${packages}/${entry.name}/${name}`;
      const isWorking = await output(path, ["--version"]).then(
        () => true,
        () => false,
      );
      if (isWorking) return path;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return null;
}

/** What a command prints. @throws {Error} With what it says, when it fails. */
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
