/**
 * `bin/claude-spread` with the real Deno, where the home, its folders and files are behind links,
 * as on Fedora Silverblue, with network homes and on macOS.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { uniquePassphrase } from "../../support/checks.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { Grants } from "../../support/granted.ts";
import {
  copyPlugin,
  launch,
  type LaunchOptions,
  testOnMachine as test,
} from "../../support/launcher.ts";
import type { Machine } from "../../support/machine.ts";

/** Runs a command; it must end well. */
async function run(
  machine: Machine,
  args: string[],
  options: LaunchOptions,
): Promise<string> {
  const ended = await launch(machine, args, PROGRAMS, options);
  assertEquals(ended.code, 0, `${args}: ${ended.stderr}${ended.stdout}`);
  return ended.stdout;
}

/** Shares a file and receives it, each by the launcher. */
async function handOver(
  machine: Machine,
  { file, output, passphraseFile }: Record<string, string>,
  options: LaunchOptions,
): Promise<void> {
  const loopback = ["--json", "--interface", "127.0.0.1"];
  const words = ["--passphrase-file", passphraseFile!];
  const shared = await run(
    machine,
    ["serve", "--detach", "--once", ...words, ...loopback, file!],
    options,
  );
  try {
    const { addresses: [address] } = JSON.parse(shared);
    await run(
      machine,
      ["receive", "-o", output!, ...words, ...loopback, address],
      options,
    );
  } finally {
    await run(machine, ["stop", "--all"], options);
  }
}

/** A home and a state folder, each in a folder behind a link and behind another link. */
async function behindLinks(machine: Machine): Promise<LaunchOptions> {
  await Deno.mkdir(machine.path("disk/home"), { recursive: true });
  await Deno.symlink("disk", machine.path("mount"));
  await Deno.symlink("mount/home", machine.path("a home"));
  await Deno.mkdir(machine.path("disk/local"));
  await Deno.symlink("../local", machine.path("disk/home/.local"));
  await Deno.mkdir(machine.path("plugins"));
  await Deno.rename(
    await copyPlugin(machine, "plugin"),
    machine.path("plugins/plugin"),
  );
  await Deno.symlink("plugins", machine.path("linked, plugins"));
  return {
    plugin: machine.path("linked, plugins/plugin"),
    env: { HOME: machine.path("a home"), XDG_STATE_HOME: "" },
  };
}

test("claude-spread hands over files behind links, from and to homes behind links", async (machine) => {
  const options = await behindLinks(machine);
  await machine.write("words", uniquePassphrase());
  await Deno.symlink("words", machine.path("linked words"));
  await machine.write("disk/a.md", "# Title\n\nBody\n");
  await Deno.symlink("../mount/a.md", machine.path("disk/one.md"));
  await Deno.symlink("disk/one.md", machine.path("two.md"));
  await Deno.mkdir(machine.path("disk/got"));
  const files = [
    "mount/a.md",
    machine.path("mount/a.md"),
    "two.md",
    machine.path("two.md"),
  ];
  for (const [i, file] of files.entries()) {
    const output = `mount/got/${i}.md`;
    const passphraseFile = machine.path("linked words");
    await handOver(machine, { file, output, passphraseFile }, options);
    const got = await Deno.readTextFile(machine.path(output));
    assertStringIncludes(got, "Body\n", file);
  }
  const state = `${machine.path("disk")}/${
    Deno.build.os === "darwin"
      ? "home/Library/Application Support"
      : "local/state"
  }/claude-spread`;
  assert((await Deno.stat(`${state}/shares`)).isDirectory);
});

test("claude-spread removes a shared file behind a link, and lists no share when none is there", async (machine) => {
  const options = await behindLinks(machine);
  await machine.write("disk/a.md", "# a\n");
  await run(machine, ["status"], options);
  const args = ["--interface", "127.0.0.1", "pass", "mount/a.md"];
  await run(machine, ["serve", "--detach", "--remove-file", ...args], options);
  await run(machine, ["stop"], options);
  assert(!(await machine.works()).includes("disk/a.md"), "it is still there");
});

test("claude-spread lists sessions of a project behind a link", async (machine) => {
  const options = await behindLinks(machine);
  await Deno.mkdir(machine.path("disk/shop/.git"), { recursive: true });
  const args = ["sessions", "list", "--json", "--project", "mount/shop"];
  await run(machine, args, options);
});

test("claude-spread grants a path with and without links, and ends where they lead in a circle", async (machine) => {
  const grants = await Grants.on(machine);
  await Deno.mkdir(machine.path("real/deep"), { recursive: true });
  const links = {
    "link": "real",
    "real/up": "../real/./deep/..",
    "absolute": machine.path("link"),
    "dangling": "nowhere/x",
    "circle": "circle2",
    "circle2": "circle",
    "with, comma": "real",
    "real/with, comma": "deep",
  };
  for (const [path, target] of Object.entries(links)) {
    await Deno.symlink(target, machine.path(path));
  }
  const table: [path: string, real: string | null][] = [
    ["real/a", null],
    ["./real//deep/../a", null],
    ["link/a", "work/real/a"],
    [machine.path("link/a"), "work/real/a"],
    ["link/up/up/new/a", "work/real/new/a"],
    ["absolute/deep/a", "work/real/deep/a"],
    ["dangling", "work/nowhere/x"],
    ["link/../a", "work/a"],
    ["circle/a", null],
    ["with, comma/a", "work/real/a"],
    ["link/with, comma", "work/real/deep"],
  ];
  for (const [path, real] of table) {
    const { reads } = await grants.of(["serve", path]);
    const written = path.replace(`${machine.folder}/`, "");
    const beforeComma = written.includes(",")
      ? written.replace(/[^/]*,.*/, "") || "."
      : written;
    assertEquals(
      reads.filter((read) => !read.includes("claude-spread")),
      real === null ? [beforeComma] : [beforeComma, real],
      path,
    );
  }
});
