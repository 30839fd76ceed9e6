/**
 * Secrets in memories: `bundle` and `serve` put placeholders in their place, and `receive` and
 * `install` show what was taken out and what was not.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import { Machine } from "../../support/machine.ts";
import { bundleOf, remember } from "../../support/memory.ts";
import { PASSWORD, TOKEN } from "./_secrets.ts";

const FILES = {
  "MEMORY.md": `- [Deploy](deploy.md) — ${TOKEN}\n- [Key](${TOKEN}.md) — x\n`,
  "deploy.md": `---\nname: ${PASSWORD}\nmetadata:\n  type: project\n---\n` +
    `In /home/tester: ${TOKEN}\n`,
  "notes.md": `DB_PASSWORD=${PASSWORD}\n`,
  [`${TOKEN}.md`]: "x\n",
};

const SAFE = {
  "MEMORY.md": "- [Deploy](deploy.md) — [secret: GitHub token #1]\n",
  "deploy.md":
    '---\nname: "[secret: password #1]"\nmetadata:\n  type: project\n---\n' +
    "In /home/tester: [secret: GitHub token #1]\n",
  "notes.md": "DB_PASSWORD=[secret: password #1]\n",
};

const COUNTS = [
  { kind: "GitHub token", places: 2 },
  { kind: "password", places: 2 },
];

const IN_WORDS = "4 secrets taken out: GitHub token ×2, password ×2";

/** The texts of a bundle, with YAML as one would write it. */
function textsIn(bundle: string): Record<string, string> {
  const { files } = JSON.parse(bundle);
  return { ...files, "deploy.md": files["deploy.md"].replaceAll("'", '"') };
}

Deno.test("bundle gives a secret the same placeholder in all files, leaves out a file that is named so, and counts", async () => {
  await using machine = await Machine.make();
  await remember(machine, FILES);
  const listed = await machine.run("bundle", ["--json", "--preview"]);
  assertSuccess(listed);
  const places = listed.events.at(-1)!.places as Record<string, unknown>[];
  assertEquals(
    places.map(({ file, line, masked }) => [file, line, masked]),
    [
      ["MEMORY.md", 1, "ghp_…3hJ6"],
      ["deploy.md", 2, "du…ry"],
      ["deploy.md", 6, "ghp_…3hJ6"],
      ["notes.md", 1, "du…ry"],
    ],
  );
  const ended = await machine.run("bundle", ["--json", "m.json"]);
  assertSuccess(ended);
  const bundle = await Deno.readTextFile(machine.path("m.json"));
  assertEquals(textsIn(bundle), SAFE);
  assertEquals(JSON.parse(bundle).secrets, COUNTS);
  assertEquals(ended.events.map(({ secrets }) => secrets), [COUNTS, COUNTS]);
  const { stderr, text } = await machine.run("bundle", ["--anonymous"]);
  assertStringIncludes(stderr, `spread: ${IN_WORDS}\n`);
  assertStringIncludes(
    stderr,
    'warning: "ghp_…3hJ6.md" is left out: its name holds a secret (GitHub token)',
  );
  assertStringIncludes(textsIn(text)["deploy.md"]!, "In /home/user: [");
  const all = bundle + stderr + text + JSON.stringify([listed, ended]);
  for (const secret of [TOKEN, PASSWORD]) assert(!all.includes(secret));
  const kept = await machine.run("bundle", ["--keep-secrets"]);
  assertEquals(JSON.parse(kept.text).files, FILES);
});

Deno.test("serve takes secrets out of a bundle, and of a memory as a document; the receiver sees how many", async () => {
  await using machine = await Machine.make();
  await machine.write("m.json", bundleOf(FILES, { secrets: [COUNTS[0]] }));
  {
    await using sharing = await machine.share(["--generate", "m.json"]);
    assertEquals(sharing.ready.secrets, {
      taken_out: COUNTS,
      left_out: [{
        name: "ghp_…3hJ6.md",
        why: "its name holds a secret (GitHub token)",
      }],
    });
    const args = ["-o", "r.json", sharing.words, sharing.address];
    const received = await machine.run("receive", args);
    assertSuccess(received);
    assertStringIncludes(
      received.stderr,
      "spread: 6 secrets taken out by the sender: GitHub token ×4, password ×2",
    );
    assert(!received.stderr.includes("warning"), received.stderr);
    const bundle = await Deno.readTextFile(machine.path("r.json"));
    assertEquals(textsIn(bundle), SAFE);
  }
  await machine.write("m.md", `Use ${TOKEN}, again ${TOKEN}\n`);
  await using sharing = await machine.share([
    "--kind=memory",
    "--generate",
    "m.md",
  ]);
  const { text } = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertEquals(
    text,
    "Use [secret: GitHub token #1], again [secret: GitHub token #1]\n",
  );
});

Deno.test("serve takes a secret that a memory tells out of the name of its file too", async () => {
  await using machine = await Machine.make();
  const file = `for ${PASSWORD}.md`;
  await machine.write(file, `DB_PASSWORD=${PASSWORD}\n`);
  await using sharing = await machine.share(["--kind=memory", file]);
  assertEquals(sharing.ready.name, "for [secret: password #1].md");
  assertEquals(sharing.ready.secrets, {
    taken_out: [{ kind: "password", places: 2 }],
  });
  const args = ["--kind=memory", "--preview", file];
  const { stderr } = await machine.run("serve", args);
  assertStringIncludes(stderr, "the file name: password du…ry");
});

Deno.test("serve lets nothing of a bundle leave that it does not read", async () => {
  await using machine = await Machine.make();
  const { files, ...facts } = JSON.parse(bundleOf({ "a.md": "x\n" }));
  const twice = JSON.stringify({ ...facts, note: TOKEN, files }).replace(
    '"a.md":',
    `"a.md": "${TOKEN}", "a.md":`,
  );
  assert(twice.split(TOKEN).length === 3);
  await machine.write("m.json", twice);
  await using sharing = await machine.share(["--generate", "m.json"]);
  const args = ["-o", "r.json", sharing.words, sharing.address];
  assertSuccess(await machine.run("receive", args));
  const bundle = await Deno.readTextFile(machine.path("r.json"));
  assert(!bundle.includes(TOKEN), bundle);
  assertEquals(JSON.parse(bundle).files, files);
});

Deno.test("serve --anonymous lets no path of a bundle leave that it does not read, with --keep-secrets too", async () => {
  await using machine = await Machine.make();
  const home = "/home/tester";
  const { files, ...facts } = JSON.parse(bundleOf({ "a.md": "x\n" }));
  const odd = { ...facts, project: `${home}/app`, note: home, files };
  await machine.write("m.json", JSON.stringify(odd));
  for (const [i, more] of [[], ["--keep-secrets"]].entries()) {
    const serve = ["--anonymous", ...more, "--generate", "m.json"];
    await using sharing = await machine.share(serve);
    const args = ["-o", `r${i}.json`, sharing.words, sharing.address];
    assertSuccess(await machine.run("receive", args));
    const bundle = await Deno.readTextFile(machine.path(`r${i}.json`));
    assert(!bundle.includes(home), bundle);
    assertEquals(JSON.parse(bundle).files, files);
  }
});

Deno.test("install warns of secrets in a bundle and in a document, and installs it all the same", async () => {
  await using machine = await Machine.make();
  await machine.write("m.json", bundleOf(FILES));
  await machine.write("m.md", `\nUse ${TOKEN}\n`);
  const table: [args: string[], warning: string][] = [
    [["--dry-run", "m.md"], "1 secret in what was received: line 2: GitHub"],
    [
      ["--yes", "m.json"],
      '5 secrets in what was received: "MEMORY.md", line 1: GitHub token ghp_…3hJ6; "MEMORY.md", line 2',
    ],
  ];
  for (const [args, warning] of table) {
    const ended = await machine.run("install", ["--json", ...args]);
    assertSuccess(ended);
    assertStringIncludes(ended.stderr, `spread: warning: ${warning}`);
    assert(ended.events.some(({ event }) => event === "secrets"));
  }
});

Deno.test("skill memory-share keeps secrets, and shows them alone, only where the user typed so", async () => {
  await using machine = await Machine.make();
  await remember(machine, FILES);
  const session = new ClaudeSession(machine);
  await session.type("memory-share", "--raw --preview");
  const { stderr } = await session.run("memory-share");
  assertStringIncludes(stderr, '"notes.md", line 1: password du…ry\n');
  assertStringIncludes(
    stderr,
    "the user typed --preview, so nothing is shared",
  );
  const { code } = await session.run("memory-share", "--share");
  assertEquals([code, await machine.entries()], [2, []]);
  await session.type("memory-share", `--raw --keep-secrets ${LOOPBACK}`);
  await using sharing = await session.share("memory-share", "--share");
  const args = [sharing.words, sharing.address];
  const { text } = await machine.run("receive", args);
  assertEquals(JSON.parse(text).files, FILES);
});
