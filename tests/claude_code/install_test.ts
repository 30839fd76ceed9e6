/**
 * The plugin as people install it: from a marketplace that is a git repository, of which the
 * client copies what is committed and runs that. So these tests see the last commit, unlike
 * those that load this folder.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { receive, share } from "./_distill.ts";
import { say } from "./_model.ts";
import type { Person } from "./_person.ts";
import { root } from "../support/places.ts";
import { argumentsWith } from "./_secrets.ts";
import { toldBy } from "./_told.ts";
import { test } from "./_world.ts";

/** Most tokens that the client may count as added to every session. */
const MAX_ALWAYS_ON_TOKENS = 250;

/** Runs `claude plugin …`, which must succeed. */
async function plugin(person: Person, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await person.claude(["plugin", ...args]);
  assertEquals(code, 0, stdout + stderr);
  return stdout;
}

/** Adds the marketplace by its name on GitHub, and installs the plugin; returns where it is. */
async function install(person: Person): Promise<string> {
  const copy = `${person.folder}/claude-spread.git`;
  await person.write(
    ".gitconfig",
    // Whoever checked this folder out may be another user.
    `[safe]\n  directory = *\n[url "${copy}"]\n` +
      "  insteadOf = https://github.com/NAMYUNWOO/claudeSpread.git\n",
  );
  const clone = ["git", "clone", "--quiet", "--bare", root, copy];
  const { code, stderr } = await person.run(clone);
  assertEquals(code, 0, stderr);
  await plugin(person, "marketplace", "add", "NAMYUNWOO/claudeSpread");
  await plugin(person, "install", "claude-spread@ai-spread");
  const [installed] = JSON.parse(await plugin(person, "list", "--json"));
  return installed.installPath;
}

/** Paths of the files in a folder, as git writes them, without what the client adds. */
async function filesIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name === ".in_use") continue;
    const inside = isDirectory ? await filesIn(`${folder}/${name}`) : [""];
    paths.push(...inside.map((path) => path === "" ? name : `${name}/${path}`));
  }
  return paths.sort();
}

/** The one finding that stays: the name is the product's, and installs all the same. */
const NAME_IS_RESERVED =
  /✘ Found 1 error:\s+❯ [\w.[\]]*name: Plugin name "claude-spread" is reserved: /;

test("claude plugin validate --strict finds nothing in marketplace, plugin, skills and hooks, but a reserved name", async (environment) => {
  const alex = await environment.person("alex");
  for (const name of ["marketplace.json", "plugin.json"]) {
    const path = `${root}/.claude-plugin/${name}`;
    const flags = ["plugin", "validate", "--strict", path];
    const { code, stdout, stderr } = await alex.claude(flags);
    const said = stdout + stderr;
    const { reservesOurName } = environment.client;
    assertEquals(code, reservesOurName ? 1 : 0, said);
    assertEquals(NAME_IS_RESERVED.test(said), reservesOurName, said);
    assertEquals(said.includes("Validation passed"), !reservesOurName, said);
    // Advice of the plugin directory changes no result.
    const warnings = /⚠ Found \d+ (?!plugin directory)/;
    assert(!warnings.test(said), said);
  }
});

/** Findings of `plugin validate --json`. */
interface Findings {
  /** Places of errors in the manifests. */
  errors: string[];
  warnings: unknown[];
  /** Codes of what the plugin directory would refuse. */
  refused: string[];
}

/** Checks a folder as the plugin directory does, with warnings as errors. */
async function validate(person: Person, folder: string): Promise<Findings> {
  const flags = ["--strict", "--json", "--profile", "directory"];
  const line = ["plugin", "validate", ...flags, folder];
  const { code, stdout } = await person.claude(line);
  assertEquals(code, 1, stdout);
  const { manifest, contents, directory } = JSON.parse(stdout);
  assertEquals(directory.undecided, []);
  const parts: { errors: { path: string }[]; warnings: unknown[] }[] = [
    manifest,
    ...contents,
  ];
  return {
    errors: parts.flatMap(({ errors }) => errors.map(({ path }) => path)),
    warnings: parts.flatMap(({ warnings }) => warnings),
    refused: directory.findings.map(({ code }: { code: string }) => code),
  };
}

// Breaks when the directory would refuse more than the name, also what it hides behind that.
test(
  "claude plugin validate --profile directory finds nothing in what is committed, but a reserved name",
  async (environment) => {
    const alex = await environment.person("alex");
    const folder = `${alex.folder}/export`;
    await Deno.mkdir(folder);
    await alex.write(".gitconfig", "[safe]\n  directory = *\n");
    const command = 'git -C "$0" archive HEAD | tar -x -C "$1"';
    const line = ["sh", "-ec", command, root, folder];
    assertEquals((await alex.run(line)).code, 0);
    assertEquals(await validate(alex, folder), {
      errors: ["plugins[0].name", "name"],
      warnings: [],
      refused: [],
    });
    for (const name of ["marketplace.json", "plugin.json"]) {
      const path = `${folder}/.claude-plugin/${name}`;
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text.replace(/"claude-spread"/, '"a"'));
    }
    for (const path of ["README.md", "docs/README.md"]) {
      await Deno.remove(`${folder}/${path}`);
    }
    assertEquals(await validate(alex, folder), {
      errors: [],
      warnings: [],
      refused: ["README_MISSING"],
    });
  },
  { only: { age: "newest", why: "validate has no --profile there" } },
);

test("the plugin shares and receives, when it was installed from a git marketplace", async (environment) => {
  const people = [
    await environment.person("alex", { home: "the home of Alex" }),
    await environment.person("blake"),
  ] as const;
  const [alex, blake] = people;
  const [copy] = await Promise.all(people.map(install));
  const listing = [
    "git",
    "-C",
    root,
    "ls-tree",
    "-rz",
    "--name-only",
    "HEAD",
  ];
  const { stdout } = await alex.run(listing);
  const committed = stdout.split("\0").filter((path) => path !== "").sort();
  assertEquals(await filesIn(copy!), committed);

  const installed = { flags: [] };
  const shared = await share(alex, "", installed);
  assertEquals(argumentsWith(`${copy}/scripts/serve.ts`).length, 1);
  await receive(blake, toldBy(shared).invite!, installed);
  assertEquals((await alex.shares())[0]?.delivered, 1);
});

test("the plugin adds nothing to a session that does not use it, and counts for little", async (environment) => {
  const alex = await environment.person("alex");
  await install(alex);
  const details = await plugin(alex, "details", "claude-spread");
  const tokens = Number(/Always-on:\s+~(\d+) tok/.exec(details)?.[1]);
  assert(tokens <= MAX_ALWAYS_ON_TOKENS, details);
  // It counts descriptions that it does not send.
  const { turns } = await alex.ask("Hello", [say("Hello.")], { flags: [] });
  const request = JSON.stringify(turns[0]!.request);
  assert(!request.includes("claude-spread"), request);
});

/** Arguments of the README's lines for `claude`, from one heading to the next. */
async function readmeLines(heading: string): Promise<string[][]> {
  const readme = await Deno.readTextFile(`${root}/README.md`);
  const [, section] = readme.split(`\n## ${heading}\n`);
  const lines = section!.split("\n## ")[0]!.matchAll(/^claude plugin (.*)$/gm);
  return [...lines].map(([, words]) => words!.split(" "));
}

/** Commits a later version to the repository that the marketplace is a clone of. */
async function publish(person: Person, version: string): Promise<void> {
  const script = `git clone -q "$HOME/../claude-spread.git" "$HOME/../next"
cd "$HOME/../next"
sed -i 's/"version": "[^"]*"/"version": "'$0'"/' .claude-plugin/*.json
git -c user.name=alex -c user.email=alex@walnut commit -qam "$0"
git push -q origin HEAD`;
  const { code, stderr } = await person.run(["sh", "-ec", script, version]);
  assertEquals(code, 0, stderr);
}

// Breaks when a line of the README does not do what the README says, or is missing.
test("the README's lines update the plugin, and uninstall it", async (environment) => {
  const alex = await environment.person("alex");
  await install(alex);
  await publish(alex, "99.0.0");
  const lines = await readmeLines("Update and uninstall");
  assertEquals(lines.map(([verb]) => verb), [
    ...["marketplace", "update", "uninstall"],
  ]);
  const versions = [];
  for (const line of lines) {
    await plugin(alex, ...line);
    const installed = JSON.parse(await plugin(alex, "list", "--json"));
    const ours = installed.find(({ id }: { id: string }) =>
      id === "claude-spread@ai-spread"
    );
    versions.push(ours?.version);
  }
  assertEquals(versions.slice(1), ["99.0.0", undefined]);
});
