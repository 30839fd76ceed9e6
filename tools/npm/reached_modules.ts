/**
 * The modules that scripts lead to, with those that they load only later, as Deno finds them.
 *
 * @module
 */

/** Modules that scripts import, directly or through others. */
export interface Reached {
  /** Our own files, from the root of the project. */
  files: Set<string>;
  /** Names of packages and of their modules, as imports write them. */
  names: Set<string>;
}

interface Info {
  modules: {
    specifier: string;
    error?: string;
    dependencies?: { specifier: string }[];
  }[];
}

/**
 * Finds what scripts lead to.
 *
 * @param root Folder of the project, without links in its path.
 * @throws {Error} When a module is missing.
 */
export async function findReached(
  root: string,
  scripts: string[],
): Promise<Reached> {
  const reached: Reached = { files: new Set(), names: new Set() };
  for (const script of scripts) {
    if (!reached.files.has(script)) add(reached, root, await ask(root, script));
  }
  return reached;
}

function add({ files, names }: Reached, root: string, { modules }: Info): void {
  for (const { specifier, error, dependencies } of modules) {
    if (error !== undefined) throw new Error(`${specifier}: ${error}`);
    const { pathname } = new URL(specifier);
    const path = decodeURIComponent(pathname);
    if (path.startsWith(`${root}/`)) files.add(path.slice(root.length + 1));
    for (const { specifier } of dependencies ?? []) {
      if (!/^(?:\.|node:)/.test(specifier)) names.add(specifier);
    }
  }
}

async function ask(root: string, script: string): Promise<Info> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `--config=${root}/deno.json`, `${root}/${script}`],
    env: { DENO_NO_PACKAGE_JSON: "1" },
    cwd: root,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
