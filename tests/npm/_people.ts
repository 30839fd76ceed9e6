/**
 * People with Node and npm and without Deno: each has a home in which nothing is, and gets the
 * package `claude-spread` from its tarball.
 *
 * @module
 */

import { programPath, skipsFor } from "../support/missing.ts";

/** All programs that they have. */
const PROGRAMS = ["env", "git", "mkdir", "node", "npm", "npx", "readlink", "rm"]
  .concat("sh");

/** Variables that say how the person who runs the tests reaches the registry. */
const NETWORK = ["DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS"]
  .concat("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY")
  .concat("NPM_CONFIG_REGISTRY", "npm_config_registry");

/** How a command ended, and what it printed. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** A person; everything of theirs is in one folder, which is removed at the end. */
export class Person implements AsyncDisposable {
  /** Words that begin every command of theirs, such as those for another network. */
  via: string[] = [];

  private constructor(
    readonly folder: string,
    /** The words that start `claude-spread`. */
    readonly command: string[],
  ) {}

  /** @param command From the folder, the words that start `claude-spread`. */
  static async make(command: (folder: string) => string[]): Promise<Person> {
    const made = await Deno.makeTempDir({ prefix: "cs-npm-" });
    const folder = await Deno.realPath(made);
    for (const name of ["home", "work", "programs", "cache"]) {
      await Deno.mkdir(`${folder}/${name}`);
    }
    for (const name of PROGRAMS) {
      await Deno.symlink(programPath(name), `${folder}/programs/${name}`);
    }
    await Deno.symlink(await downloads(), `${folder}/cache/_cacache`);
    await copySettings(`${folder}/home/.npmrc`);
    return new Person(folder, command(folder));
  }

  get home(): string {
    return `${this.folder}/home`;
  }

  /** Starts a program in the work folder. */
  start([program, ...args]: string[]): Deno.ChildProcess {
    const [first, ...rest] = [...this.via, program!, ...args];
    return new Deno.Command(programPath(first!), {
      args: rest,
      cwd: `${this.folder}/work`,
      clearEnv: true,
      env: {
        ...networkSettings(),
        HOME: this.home,
        PATH: `${this.folder}/programs`,
        NO_COLOR: "1",
        npm_config_cache: `${this.folder}/cache`,
        npm_config_prefer_offline: "true",
        npm_config_update_notifier: "false",
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a program to its end. */
  async run(line: string[]): Promise<Result> {
    const { code, stdout, stderr } = await this.start(line).output();
    const [out, err] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    return { code, stdout: out!, stderr: err! };
  }

  /** Runs `claude-spread` to its end. */
  spread(...args: string[]): Promise<Result> {
    return this.run([...this.command, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Whether a test is skipped because something could not be downloaded, which is said; not in CI. */
export function skipWithout({ code, stderr }: Result): boolean {
  if (code === 0) return false;
  if (skipsFor(`nothing can be downloaded: ${stderr}`)) return true;
  throw new Error(stderr);
}

function networkSettings(): Record<string, string> {
  return Object.fromEntries(NETWORK.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** What npm has downloaded before, of which nothing is installed. */
async function downloads(): Promise<string> {
  const folder = `${await npmSetting("cache")}/_cacache`;
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

/** The registry of the person who runs the tests is that of all. */
async function copySettings(path: string): Promise<void> {
  const settings = await npmSetting("userconfig");
  await Deno.copyFile(settings, path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function npmSetting(name: string): Promise<string> {
  const { stdout } = await new Deno.Command(programPath("npm"), {
    args: ["config", "get", name],
  }).output();
  return new TextDecoder().decode(stdout).trim();
}
