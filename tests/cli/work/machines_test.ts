/**
 * `serve --with-work` on machines as people have them: without git, with an old one, inside of one
 * of its hooks, with a full disk, with a home that is a checkout.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
} from "../../support/checks.ts";
import {
  onSmallDisk,
  whyNoPermissions,
  whyNoSmallDisk,
  withoutPrivilege,
} from "../../support/isolation.ts";
import { withProgram } from "../../support/launcher.ts";
import { programPath } from "../../support/missing.ts";
import { root } from "../../support/places.ts";
import { environment } from "../../support/environment.ts";
import { Repository } from "../../support/repository.ts";
import { snapshot } from "../../support/snapshot.ts";
import { Sending } from "./_sending.ts";

const noSmallDisk = await whyNoSmallDisk();
const noPermissions = await whyNoPermissions();

const NO_CHECKOUT =
  "Cannot send the work: this folder is in no git checkout, or only in one that holds your whole home folder";

const FILES = { "a": "1\n", "b": "1\n" };

Deno.test("serve --with-work says that git is missing, too old, or without a checkout", async () => {
  await using sending = await Sending.make(FILES);
  const { machine, checkout } = sending;
  const args = sending.args("--json");
  const none = await machine.run("serve", args, {
    env: { PATH: `${machine.folder}/none` },
  });
  assertFailure(
    none,
    "WORK_UNUSABLE",
    "Cannot find git, which sends and opens work",
    "Install git 2.39 or newer",
  );
  const real = programPath("git");
  const script =
    `case $* in version) echo git version 2.38.1 ;; *) exec '${real}' "$@" ;; esac`;
  const env = { PATH: await withProgram(machine, "git", script) };
  const old = await machine.run("serve", args, { env });
  assertFailure(
    old,
    "WORK_UNUSABLE",
    "Cannot send or open work with git 2.38: it is too old",
    "Update git to 2.39 or newer",
  );
  await Deno.rename(`${checkout.folder}/.git`, `${machine.folder}/away`);
  const apart = { GIT_CEILING_DIRECTORIES: machine.folder };
  const out = await machine.run("serve", args, { env: apart });
  assertFailure(out, "WORK_UNUSABLE", NO_CHECKOUT, "Go to a project");
  assertEquals(await machine.kept(), []);
});

// Breaks when a variable of a hook reaches git: the index there is another one.
Deno.test(
  "serve --with-work sends the checkout around it from inside of a hook, while somebody else holds the index",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    await using sending = await Sending.make(FILES);
    const { machine, checkout } = sending;
    const said = `${machine.folder}/said`;
    const command = [
      `${root}/bin/claude-spread`,
      "serve",
      "--preview",
      "--json",
      ...sending.args(),
    ];
    const quoted = command.map((word) => `'${word}'`).join(" ");
    const hook = `${checkout.folder}/.git/hooks/pre-commit`;
    await Deno.mkdir(`${checkout.folder}/.git/hooks`, { recursive: true });
    const others =
      "GIT_OBJECT_DIRECTORY=/none GIT_CONFIG=/none GIT_COMMON_DIR=/none";
    await Deno.writeTextFile(
      hook,
      `#!/bin/sh\nenv >'${said}.env'\n${others} ${quoted} >'${said}' 2>'${said}.err'\nexit 1\n`,
      { mode: 0o755 },
    );
    await checkout.write({ "a": "2\n", "b": "2\n" });
    await checkout.git("add", "b");
    const before = await snapshot(checkout.folder);
    const inHook = new Deno.Command("git", {
      args: ["commit", "-qm", "x", "a"],
      cwd: checkout.folder,
      clearEnv: true,
      env: environment(machine, {
        GIT_AUTHOR_NAME: "t",
        GIT_AUTHOR_EMAIL: "t@x",
        GIT_COMMITTER_NAME: "t",
        GIT_COMMITTER_EMAIL: "t@x",
      }),
    });
    assertEquals((await inHook.output()).success, false);
    assertStringIncludes(
      await Deno.readTextFile(`${said}.env`),
      "GIT_INDEX_FILE=",
    );
    const [, line] =
      /^(\{"event":"preview".*)$/m.exec(await Deno.readTextFile(said)) ?? [];
    const report =
      JSON.parse(line ?? await Deno.readTextFile(`${said}.err`)).work_report;
    assertEquals([report.commits, report.files, report.left_out], [0, 2, []]);
    const after = await snapshot(checkout.folder);
    assertEquals(after[".git/refs/heads/main"], before[".git/refs/heads/main"]);
  },
);

Deno.test({
  name: "serve --with-work says that the disk is full, and leaves nothing",
  ignore: noSmallDisk !== null,
  fn: async () => {
    await using sending = await Sending.make(FILES);
    const { machine, checkout } = sending;
    await checkout.write({ "new": randomBytes(900_000), "b": "2\n" });
    const before = await snapshot(checkout.folder);
    const listing = `${machine.folder}/listing`;
    // Of the first there is no room for the file, of the second none for the bundle.
    const table: [kilobytes: number, words: string][] = [
      [500, "Cannot pack the work: the disk is full"],
      [1400, 'Cannot write to "'],
    ];
    for (const [kilobytes, words] of table) {
      const via = onSmallDisk(`${machine.state}/spool`, kilobytes, listing);
      const full = await machine.run("serve", sending.args("--json"), { via });
      assertFailure(full, "CANNOT_STORE", words);
      assertEquals(await Deno.readTextFile(listing), "");
    }
    assertEquals(await snapshot(checkout.folder), before);
  },
});

Deno.test({
  name: "serve --with-work leaves files behind that it may not read",
  ignore: noPermissions !== null,
  fn: async () => {
    await using sending = await Sending.make(FILES);
    const { machine, checkout } = sending;
    await checkout.write({ "a": "2\n", "b": "22\n", "secret": "3\n" });
    for (const name of ["a", "secret"]) {
      await Deno.chmod(`${checkout.folder}/${name}`, 0o000);
    }
    const shown = await machine.run("serve", sending.args("--preview"), {
      via: withoutPrivilege(),
    });
    assertSuccess(shown);
    for (const name of ["a", "secret"]) {
      assertStringIncludes(
        shown.stderr,
        `"${name}" stays behind: it cannot be read`,
      );
    }
    assertStringIncludes(
      shown.stderr,
      "with the work: 1 uncommitted file, on main",
    );
    // What leaves is named.
    assertStringIncludes(shown.stderr, "\nspread:   b\n");
  },
});

// Breaks when the home counts as a project: its files would leave that git does not ignore.
Deno.test("serve --with-work refuses a home folder that is a checkout, and sends nothing of its own", async () => {
  const isCheckout = {
    name: "that is a checkout",
    furnish: (folder: string) =>
      Promise.resolve({ HOME: `${folder}/home`, work: `${folder}/home` }),
  };
  // Git names its root without the link, and so does a shell that went there without it.
  const behindLink = {
    name: "that is a checkout behind a link",
    furnish: async (folder: string) => {
      await Deno.rename(`${folder}/home`, `${folder}/disk`);
      await Deno.symlink("disk", `${folder}/home`);
      return { HOME: `${folder}/home`, work: `${folder}/disk` };
    },
  };
  for (const home of [isCheckout, behindLink]) {
    await using sending = await Sending.make(FILES, home);
    const { machine, checkout } = sending;
    await checkout.write({ "a": "2\n", "notes/b": "2\n" });
    for (const project of [[], ["--project=."], ["--project=notes"]]) {
      const args = sending.args("--json", ...project);
      const refused = await machine.run("serve", args);
      assertFailure(refused, "WORK_UNUSABLE", NO_CHECKOUT, "Go to a project");
    }
  }
  const within = {
    name: "with its state in the project",
    furnish: (folder: string) =>
      Promise.resolve({
        HOME: `${folder}/home`,
        XDG_STATE_HOME: `${folder}/work/state`,
      }),
  };
  await using sending = await Sending.make(FILES, within);
  const { machine, checkout } = sending;
  await checkout.write({ "a": "2\n" });
  await using sharing = await machine.share(sending.args());
  const { files, left_out } = sharing.ready.work_report as Record<
    string,
    unknown
  >;
  assertEquals([files, left_out], [1, []]);
  await assertRejects(() => Deno.stat(`${checkout.folder}/.git/index.lock`));
});

// Breaks when the folder in which Claude writes counts as a part of the checkout around it.
Deno.test("serve --with-work leaves documents behind that Claude has written for the skills", async () => {
  await using sending = await Sending.make(FILES, {
    name: "whose cache is a checkout",
    furnish: async (folder: string) => {
      const work = `${folder}/home/.cache`;
      await Deno.mkdir(work, { recursive: true });
      return { HOME: `${folder}/home`, work };
    },
  });
  const { machine, checkout } = sending;
  await checkout.write({ "a": "2\n", "claude-spread/notes.md": "# Notes\n" });
  await using sharing = await machine.share(sending.args());
  const report = sharing.ready.work_report as Record<string, unknown>;
  assertEquals([report.files, report.left_out], [1, []]);
});

// Breaks when git loses the variables that lead to the user's settings, or when only the state that
// is named counts as ours: the pairs stay in the usual place.
Deno.test("serve --with-work leaves ignored files and ours behind, with variables that Deno passes on to nobody", async () => {
  await using sending = await Sending.make(FILES, {
    name: "with state and settings in other places",
    furnish: async (folder: string) => {
      const work = `${folder}/home/.local`;
      await Deno.mkdir(work, { recursive: true });
      return {
        HOME: `${folder}/home`,
        XDG_STATE_HOME: `${folder}/elsewhere`,
        XDG_CONFIG_HOME: `${folder}/settings`,
        LD_LIBRARY_PATH: "/nowhere",
        work,
      };
    },
  });
  const { machine, checkout } = sending;
  await Repository.at(`${machine.folder}/settings`).write({
    "git/ignore": "*.private\n",
  });
  await checkout.write({
    "a": "2\n",
    "mine.private": "mine\n",
    "state/claude-spread/pairs/other.json": "{}\n",
  });
  const args = sending.args("--json", "--preview", "--include=a,./b");
  const shown = await machine.run("serve", args);
  assertSuccess(shown);
  const { files, left_out } = shown.events.at(-1)!.work_report as Record<
    string,
    unknown
  >;
  assertEquals([files, left_out], [1, []]);
  for (const name of ["a", "./b"]) {
    assertStringIncludes(
      shown.stderr,
      `--include "${name}" names no file or commit with a secret`,
    );
  }
});

Deno.test("serve --with-work says that there is no work, and shares the document", async () => {
  await using sending = await Sending.make(FILES);
  await using sharing = await sending.machine.share(sending.args());
  const { work_report, work } = sharing.ready;
  assertEquals(work, undefined);
  assertEquals(work_report, {
    commits: 0,
    files: 0,
    under_way: [],
    left_out: [],
    left_out_more: 0,
  });
  const { stderr } = await sharing.stop();
  assertStringIncludes(
    stderr,
    "there is no work to send: nothing has changed, and everything is pushed",
  );
  await sending.checkout.write({ "large": new Uint8Array(1024 * 1024 + 1) });
  const args = sending.args("--preview");
  const shown = await sending.machine.run("serve", args);
  assertStringIncludes(
    shown.stderr,
    "there is no work to send: everything that has changed stays behind",
  );
  assertStringIncludes(
    shown.stderr,
    '"large" stays behind: it is larger than 1 MiB',
  );
});
