/**
 * Secrets in unfinished work: files with some stay behind, commits with some are refused, and
 * nothing that leaves or is shown holds one.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hashOf } from "../../../lib/secrets/project/allow.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { noTerminal } from "../../support/pseudo_terminal.ts";
import { type } from "../../support/typing.ts";
import { NPM, PASSWORD, TOKEN } from "../secrets/_secrets.ts";
import { Sending } from "./_sending.ts";

/** A token that the project's list of false alarms names. */
const ALLOWED = TOKEN.replace("aB3", "zZ9");

const SECRETS = [NPM, PASSWORD, TOKEN];

function assertTellsNone(text: string): void {
  for (const secret of SECRETS) assert(!text.includes(secret), text);
}

/** A checkout with a secret in each kind of change. */
async function furnish(): Promise<Sending> {
  const sending = await Sending.make({
    ".gitignore": ".env\n",
    "known.txt": `token ${TOKEN}\n`,
    "unstaged.txt": "1\n",
    "staged.txt": "1\n",
  });
  await sending.checkout.write({
    ".env": `DB_PASSWORD=${PASSWORD}\n`,
    ".claude-spread.json": JSON.stringify({
      allow: [{ sha256: await hashOf(ALLOWED) }],
    }),
    "allowed.txt": `${ALLOWED}\n`,
    "known.txt": `the token ${TOKEN}\n`,
    "unstaged.txt": `1\n${NPM}\n`,
    "staged.txt": `1\n2\n${PASSWORD}\n`,
    "untracked.txt": `${TOKEN}\n`,
    [`d/${TOKEN}.txt`]: "",
    "plain.txt": "plain\n",
  });
  await sending.checkout.git("add", "staged.txt");
  return sending;
}

interface Report {
  files: number;
  left_out: {
    path: string;
    reason: string;
    places?: { masked: string; line?: number }[];
  }[];
}

function leftOut(report: Report): string[] {
  return report.left_out.map(({ path, reason, places }) =>
    [path, reason, ...places!.map(({ line, masked }) => `${line} ${masked}`)]
      .join(" ")
  );
}

// Breaks when one kind of change is not searched, a name is shown as it is, or the base counts.
Deno.test("serve --with-work leaves files with secrets behind, whatever kind of change they are, and tells none", async () => {
  await using sending = await furnish();
  const { machine } = sending;
  {
    await using sharing = await machine.share(sending.args());
    const report = sharing.ready.work_report as Report;
    assertEquals(leftOut(report), [
      "d/ghp_…3hJ6.txt secret undefined ghp_…3hJ6",
      "staged.txt secret 3 du…ry",
      "unstaged.txt secret 2 npm_…4eU7",
      "untracked.txt secret 1 ghp_…3hJ6",
    ]);
    const { header, objects } = await sending.payload();
    assertTellsNone(objects.replace(`the token ${TOKEN}`, ""));
    assertTellsNone(JSON.stringify(header));
    for (const words of ["\nplain", ALLOWED, `the token ${TOKEN}`]) {
      assertStringIncludes(objects, words);
    }
    const { text, stderr } = await sharing.stop();
    assertTellsNone(text + stderr);
    assertStringIncludes(
      stderr,
      '"staged.txt" stays behind: it holds a secret (line 3: environment value du…ry)',
    );
  }
  const include = `--include=staged.txt,d/${TOKEN}.txt`;
  const shown = await machine.run(
    "serve",
    sending.args("--json", "--preview", include),
  );
  assertSuccess(shown);
  assertTellsNone(shown.text + shown.stderr);
  assertEquals(leftOut(shown.events.at(-1)!.work_report as Report), [
    "unstaged.txt secret 2 npm_…4eU7",
    "untracked.txt secret 1 ghp_…3hJ6",
  ]);
});

// Breaks when only the folder of the project is looked at, and the whole checkout is sent.
Deno.test("serve --with-work knows what the .env file of the checkout holds, from a folder in it", async () => {
  await using sending = await Sending.make({
    ".gitignore": ".env\n",
    "d/a": "1\n",
  });
  const { machine, checkout } = sending;
  await checkout.write({
    ".env": `DB_PASSWORD=${PASSWORD}\n`,
    "notes.txt": `${PASSWORD}\n`,
  });
  const args = sending.args("--json", "--preview", "--project=d");
  const shown = await machine.run("serve", args);
  assertSuccess(shown);
  assertEquals(leftOut(shown.events.at(-1)!.work_report as Report), [
    "notes.txt secret 1 du…ry",
  ]);
});

// Breaks when only the newest tree is searched, or messages and names are not.
Deno.test("serve --with-work refuses commits with secrets, until each is named", async () => {
  await using sending = await Sending.make({ "old.txt": "1\n" });
  const { machine, checkout } = sending;
  await checkout.write({ "config.txt": `a\n${NPM}\n` });
  await checkout.commitAll(`subject\n\npushed with ${TOKEN}`);
  const hash = await checkout.git("rev-parse", "HEAD");
  await checkout.write({ "config.txt": "a\n" });
  await checkout.git("mv", "old.txt", `${TOKEN}.txt`);
  await checkout.commitAll("removed again");
  await checkout.git("mv", `${TOKEN}.txt`, "new.txt");
  await checkout.commitAll("renamed again");
  const refused = await machine.run("serve", sending.args("--json"));
  assertFailure(
    refused,
    "SECRETS_FOUND",
    `Cannot send the commits: there are secrets in "${
      hash.slice(0, 12)
    }", "ghp_…3hJ6.txt", "config.txt"`,
    "Take them out of the commits, or name each file or commit that may leave with --include",
  );
  assertTellsNone(refused.text + refused.stderr);
  assertEquals(refused.events.at(-1)!.count, 3);
  const some = await machine.run(
    "serve",
    sending.args("--json", "--include=config.txt"),
  );
  assertFailure(
    some,
    "SECRETS_FOUND",
    `Cannot send the commits: there are secrets in "${
      hash.slice(0, 12)
    }", "ghp_…3hJ6.txt"`,
  );
  const all = `--include=config.txt,${hash.slice(0, 8)},${TOKEN}.txt`;
  const shown = await machine.run(
    "serve",
    sending.args("--json", "--preview", all),
  );
  assertSuccess(shown);
  assertEquals(
    (shown.events.at(-1)!.work_report as { commits: number }).commits,
    3,
  );
});

Deno.test({
  name: "serve --with-work asks on a terminal for each file with secrets",
  ignore: noTerminal !== null,
  fn: async () => {
    await using sending = await furnish();
    const { code, text } = await type(
      sending.machine,
      "serve",
      sending.args("--preview"),
      ["\n", "n\n", "y\n", "yes\n"],
      { question: /as it is\? \[y\/N\] / },
    );
    assertEquals(code, 0, text);
    assertTellsNone(text);
    assertEquals(text.match(/stays behind/g)?.length, 2, text);
    assertStringIncludes(
      text,
      '"staged.txt" has 1 secret: line 3: environment value du…ry',
    );
  },
});

// Breaks when a name of the user, or a secret, is only taken out of the texts.
Deno.test("serve --with-work --anonymous --detach names neither the user nor a secret in what it sends", async () => {
  await using sending = await Sending.make({ "a": "1\n" });
  const { machine, checkout } = sending;
  await checkout.git("checkout", "-q", "-b", `users/tester/${TOKEN}`);
  await checkout.commitAll("mine");
  await checkout.write({
    "home/tester/large.bin": "x".repeat(1024 * 1024 + 1),
  });
  const args = sending.args("--json", "--detach", "--anonymous");
  const started = await machine.run("serve", args);
  assertSuccess(started);
  const ready = started.events.at(-1)!;
  const { header } = await sending.payload();
  assertEquals(header.branch, "users/user/ghp_…3hJ6");
  assertEquals(header.left_out, [{
    path: "home/user/large.bin",
    reason: "large",
  }]);
  assert(!JSON.stringify(header).includes("tester"), JSON.stringify(header));
  const report = ready.work_report as Record<string, unknown>;
  assertEquals(report.names_authors, true);
  assertTellsNone(started.text + started.stderr);
  assertSuccess(await machine.run("stop", [String(ready.id)]));
});
