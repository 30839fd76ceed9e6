/**
 * Makes a release: one commit that moves the version everywhere and gives "Unreleased" of the
 * changelog a version and a date, and a tag for it. Pushes nothing.
 *
 * Usage: `deno task release VERSION`. Exits 1, with everything as it was, when the release cannot
 * be made; 2 without a version. The present version can be released as well, if it has not been.
 *
 * @module
 */

import {
  isAmbiguous,
  isEmpty,
  readSection,
  releaseSection,
} from "./changelog.ts";
import {
  findDifferences,
  moveVersion,
  presentVersion,
  readPlaces,
  type Texts,
} from "./versions.ts";

/** The branch of releases. */
const BRANCH = "main";

const CHANGELOG = "CHANGELOG.md";

/** Why a release cannot be made: what is wrong, and what to do. */
class Refusal extends Error {
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

/** Runs git and returns what it prints. @throws {Refusal} With its words, when it fails. */
async function git(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args,
    stdin: "inherit",
  }).output();
  const [text, problem] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes).trimEnd()
  );
  if (success) return text!;
  throw new Refusal(
    `git ${args[0]} fails: ${problem || text}`,
    "fix that, then try again",
  );
}

/** @throws {Refusal} Unless the checkout is on the branch of releases and has no changes. */
async function checkCheckout(): Promise<void> {
  const branch = await git("branch", "--show-current");
  if (branch !== BRANCH) {
    throw new Refusal(
      `the checkout is on ${branch === "" ? "no branch" : `branch ${branch}`}`,
      `releases are made on ${BRANCH}: git switch ${BRANCH}`,
    );
  }
  const changes = await git("status", "--porcelain");
  if (changes !== "") {
    throw new Refusal(
      `the checkout has changes:\n${changes}`,
      "commit or stash them, then try again",
    );
  }
}

/** @throws {Refusal} Unless `version` may follow what was released. */
async function checkVersion(
  version: string,
  present: string,
  changelog: string,
): Promise<void> {
  // Greater numbers are no longer exact, and npm refuses them.
  if (!/^(0|[1-9]\d{0,14})(\.(0|[1-9]\d{0,14})){2}$/.test(version)) {
    throw new Refusal(
      `"${version}" is not a version`,
      `a version is three numbers, such as ${present}`,
    );
  }
  if (isLess(version, present)) {
    throw new Refusal(
      `${version} is lower than the current version, ${present}`,
      "give a higher version",
    );
  }
  const tag = await git("tag", "--list", `v${version}`);
  if (tag !== "" || readSection(changelog, version) !== null) {
    const sign = tag === ""
      ? `${CHANGELOG} has a section for it`
      : `tag ${tag}`;
    throw new Refusal(
      `${version} is released already: ${sign}`,
      "give a higher version",
    );
  }
}

function isLess(version: string, other: string): boolean {
  const [left, right] = [version, other].map((text) =>
    text.split(".").map(Number)
  );
  const index = left!.findIndex((number, index) => number !== right![index]);
  return index >= 0 && left![index]! < right![index]!;
}

/** @throws {Refusal} Unless the changelog says what the release brings. */
function checkChangelog(changelog: string): void {
  if (isAmbiguous(changelog)) {
    throw new Refusal(
      `${CHANGELOG} has more than one section "Unreleased"`,
      "make one of them, and commit that",
    );
  }
  const section = readSection(changelog);
  if (section !== null && !isEmpty(section)) return;
  throw new Refusal(
    section === null
      ? `${CHANGELOG} has no section "Unreleased"`
      : `"Unreleased" in ${CHANGELOG} is empty`,
    "describe what changes for users, and commit that",
  );
}

/** The files of a release as they are to be. @throws {Refusal} When a place was lost. */
function makeTexts(before: Texts, version: string): Texts {
  const after = moveVersion(before, version);
  const differences = findDifferences(after);
  if (differences.length > 0) {
    throw new Refusal(differences.join("\n"), "fix tools/versions.ts");
  }
  const today = new Date().toISOString().slice(0, 10);
  const changelog = before.get(CHANGELOG)!;
  return after.set(CHANGELOG, releaseSection(changelog, version, today));
}

/** @throws {Refusal} When `deno task ok` fails, which says why. */
async function checkProject(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "ok"],
  }).spawn().status;
  if (!success) {
    throw new Refusal(
      "deno task ok fails",
      "fix what it reports, and commit that",
    );
  }
}

async function write(texts: Texts): Promise<void> {
  for (const [path, text] of texts) await Deno.writeTextFile(path, text);
}

/**
 * Notes what asks this process to end: that ends what runs, and this one has to live to put things
 * back.
 */
function noteSignals(): AbortSignal {
  const controller = new AbortController();
  const refusal = new Refusal("it was interrupted", "try again");
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) {
    Deno.addSignalListener(name, () => controller.abort(refusal));
  }
  return controller.signal;
}

/** Writes, checks, commits and tags; puts everything back when one of these fails. */
async function makeRelease(version: string, before: Texts): Promise<void> {
  const after = makeTexts(before, version);
  const head = await git("rev-parse", "HEAD");
  const interruption = noteSignals();
  try {
    await write(after);
    await checkProject();
    interruption.throwIfAborted();
    const summary = `chore(release): version ${version}`;
    await git(
      "commit",
      "--quiet",
      `--message=${summary}`,
      "--",
      ...after.keys(),
    );
    const title = `Claude Spread ${version}`;
    await git("tag", "--annotate", `--message=${title}`, `v${version}`);
  } catch (error) {
    await write(before);
    await git("reset", "--quiet", head);
    throw error;
  }
}

async function main(args: string[]): Promise<number> {
  const [version] = args;
  if (version === undefined || args.length > 1) {
    console.error("Usage: deno task release VERSION");
    return 2;
  }
  const before = readPlaces(".");
  const changelog = Deno.readTextFileSync(CHANGELOG);
  before.set(CHANGELOG, changelog);
  try {
    await checkVersion(version, presentVersion(before), changelog);
    await checkCheckout();
    checkChangelog(changelog);
    await makeRelease(version, before);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(`release: error: ${error.message}`);
    console.error(`release: hint: ${error.hint}; nothing was changed`);
    return 1;
  }
  console.log(`Version ${version} is committed and tagged. To publish it:
  git push --atomic origin ${BRANCH} v${version}`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
