/**
 * `doctor`: what the launcher lets it touch. Everything else about it relies on this: that it cannot
 * change anything without `--clean`, nor reach another machine unless a relay is named.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Grants } from "../../support/granted.ts";
import { testOnMachine as test } from "../../support/launcher.ts";

const OURS = [
  "home/.cache/claude-spread",
  "home/.local/state/claude-spread",
  "state/claude-spread",
];

const READ = [
  ...OURS,
  "./.claude/settings.json",
  "./.claude/settings.local.json",
  Deno.build.os === "darwin"
    ? "/Library/Application Support/ClaudeCode"
    : "/etc/claude-code",
  "home/.claude/plugins/installed_plugins.json",
  "home/.claude/settings.json",
].sort();

/** Files of a client on this machine's own PATH do not count. */
const others = (paths: string[]) =>
  paths.filter((path) => !path.includes("@anthropic-ai")).sort();

// Fails when --clean is not needed to change files, or when it lets other places be changed.
test("doctor may read our folders and Claude Code's settings, and change ours only with --clean", async (machine) => {
  const grants = await Grants.on(machine);
  for (
    const args of [[], ["--json"], ["--", "--clean"], ["--interface", "--"]]
  ) {
    const { reads, writes } = await grants.of(["doctor", ...args]);
    assertEquals([others(reads), writes], [READ, []], args.join(" "));
  }
  for (const args of [["--clean"], ["--json", "--clean", "--relay"]]) {
    const { reads, writes } = await grants.of(["doctor", ...args]);
    assertEquals([others(reads), writes.sort()], [READ, OURS], args.join(" "));
  }
});

// Fails when a relay is not needed to reach other hosts.
test("doctor may reach other machines only when a relay is named", async (machine) => {
  const grants = await Grants.on(machine);
  const net = async (args: string[], env?: Record<string, string>) => {
    const { flags } = await grants.of(["doctor", ...args], { env });
    return flags.some((flag) => flag === "--allow-net");
  };
  const relay = { CLAUDE_SPREAD_RELAY: "wss://r.example" };
  assertEquals(
    [
      await net([]),
      await net(["--clean"]),
      await net(["--", "--relay"]),
      await net(["--relay"]),
      await net(["--relay=wss://r.example"]),
      await net(["--relay", "wss://r.example", "--clean"]),
      await net([], relay),
    ],
    [false, false, false, true, true, true, true],
  );
});

// Fails when links of a project's settings are followed, or a project's client is looked at.
test("doctor looks at no file that a project's links or programs lead to", async (machine) => {
  const grants = await Grants.on(machine);
  await Deno.mkdir(machine.path(".git"));
  await Deno.mkdir(machine.path(".claude"));
  await Deno.symlink("/etc/passwd", machine.path(".claude/settings.json"));
  const bin = machine.path("node_modules/@anthropic-ai/claude-code");
  await Deno.mkdir(bin, { recursive: true });
  await Deno.writeTextFile(`${bin}/claude`, "#!/bin/sh\n", { mode: 0o755 });
  const found = await grants.of(["doctor"]);
  const PATH = `${bin}:${machine.folder}/fake deno:/usr/bin:/bin`;
  const { reads } = await grants.of(["doctor"], { env: { PATH } });
  assertEquals(reads, found.reads);
  assertEquals(
    others(reads),
    READ.filter((path) => path !== "./.claude/settings.json"),
  );
});

// Fails when the note is looked for through a link, or a version is not found beside the client.
test("doctor may read the version beside the client on PATH, behind its link", async (machine) => {
  const grants = await Grants.on(machine);
  const modules = `${machine.folder}/lib/node_modules/@anthropic-ai`;
  await Deno.mkdir(`${modules}/claude-code/bin`, { recursive: true });
  const program = `${modules}/claude-code/bin/claude.exe`;
  await Deno.writeTextFile(program, "#!/bin/sh\n", { mode: 0o755 });
  await Deno.mkdir(`${machine.folder}/bin`);
  await Deno.symlink(program, `${machine.folder}/bin/claude`);
  const PATH =
    `${machine.folder}/bin:${machine.folder}/fake deno:/usr/bin:/bin`;
  const { reads } = await grants.of(["doctor"], { env: { PATH } });
  assertEquals(reads.filter((path) => path.includes("@anthropic-ai")), [
    "lib/node_modules/@anthropic-ai/claude-code/package.json",
  ]);
});
