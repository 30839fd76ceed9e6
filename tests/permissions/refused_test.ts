/**
 * Files that a process may not use: those behind a link whose path alone is permitted, and
 * those of which nothing is.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { forEach } from "../../lib/testing/for_each.ts";
import { denoFolder } from "../support/places.ts";

const lib = new URL("../../lib", import.meta.url).href;

/** Longest that a process may take, in milliseconds: one that loops says so. */
const DEADLINE_MS = 30_000;

/** A folder `real`, and a link `link` to it whose path alone is permitted. */
async function behindLink(
  body: (link: string, run: (code: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${folder}/real`);
    await Deno.symlink("real", `${folder}/link`);
    // Deno follows a link that is there when it starts, so one more folder is needed.
    const link = `${folder}/link/state/of it`;
    await body(link, (code) => run(code, link));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs code about `path`; returns what it prints, or the error for people. */
async function run(
  code: string,
  path: string,
  permitted = path,
): Promise<string> {
  const program = `import { forPeople } from "${lib}/errors.ts";
const path = ${JSON.stringify(path)};
try {
${code}
  console.log("done");
} catch (error) {
  const known = forPeople(error);
  if (known === null) throw error;
  console.log(known.code, known.message, "-", known.hint);
}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--cached-only",
      `--config=${import.meta.dirname}/../../deno.json`,
      `--allow-read=${permitted}`,
      `--allow-write=${permitted}`,
      "-",
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).spawn();
  await new Blob([program]).stream().pipeTo(child.stdin);
  const { code: exit, signal, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assertEquals([exit, signal], [0, null], decoder.decode(stderr));
  return decoder.decode(stdout).trim();
}

const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, ignore: Deno.build.os === "windows" });

test("openPartial() ends with words, when it may not use the real path of its folder", () =>
  behindLink(async (link, run) => {
    const said = await run(`
      const { openPartial } = await import("${lib}/files/payload/partial_file.ts");
      using _ = await openPartial(path, { sha256: "ab", size: 10 });`);
    assertStringIncludes(said, `CANNOT_STORE Cannot write to "${link}"`);
    assertStringIncludes(said, "this command may not read");
    assertStringIncludes(said, "/real/state/of it/ab");
    assertStringIncludes(said, "name the real path instead");
  }));

test("HeldFolder.take() ends with words, when it may not use the real path of the lock", () =>
  behindLink(async (link, run) => {
    const said = await run(`
      const { HeldFolder } = await import("${lib}/memory/change/held_folder.ts");
      const { realDisk } = await import("${lib}/files/disk.ts");
      await using _ = await HeldFolder.take(path, realDisk);`);
    assertStringIncludes(said, `CANNOT_STORE Cannot write to "${link}"`);
    assertStringIncludes(said, "this command may not read");
    assertStringIncludes(said, "/real/state/of it/.claude-spread/lock");
  }));

test("FilePayload.open() ends with words, when it may not use the real path of its file", () =>
  behindLink(async (link, run) => {
    const said = await run(`
      const { FilePayload } = await import("${lib}/files/payload/source.ts");
      await Deno.mkdir(path, { recursive: true });
      await Deno.writeTextFile(path + "/a.md", "text");
      await FilePayload.open(path + "/a.md");`);
    assertStringIncludes(said, `PAYLOAD_UNREADABLE Cannot read "${link}/a.md"`);
    assertStringIncludes(said, "/real/state/of it/a.md");
  }));

/** Code that looks at a file or folder `path`, which it may not use. */
const LOOKS: [name: string, code: string][] = [
  [
    "readJournal()",
    `const { readJournal } = await import("${lib}/memory/change/journal.ts");
     await readJournal(path);`,
  ],
  [
    "isChanging()",
    `const { isChanging } = await import("${lib}/memory/change/held_folder.ts");
     await isChanging(path);`,
  ],
  [
    "settleMemory()",
    `const { settleMemory } = await import("${lib}/memory/install/held_memory.ts");
     await settleMemory({ folder: path });`,
  ],
  [
    "InstallHistory.decide()",
    `const { InstallHistory } = await import("${lib}/memory/install/history.ts");
     await new InstallHistory(path, path, null).decide("id");`,
  ],
  [
    "findTranscripts()",
    `const { findTranscripts } = await import("${lib}/session/local/transcripts.ts");
     await findTranscripts(path);`,
  ],
  [
    "findInstalled()",
    `const { findInstalled } = await import("${lib}/session/history.ts");
     await findInstalled(path);`,
  ],
  [
    "readEntries()",
    `const { readEntries } = await import("${lib}/shares/entries.ts");
     await readEntries(path, new Date());`,
  ],
  [
    "findMemoryFolder()",
    `const { findMemoryFolder } = await import("${lib}/claude/memory_folder.ts");
     await findMemoryFolder({ home: path, cwd: path, env: () => undefined });`,
  ],
];

/** Codes that name a file which cannot be used. */
const CODES = ["CANNOT_STORE", "PAYLOAD_UNREADABLE", "MEMORY_UNUSABLE"];

Deno.test("no code takes what it may not look at for missing", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await forEach(LOOKS, async ([name, code]) => {
      const said = await run(code, folder, `${folder}/other`);
      const [failure] = said.split(" ");
      assert(CODES.includes(failure!), `${name}: ${said}`);
      assertStringIncludes(said, `this command may not read "${folder}`, name);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a command says what Deno does not permit it, without a stack", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.md`, "text");
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--cached-only",
        "--allow-env",
        `--allow-read=${folder}`,
        `${lib}/../scripts/serve.ts`,
        "--generate",
        `${folder}/a.md`,
      ],
      env: { HOME: folder, DENO_DIR: denoFolder, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assertEquals(
      [code, new TextDecoder().decode(stderr)],
      [
        6,
        `spread: error: Cannot continue: this command has no permission for "hostname" (sys)
spread: hint: Run it as claude-spread, which permits what each command needs
`,
      ],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
