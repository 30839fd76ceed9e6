/**
 * Facts in the documents that a change elsewhere makes false: numbers, versions, names of tasks,
 * variables and commands.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { VISIBLE } from "../scripts/cli/help/help_text.ts";
import { root } from "../tests/support/places.ts";
import { VERSIONS } from "./pinned_clients.ts";
import { readDocuments } from "./transcripts.ts";

const documents = await readDocuments();
for (const path of ["SECURITY.md", "CONTRIBUTING.md", "RELAY_SERVER_SPEC.md"]) {
  documents.set(path, await Deno.readTextFile(`${root}/${path}`));
}
const readme = documents.get("README.md")!;

const MIB = 1024 * 1024;
const HOUR_MS = 60 * 60 * 1000;
const NUMBERS: Record<string, number> = { a: 1, three: 3, ten: 10 };

/** Sentences with a number, and the constant that it stands for, divided by its unit. */
const SENTENCES: [document: string, RegExp, constant: string, unit: number][] =
  [
    [
      "README.md",
      /shares, for (\S+) minutes/,
      "scripts/serve/options.ts DEFAULT_KEEP_OPEN_MIN",
      1,
    ],
    [
      "README.md",
      /(\S+) wrong guesses end a share/,
      "lib/protocol/handshake/guesses.ts MAX_GUESSES_IN_TOTAL",
      1,
    ],
    [
      "docs/words.md",
      /stays open for (\S+) minutes/,
      "scripts/serve/options.ts DEFAULT_KEEP_OPEN_MIN",
      1,
    ],
    [
      "docs/protection.md",
      /gets (\S+) tries from one address/,
      "lib/protocol/handshake/guesses.ts MAX_GUESSES_PER_ADDRESS",
      1,
    ],
    [
      "docs/protection.md",
      /and (\S+) wrong ones end the share/,
      "lib/protocol/handshake/guesses.ts MAX_GUESSES_IN_TOTAL",
      1,
    ],
    [
      "docs/work.md",
      /new files of up to (\S+) MiB each/,
      "lib/work/pack/choose_files.ts MAX_UNTRACKED_BYTES",
      MIB,
    ],
    [
      "docs/work.md",
      /each, and (\S+) MiB together/,
      "lib/work/pack/choose_files.ts MAX_ALL_UNTRACKED_BYTES",
      MIB,
    ],
    [
      "docs/work.md",
      /is removed after (a) week/,
      "lib/work/open/kept.ts STALE_MS",
      7 * 24 * HOUR_MS,
    ],
    [
      "docs/work.md",
      /is at most (\S+) MiB/,
      "lib/work/work_file.ts MAX_WORK_BYTES",
      MIB,
    ],
    [
      "docs/pairs_and_drops.md",
      /at most (a) week/,
      "lib/drops/answers.ts MAX_TTL_S",
      7 * 24 * 3600,
    ],
    [
      "docs/memory.md",
      /of (\S+) MB and/,
      "lib/memory/bundle.ts MAX_TOTAL_BYTES",
      1_000_000,
    ],
    [
      "docs/memory.md",
      /MB and (\S+) files/,
      "lib/memory/bundle.ts MAX_FILES",
      1,
    ],
    [
      "docs/memory.md",
      /beyond (\S+) lines or/,
      "lib/memory/index/blocks.ts MAX_LOADED_LINES",
      1,
    ],
    [
      "docs/memory.md",
      /lines or (\S+) KB/,
      "lib/memory/index/blocks.ts MAX_LOADED_BYTES",
      1000,
    ],
    [
      "docs/secrets.md",
      /the first (\S+) MiB of a document/,
      "lib/secrets/decode_text.ts MAX_SEARCHED_BYTES",
      MIB,
    ],
    [
      "docs/secrets.md",
      /with fewer than (\S+) characters/,
      "lib/secrets/project/env_values.ts MIN_LENGTH",
      1,
    ],
  ];

/** The value of a constant, which is a number or a product of numbers. */
async function valueOf(constant: string): Promise<number> {
  const [path, name] = constant.split(" ");
  const source = await Deno.readTextFile(`${root}/${path}`);
  const product = new RegExp(`const ${name} = ([\\d_* ]+);`).exec(source)?.[1];
  assert(product !== undefined, `there is no ${constant}`);
  return product.replaceAll("_", "").split("*").map(Number)
    .reduce((a, b) => a * b);
}

// Breaks when a limit or a default changes, and a document still has the old one.
Deno.test("numbers that documents give are those of the constants", async () => {
  for (const [path, sentence, constant, unit] of SENTENCES) {
    const text = documents.get(path)!.replace(/\s+/g, " ");
    const said = sentence.exec(text)?.[1];
    assert(said !== undefined, `${path} no longer says ${sentence}`);
    assertEquals(
      NUMBERS[said] ?? Number(said),
      await valueOf(constant) / unit,
      `${path}: ${sentence}`,
    );
  }
});

// Breaks when a command is new, and the README does not list it.
Deno.test("README.md lists every command that is for people", () => {
  const table = readme.slice(
    readme.indexOf("## Commands"),
    readme.indexOf("Options come first"),
  );
  // "`claude-spread work list`, `show`": a group is named once.
  const listed = Array.from(table.matchAll(/`([^`]+)`(,?)/g));
  const names = new Set<string>();
  let group = "";
  for (const [, name, comma] of listed) {
    const whole = name!.replace("claude-spread ", "");
    if (whole !== name) group = whole.split(" ").slice(0, -1).join(" ");
    names.add(whole === name && group ? `${group} ${name}` : whole);
    if (comma === "") group = "";
  }
  const missing = VISIBLE.map(([name]) => name.replace("--", ""))
    .filter((name) => !names.has(name) && !names.has(name.replace(" ", " --")));
  assertEquals(missing, []);
});

// Breaks when a name of the plugin, its marketplace or its repository changes.
Deno.test("README.md installs, updates and removes the plugin by its names", async () => {
  const [plugin, market] = await Promise.all(
    ["plugin", "marketplace"].map(async (name) =>
      JSON.parse(
        await Deno.readTextFile(`${root}/.claude-plugin/${name}.json`),
      )
    ),
  );
  const [place] = /[^/]+\/[^/]+$/.exec(plugin.repository)!;
  const id = `${plugin.name}@${market.name}`;
  assertEquals(
    readme.match(/(?<=^ {4})\/plugin .*$/gm),
    [
      `/plugin marketplace add ${place}`,
      `/plugin install ${id}`,
    ],
  );
  assertEquals(readme.match(/^claude plugin .*$/gm), [
    `claude plugin marketplace update ${market.name}`,
    `claude plugin update ${id}`,
    `claude plugin uninstall ${id}`,
  ]);
  assert(readme.includes(`git clone ${plugin.repository} && cd claudeSpread`));
});

// Breaks when the tests move to other versions, and the README does not.
Deno.test("README.md names the versions of Claude Code and Deno that are tried", async () => {
  const { oldest, newest } = VERSIONS;
  assert(readme.includes(`In Claude Code ${oldest} or newer`));
  assert(readme.includes(`| ${oldest}, ${newest} `));
  const ci = await Deno.readTextFile(`${root}/.ci/run`);
  const [deno, old] = ["deno_version", "old_deno_version"].map((name) =>
    new RegExp(`^${name}=(\\S+)$`, "m").exec(ci)![1]!
  );
  assert(readme.includes(`| ${deno}; the relay on ${old} too `));
  const named = readme.match(/(?<=\bdeno@)[\d.]+/g);
  assertEquals([...new Set(named)], [deno]);
});

// Breaks when a task or a variable gets another name, and a document keeps the old one.
Deno.test("documents name tasks and variables that exist", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  const { stdout } = await new Deno.Command("git", {
    args: [
      ...["grep", "-hoE", "(CLAUDE_SPREAD|RELAY)_[A-Z_]+[A-Z]", "--"],
      ...["lib", "relay", "scripts", "deploy", "bench", ":!*_test.ts"],
    ],
    cwd: root,
  }).output();
  const known = new Set(new TextDecoder().decode(stdout).split("\n"));
  assert(known.has("CLAUDE_SPREAD_RELAY") && known.has("RELAY_PORT"));
  const unknown: string[] = [];
  for (const [path, text] of documents) {
    const named = text.matchAll(/\bdeno(?:@\S+)? task (?:--\S+ )?([a-z:]+)/g);
    for (const [said, task] of named) {
      if (!(task! in tasks)) unknown.push(`${path}: ${said}`);
    }
    const variables = text.match(
      /\b(CLAUDE_SPREAD|RELAY)_[A-Z_]+[A-Z](?![A-Z_.]*\.md)/g,
    );
    for (const name of variables ?? []) {
      if (!known.has(name)) unknown.push(`${path}: ${name}`);
    }
  }
  assertEquals(unknown, []);
});
