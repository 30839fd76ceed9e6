/** Limits on files per folder, lines per file and class, names, and modules loaded at startup. */

import { assertEquals } from "@std/assert";

const root = `${import.meta.dirname}/..`;

/** Folders of the product, without tests and their kits. */
const PRODUCT = ["bin", "hooks", "lib", "relay", "scripts", "skills", "std"];
const MAX_FILES = 12;
const MAX_LINES = 300;
const MAX_TEST_LINES = 400;

/** Folders that may hold more files, each with the reason. */
const FULL: Record<string, string> = {
  scripts: "the entry point of each command, in the table of commands",
};

/** Files that may be longer, each with the reason. */
const LONG: Record<string, string> = {
  "lib/protocol/legacy.ts": "protocol 1 is one thing, both sides of it",
  "scripts/cli/commands.ts": "one table of all that a command line may hold",
  "scripts/launcher/commands.sh": "made from that table",
};

const MAX_CLASS_LINES = 250;

/** Exported types that two files declare, each with the reason. */
const TWICE: Record<string, string> = {
  ReadEnv:
    "the relay and the commands share no module that knows the environment",
  Sender: "a client of the relay there, and the side that shares here",
};

/** Product files by folder. */
async function readProduct(): Promise<Map<string, string[]>> {
  const folders = new Map<string, string[]>();
  const read = async (folder: string) => {
    const files: string[] = [];
    for await (
      const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)
    ) {
      if (isDirectory && name !== "testing") await read(`${folder}/${name}`);
      if (!isDirectory && !name.endsWith("_test.ts")) {
        files.push(`${folder}/${name}`);
      }
    }
    folders.set(folder, files);
  };
  for (const folder of PRODUCT) await read(folder);
  return folders;
}

const product = await readProduct();

/** Files of the repository that git knows. */
async function readTracked(): Promise<string[]> {
  const { stdout, success } = await new Deno.Command("git", {
    args: ["ls-files", "-z"],
    cwd: root,
  }).output();
  const files = new TextDecoder().decode(stdout).split("\0").filter(Boolean);
  assertEquals([success, files.length > 500], [true, true]);
  return files;
}

Deno.test("no folder of the product holds more files than a reader takes in, but for those with a reason", () => {
  const full = [...product].filter(([, files]) => files.length > MAX_FILES)
    .map(([folder]) => folder);
  assertEquals(full, Object.keys(FULL));
});

Deno.test("no file of the product is longer than a reader takes in, but for those with a reason", async () => {
  const long: string[] = [];
  for (const file of [...product.values()].flat()) {
    const text = await Deno.readTextFile(`${root}/${file}`);
    if (text.split("\n").length - 1 > MAX_LINES) long.push(file);
  }
  assertEquals(long.filter((file) => !(file in LONG)), []);
  assertEquals(Object.keys(LONG).filter((file) => !long.includes(file)), []);
});

/** Texts of the product's modules, by their paths. */
async function readModules(): Promise<[path: string, text: string][]> {
  const paths = [...product.values()].flat().filter((path) =>
    path.endsWith(".ts")
  );
  return await Promise.all(
    paths.map(async (path): Promise<[string, string]> => [
      path,
      await Deno.readTextFile(`${root}/${path}`),
    ]),
  );
}

Deno.test("no class of the product is longer than a reader takes in", async () => {
  const long: string[] = [];
  for (const [path, text] of await readModules()) {
    const classes = text.matchAll(/^(?:export )?class (\w+)[^]*?^\}$/gm);
    for (const [whole, name] of classes) {
      const count = whole.split("\n").length;
      if (count > MAX_CLASS_LINES) long.push(`${path}: ${name}, ${count}`);
    }
  }
  assertEquals(long, []);
});

Deno.test("no exported type has the name of another one, but for those with a reason", async () => {
  const homes = new Map<string, Set<string>>();
  for (const [path, text] of await readModules()) {
    const types = text.matchAll(/^export (?:interface|type|class) (\w+)/gm);
    for (const [, name] of types) {
      homes.set(name!, (homes.get(name!) ?? new Set()).add(path));
    }
  }
  const twice = [...homes].filter(([, paths]) => paths.size > 1);
  const unnamed = twice.filter(([name]) => !(name in TWICE));
  assertEquals(unnamed.map(([name, paths]) => [name, ...paths]), []);
  assertEquals(twice.length, Object.keys(TWICE).length);
});

Deno.test("no file of tests or of their kits is longer than a reader takes in", async () => {
  const long: string[] = [];
  for (const file of await readTracked()) {
    if (!/^tests\/.*\.ts$|_test\.ts$|\/testing\//.test(file)) continue;
    const text = await Deno.readTextFile(`${root}/${file}`);
    if (text.split("\n").length - 1 > MAX_TEST_LINES) long.push(file);
  }
  assertEquals(long, []);
});

/** Hosts of package registries: tools know them by themselves. */
const REGISTRIES = [
  ["registry", "npmjs", "org"],
  ["registry", "yarnpkg", "com"],
  ["npm", "jsr", "io"],
  ["deb", "debian", "org"],
].map((parts) => parts.join("."));

Deno.test("no file of the repository names the host of a package registry", async () => {
  const files = await readTracked();
  const naming: string[] = [];
  for (const file of files) {
    const text = await Deno.readTextFile(`${root}/${file}`);
    if (REGISTRIES.some((host) => text.includes(host))) naming.push(file);
  }
  assertEquals(naming, []);
});

interface Module {
  specifier: string;
  dependencies?: { code?: { specifier: string }; isDynamic?: boolean }[];
}

/** Our own modules that a script loads before it runs. */
async function staticModules(script: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `--config=${root}/deno.json`, `${root}/${script}`],
    stderr: "null",
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout));
  const byName = new Map<string, Module>(
    modules.map((module: Module) => [module.specifier, module]),
  );
  const found = new Set<string>();
  const visit = (name: string) => {
    if (!name.startsWith("file:") || found.has(name)) return;
    found.add(name);
    for (const { code, isDynamic } of byName.get(name)?.dependencies ?? []) {
      if (code !== undefined && !isDynamic) visit(code.specifier);
    }
  };
  visit(roots[0]);
  return [...found];
}

for (
  const [script, max] of [
    ["scripts/receive.ts", 24],
    ["scripts/serve.ts", 61],
    ["scripts/status.ts", 15],
  ] as const
) {
  Deno.test(`${script} loads no more than ${max} modules at its start`, async () => {
    const modules = await staticModules(script);
    assertEquals(modules.length <= max, true, modules.join("\n"));
  });
}
