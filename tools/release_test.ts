/**
 * `deno task release` and `deno task notes`, in repositories with the files of this one.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readSection } from "./changelog.ts";
import { Checkout, ENV, NAMING, run, SHORT_OK } from "./testing/checkout.ts";
import { presentVersion, readPlaces } from "./versions.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const present = presentVersion(readPlaces(root));

/** A version that nothing else has. */
const NEXT = "97.31.113";

/** The files of a release. */
const FILES = [...NAMING, "CHANGELOG.md"];

async function assertRefused(
  checkout: Checkout,
  version: string,
  message: string,
): Promise<void> {
  const before = await checkout.state();
  const { code, stdout, stderr } = await checkout.task("release", version);
  assertStringIncludes(stderr, `release: error: ${message}`);
  assert(/^release: hint: .+; nothing was changed$/m.test(stderr), stderr);
  assertEquals([code, stdout, await checkout.state()], [1, "", before]);
}

/** Lines of a diff that begin with a sign. */
function lines(diff: string, sign: "+" | "-"): string[] {
  return diff.split("\n").filter((line) =>
    line.startsWith(sign) && !line.startsWith(sign.repeat(3))
  ).map((line) => line.slice(1));
}

Deno.test("release moves every place of the version and the changelog, in one commit with a tag", async () => {
  await using checkout = await Checkout.make(["."]);
  const head = await checkout.git("rev-parse", "HEAD");
  const unreleased = readSection(await checkout.read("CHANGELOG.md"));
  const { code, stdout, stderr } = await checkout.task("release", NEXT);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, `git push --atomic origin main v${NEXT}`);

  assertEquals(await checkout.git("rev-parse", "HEAD~1"), head);
  const subject = await checkout.git("log", "-1", "--format=%s");
  assertEquals(subject, `chore(release): version ${NEXT}`);
  assertEquals(await checkout.git("status", "--porcelain"), "");
  assertEquals(await checkout.git("cat-file", "-t", `v${NEXT}`), "tag");
  const tagged = await checkout.git("rev-parse", `v${NEXT}^{commit}`);
  assertEquals(tagged, await checkout.git("rev-parse", "HEAD"));

  const changed = await checkout.git("diff", "--name-only", "HEAD~1");
  assertEquals(changed.split("\n").sort(), FILES.toSorted());
  const diff = await checkout.git(
    ...["diff", "-U0", "HEAD~1", "--", ".", ":!CHANGELOG.md"],
  );
  const expected = lines(diff, "-").map((line) =>
    line.replaceAll(present, NEXT)
  );
  assertEquals(lines(diff, "+"), expected);
  await assertNoVersionLeft(checkout);

  const changelog = await checkout.read("CHANGELOG.md");
  assertEquals(readSection(changelog), "");
  assertEquals(readSection(changelog, NEXT), unreleased);
  const [heading] = /^## 97.*$/m.exec(changelog)!;
  assert(/^## 97\.31\.113 \(\d{4}-\d\d-\d\d\)$/.test(heading), heading);
  const written = await run(checkout.folder, Deno.execPath(), [
    ...["fmt", "--check"],
    ...FILES.filter((path) => /\.(md|json|yaml)$/.test(path)),
  ]);
  assertEquals(written.code, 0, written.stderr);

  const notes = await checkout.task("notes", `v${NEXT}`);
  assertEquals([notes.code, notes.stdout], [0, `${unreleased}\n`]);
  await assertNoNotes(checkout);
});

/** No file but tests and the changelog names, as ours, the version that was there before. */
async function assertNoVersionLeft(checkout: Checkout): Promise<void> {
  const names = /\bv|claude[-_ ]spread(-relay)?[-:@ ]v?|"?\bversion"?[:=] ?"/;
  const left = new RegExp(
    `(${names.source})${RegExp.escape(present)}\\b`,
    "i",
  );
  const others = [":!*_test.ts", ":!CHANGELOG.md", ":!deno.lock"];
  const files = await checkout.git("ls-files", "--", ".", ...others);
  const naming: string[] = [];
  for (const path of files.split("\n")) {
    if (left.test(await checkout.read(path))) naming.push(path);
  }
  assertEquals(naming, []);
}

/** `deno task notes` for tags that are not of the version, and a version without a section. */
async function assertNoNotes(checkout: Checkout): Promise<void> {
  for (const tag of [`v${present}`, NEXT, ""]) {
    const { code, stdout, stderr } = await checkout.task("notes", tag);
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      stderr,
      `notes: error: The tag is "${tag}", the version ${NEXT}\n`,
    );
  }
  await checkout.edit("CHANGELOG.md", (text) => text.replace("## 97", "## 98"));
  const { code, stderr } = await checkout.task("notes", `v${NEXT}`);
  assertEquals(
    [code, stderr],
    [1, `notes: error: CHANGELOG.md says nothing about ${NEXT}\n`],
  );
}

Deno.test("release takes the version that is there, once, and refuses those before it", async () => {
  await using checkout = await Checkout.make();
  // As at the first release: nothing has a section or a tag.
  await checkout.edit(
    "CHANGELOG.md",
    () => "# Changelog\n\n## Unreleased\n\n- All of it.\n",
  );
  await checkout.commit();
  const { code, stderr } = await checkout.task("release", present);
  assertEquals(code, 0, stderr);
  const changed = await checkout.git("diff", "--name-only", "HEAD~1");
  assertEquals(changed, "CHANGELOG.md");
  assertEquals(await checkout.git("tag", "--list"), `v${present}`);

  const again = `${present} is released already`;
  await assertRefused(checkout, present, `${again}: tag v${present}`);
  // As in a clone without tags.
  await checkout.git("tag", "--delete", `v${present}`);
  await assertRefused(
    checkout,
    present,
    `${again}: CHANGELOG.md has a section`,
  );
  const less = `is lower than the current version, ${present}`;
  await assertRefused(checkout, "1.99.99", `1.99.99 ${less}`);
  const nothing = '"Unreleased" in CHANGELOG.md is empty';
  await assertRefused(checkout, NEXT, nothing);
  await checkout.edit(
    "CHANGELOG.md",
    (text) => text.replace("## Unreleased\n", "## Unreleased\n\n### Added\n"),
  );
  await checkout.commit();
  await assertRefused(checkout, NEXT, nothing);
  await checkout.edit(
    "CHANGELOG.md",
    (text) => text.replace("## Unreleased", "## Later"),
  );
  await checkout.commit();
  await assertRefused(
    checkout,
    NEXT,
    'CHANGELOG.md has no section "Unreleased"',
  );
  const two = "## Unreleased\n\n- A.\n\n## Unreleased\n\n- B.\n";
  await checkout.edit("CHANGELOG.md", (text) => text + two);
  await checkout.commit();
  await assertRefused(
    checkout,
    NEXT,
    'CHANGELOG.md has more than one section "Unreleased"',
  );
});

Deno.test("release refuses what is not a version, another branch and a checkout with changes", async () => {
  await using checkout = await Checkout.make();
  for (
    const version of [
      "2.1",
      "v97.0.0",
      "97.0.0-rc.1",
      "97.01.0",
      "x\n97.0.0",
      "9".repeat(16) + ".0.0",
    ]
  ) {
    await assertRefused(checkout, version, `"${version}" is not a version`);
  }
  const usage = await checkout.task("release");
  assertEquals([usage.code, usage.stderr], [
    2,
    "Usage: deno task release VERSION\n",
  ]);
  await checkout.git("tag", `v${NEXT}`);
  await assertRefused(checkout, NEXT, `${NEXT} is released already: tag`);
  await checkout.git("tag", "--delete", `v${NEXT}`);

  await checkout.git("switch", "-q", "-c", "other");
  await assertRefused(checkout, NEXT, "the checkout is on branch other");
  await checkout.git("switch", "-q", "--detach", "main");
  await assertRefused(checkout, NEXT, "the checkout is on no branch");
  await checkout.git("switch", "-q", "main");

  await Deno.writeTextFile(`${checkout.folder}/new.txt`, "new");
  await assertRefused(checkout, NEXT, "the checkout has changes:\n?? new.txt");
  await checkout.git("add", "new.txt");
  await assertRefused(checkout, NEXT, "the checkout has changes:\nA  new.txt");
});

Deno.test("release puts everything back, when a check, the commit or the tag fails", async () => {
  await using checkout = await Checkout.make();
  const { folder } = checkout;
  await Deno.writeTextFile(
    `${folder}/.git/hooks/pre-commit`,
    "#!/bin/sh\nexit 7\n",
    {
      mode: 0o755,
    },
  );
  await assertRefused(checkout, NEXT, "git commit fails");
  await Deno.remove(`${folder}/.git/hooks/pre-commit`);

  await checkout.git("config", "tag.gpgSign", "true");
  await checkout.git("config", "gpg.program", `${folder}/none`);
  await assertRefused(checkout, NEXT, "git tag fails: ");
  await checkout.git("config", "tag.gpgSign", "false");

  const relabel = (text: string) => text.replace("image.version=", "image.x=");
  await checkout.edit("deploy/Containerfile", relabel);
  await checkout.commit();
  await assertRefused(
    checkout,
    NEXT,
    'deploy/Containerfile has no version after "image.version=""',
  );
  await checkout.git("reset", "-q", "--hard", "HEAD~1");

  // What a check sees is what would be released.
  const check = "! grep -q 97.31 deno.json || ! grep -q 97.31 CHANGELOG.md";
  await checkout.edit("deno.json", (text) => text.replace(SHORT_OK, check));
  await checkout.commit();
  await assertRefused(checkout, NEXT, "deno task ok fails");
});

/** Starts a release in a group of its own, and waits until its checks run. */
async function startChecks(checkout: Checkout, check: string) {
  await checkout.edit("deno.json", (text) => text.replace(SHORT_OK, check));
  await checkout.commit();
  const before = await checkout.state();
  const release = new Deno.Command("setsid", {
    args: [Deno.execPath(), "task", "--quiet", "release", NEXT],
    cwd: checkout.folder,
    env: ENV,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = release.stdout.pipeThrough(new TextDecoderStream())
    .getReader();
  assertEquals((await reader.read()).value, "checking\n");
  /** Tells all processes of the group, as a terminal does. */
  const tell = (signal: string) =>
    run("/", "kill", ["-s", signal, "--", `-${release.pid}`]);
  /** Waits until it has ended; returns what it says. */
  const ended = async () => {
    const stderr = await new Response(release.stderr).text();
    assert(!(await release.status).success);
    assertEquals((await reader.read()).done, true);
    assertEquals(await checkout.state(), before);
    return stderr;
  };
  return { pid: release.pid, tell, ended };
}

// Fails when such a signal ends the release before it has put things back.
for (const signal of ["INT", "TERM"]) {
  Deno.test({
    name: `release puts everything back, when ${signal} ends its checks`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using checkout = await Checkout.make();
      const { tell, ended } = await startChecks(
        checkout,
        "echo checking && sleep 600",
      );
      await tell(signal);
      assertStringIncludes(await ended(), "error: deno task ok fails");
    },
  });
}

// Fails when a release goes on although it was told to end.
Deno.test({
  name: "release puts everything back, when it alone is told to end",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using checkout = await Checkout.make();
    const pipe = `${checkout.folder}.pipe`;
    await run("/", "mkfifo", [pipe]);
    try {
      const check = `echo checking && cat ${pipe}`;
      const { pid, ended } = await startChecks(checkout, check);
      const children = `/proc/${pid}/task/${pid}/children`;
      const own = (await Deno.readTextFile(children)).trim();
      await run("/", "kill", ["-s", "TERM", own]);
      await Deno.writeTextFile(pipe, "");
      assertStringIncludes(await ended(), "error: it was interrupted");
    } finally {
      await Deno.remove(pipe);
    }
  },
});
