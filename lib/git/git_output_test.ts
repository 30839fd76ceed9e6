/** Output of git as it comes: `GitProgram`, streamed. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../bytes.ts";
import { payloadOf } from "../testing/payloads.ts";
import { pause, waitUntil } from "../testing/protocol.ts";
import { GitFailed, type GitInput, GitProgram } from "./git.ts";

/** `git hash-object` of "text\n", a constant of git's format. */
const HASH_OF_TEXT = "8e27be7d6154a1f68ea9160ef0e18691d20560dc\n";

const MIB = 1024 * 1024;

function makeGit(timeoutMs = 30_000, signal = new AbortController().signal) {
  return new GitProgram({ timeoutMs, signal });
}

/** A folder of a file "text"; the folder's name tells a git that was started in it from others. */
async function makeFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "cs-git-" });
  await Deno.writeTextFile(`${path}/text`, "text\n");
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A git that says the hash of each file that its input names, at once. */
const hashes = (
  folder: string,
) => ["-C", folder, "hash-object", "--stdin-paths"];

/** A git that says what it hears. */
const ECHO = ["-c", "alias.echo=!cat", "echo"];

/**
 * Whether a git runs in this folder, or a child of this process has ended and Deno has not noticed
 * yet. Linux only: it looks into `/proc`.
 */
function isRunning(folder: string): boolean {
  if (Deno.build.os !== "linux") return false;
  return [...Deno.readDirSync("/proc")].some(({ name }) => {
    try {
      const process = `/proc/${name}`;
      if (Deno.readTextFileSync(`${process}/cmdline`).includes(folder)) {
        return true;
      }
      // One that has ended has no arguments any more: proc(5), the state and the parent.
      const stat = Deno.readTextFileSync(`${process}/stat`);
      return stat.includes(`) Z ${Deno.pid} `);
    } catch {
      return false;
    }
  });
}

/** Waits until no git runs in this folder: the test runner counts those that do. */
async function untilEnded(folder: string): Promise<void> {
  await waitUntil(() => !isRunning(folder));
  // For the promise of its status.
  await pause(20);
}

async function textOf(output: AsyncIterable<Bytes>): Promise<string> {
  return new TextDecoder().decode(
    concatBytes(...await Array.fromAsync(output)),
  );
}

/** Input that yields these texts and then never ends. */
async function* endless(...texts: string[]): AsyncGenerator<Bytes> {
  for (const text of texts) yield utf8(text);
  await new Promise(() => {});
}

const BROKEN = new RangeError("broken");

/** Input that yields these texts and then fails. */
async function* breaking(...texts: string[]): AsyncGenerator<Bytes> {
  for (const text of texts) yield utf8(text);
  await Promise.resolve();
  throw BROKEN;
}

Deno.test("GitProgram.start().output() yields what git says before git has heard everything", async () => {
  await using folder = await makeFolder();
  using git = makeGit();
  const heard = Promise.withResolvers<void>();
  async function* input(): AsyncGenerator<Bytes> {
    yield utf8("text\n");
    await heard.promise;
    yield utf8("text\n");
  }
  const lines: string[] = [];
  for await (const piece of git.start(hashes(folder.path)).output(input())) {
    lines.push(new TextDecoder().decode(piece));
    heard.resolve();
  }
  assertEquals(lines, [HASH_OF_TEXT, HASH_OF_TEXT]);
});

Deno.test("GitProgram.start().output() passes on more than a pipe holds, in both directions", async () => {
  using git = makeGit();
  const payload = payloadOf(4 * MIB);
  async function* input(): AsyncGenerator<Bytes> {
    for (let at = 0; at < payload.length; at += 65_536) {
      yield payload.slice(at, at + 65_536);
    }
  }
  const output = await Array.fromAsync(git.start(ECHO).output(input()));
  const all = concatBytes(...output);
  assertEquals(all.length, payload.length);
  assert(all.every((byte, at) => byte === payload[at]));
  assertEquals(await textOf(git.start(ECHO).output("a text")), "a text");
  assertEquals(await textOf(git.start(ECHO).output()), "");
});

Deno.test("GitProgram.start().output() fails with the beginning of git's own words, after what git said before", async () => {
  await using folder = await makeFolder();
  using git = makeGit();
  const heard: string[] = [];
  const hash = async (input: GitInput) => {
    for await (const piece of git.start(hashes(folder.path)).output(input)) {
      heard.push(new TextDecoder().decode(piece));
    }
  };
  const { said } = await assertRejects(
    () => hash("text\nmissing\n"),
    GitFailed,
  );
  assertEquals(heard, [HASH_OF_TEXT]);
  assert(said.includes("could not open 'missing'"), said);
  const long = "x".repeat(5000);
  const output = git.start([long]).output();
  const error = await assertRejects(() => textOf(output), GitFailed);
  assertEquals(error.said.length, 4096);
});

Deno.test("GitProgram.start().output() fails at once, when git has failed and its input goes on", async () => {
  using git = makeGit();
  const output = git.start(["no-such-command"]).output(endless("a"));
  const { said } = await assertRejects(() => textOf(output), GitFailed);
  assert(said.includes("no-such-command"), said);
});

Deno.test("GitProgram.start().output() fails without words, when git is over", async () => {
  const git = makeGit();
  git[Symbol.dispose]();
  const output = git.start(ECHO).output("a");
  const { said } = await assertRejects(() => textOf(output), GitFailed);
  assertEquals(said, "");
});

Deno.test("GitProgram.start().output() ends git, when nobody reads on", async () => {
  await using folder = await makeFolder();
  using git = makeGit();
  const output = git.start(hashes(folder.path)).output(endless("text\n"));
  for await (const piece of output) {
    assertEquals(new TextDecoder().decode(piece), HASH_OF_TEXT);
    assert(Deno.build.os !== "linux" || isRunning(folder.path));
    break;
  }
  await untilEnded(folder.path);
});

Deno.test("GitProgram.start().output() ends git, when it takes too long, or by the signal", async () => {
  await using folder = await makeFolder();
  const controller = new AbortController();
  const reason = new Error("enough");
  const table: [GitProgram, () => void, string][] = [
    [makeGit(50), () => {}, "git did not answer in 50 ms"],
    [
      makeGit(undefined, controller.signal),
      () => controller.abort(reason),
      "enough",
    ],
    [makeGit(undefined, AbortSignal.abort(reason)), () => {}, "enough"],
  ];
  for (const [git, act, message] of table) {
    using _git = git;
    const output = git.start(hashes(folder.path)).output(endless());
    const failing = assertRejects(() => textOf(output), Error, message);
    act();
    await failing;
    await untilEnded(folder.path);
  }
});

Deno.test("GitProgram.start().output() throws what its input throws, and ends git", async () => {
  await using folder = await makeFolder();
  using git = makeGit();
  for (const lines of [[], ["text\n"]]) {
    const output = git.start(hashes(folder.path)).output(breaking(...lines));
    const error = await assertRejects(() => textOf(output), RangeError);
    assertEquals(error, BROKEN);
    await untilEnded(folder.path);
  }
});

Deno.test("GitProgram.start() gives git no way to others or to a terminal, and further variables", async () => {
  using git = makeGit();
  const names = ["GIT_ALLOW_PROTOCOL", "GIT_TERMINAL_PROMPT", "LC_ALL", "OURS"];
  const say = `!printf '%s ' ${names.map((name) => `"$${name}"`).join(" ")}`;
  const args = ["-c", `alias.say=${say}`, "say"];
  const env = { OURS: "a b" };
  assertEquals(await git.start(args, env).answer(), "none 0 C a b ");
  assertEquals(await textOf(git.start(args).output()), "none 0 C  ");
});
