/**
 * `doctor`: what it says of machines that are well, and of those that are not.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import deno from "../../../deno.json" with { type: "json" };
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { writePair } from "../../../lib/pairs/pair_files.ts";
import { assertFailure } from "../../support/checks.ts";
import { HOME, HOMES, PLAIN } from "../../support/homes.ts";
import {
  whyNoLoopback,
  whyNoPermissions,
  withoutPrivilege,
} from "../../support/isolation.ts";
import { Machine } from "../../support/machine.ts";
import { pairFile, pairsOf } from "../../support/pairs.ts";
import { HOLDER } from "../../support/port_holder.ts";
import { snapshot } from "../../support/snapshot.ts";
import { about, assertMatch, type Found, Patient, PLUGIN } from "./_doctor.ts";

const ignore = await whyNoLoopback() !== null;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore, fn });
}

// Fails when a check is missing, or finds something wrong that is not, or anything is written.
test("doctor says line by line that a healthy machine is well, and changes nothing", async () => {
  await using patient = await Patient.make(true);
  const { machine } = patient;
  const PATH = await patient.installClient("2.1.332");
  await patient.installPlugin(deno.version);
  await writePair(pairsOf(machine), pairFile());
  await Deno.mkdir(`${machine.state}/claude/c396e4de`, {
    recursive: true,
    mode: 0o700,
  });
  const before = await snapshot(machine.folder);
  const { text, stderr, code } = await patient.doctor([], { PATH });
  const { found, ended } = await patient.diagnose([], { PATH });
  assertEquals(await snapshot(machine.folder), before);
  assertEquals([code, ended.code, ended.stderr], [0, 0, ""], text);
  assertEquals(stderr, "spread: nothing is wrong, 2 unknown\n");
  const state = machine.state.replace(machine.home, "~");
  const lines = text.trimEnd().split("\n");
  const patterns = [
    /^ok {7}deno {7}\d+\.\d+\.\d+, at \/.*deno$/,
    /^ok {7}client {5}Claude Code 2\.1\.332 at .*\/\.local\/bin\/claude$/,
    new RegExp(`^ok {7}plugin {5}${PLUGIN} ${deno.version} is installed and`),
    /^ok {7}hooks {6}on by the settings; last ran .+$/,
    /^ok {7}port {7}UDP port 5353 can be used; no other program uses it$/,
    /^ok {7}network {4}a share here shows 192\.0\.2\.7 \(eth7\)$/,
    /^ok {7}vpn {8}no interface looks like that of a VPN$/,
    /^unknown {2}firewall {3}.*rules were not checked/,
    /^unknown {2}relay {6}not checked; to check one, add --relay$/,
    new RegExp(
      `^ok {7}state {6}${state}: only you can read it, \\d+\\.\\d .B free$`,
    ),
    /^ok {7}cache {6}.*\/\.cache\/claude-spread does not exist yet$/,
    /^ok {7}pairs {6}1 pair$/,
    /^ok {7}leftovers {2}none$/,
    /^ok {7}kept {7}1 pair \(\d+ bytes\), 1 folder of a Claude Code session/,
  ];
  assertEquals(lines.length, patterns.length, text);
  for (const [i, pattern] of patterns.entries()) {
    assertMatch(lines[i]!, pattern);
  }
  assertEquals(
    found.map(({ check, state }) => `${check} ${state}`),
    lines.map((line) => line.split(/ +/, 2).reverse().join(" ")),
  );
  assertEquals(ended.events.at(-1), {
    event: "checked",
    wrong: 0,
    hints: 0,
    unknown: 2,
  });
});

/** Starts a program in a network, and waits until it has said something. */
async function startThere(
  { network }: Patient,
  script: string,
): Promise<AsyncDisposable> {
  const [program, ...args] = [...network.via, Deno.execPath(), "eval", script];
  const child = new Deno.Command(program!, {
    args,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return {
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    },
  };
}

// Fails when any of these ills passes for ok, or one hides another.
test("doctor says what is wrong with port, VPN, relay, rights, hooks, client and pairs, and what to do", async () => {
  await using patient = await Patient.make(true);
  const { machine } = patient;
  await patient.plug("wg0", "10.8.0.2/24");
  const PATH = await patient.installClient("2.1.100");
  await patient.installPlugin(deno.version);
  await Deno.mkdir(machine.path(".claude"));
  await machine.write(".claude/settings.json", '{"disableAllHooks": true}');
  await writePair(pairsOf(machine), pairFile({ id: "0badcafe" }));
  await Deno.chmod(`${pairsOf(machine)}/0badcafe.json`, 0o644);
  await patient.write(".cache/claude-spread/x.md", "x");
  await Deno.chmod(`${machine.home}/.cache/claude-spread`, 0o755);
  await Deno.mkdir(`${machine.state}/partial`);
  await Deno.chmod(`${machine.state}/partial`, 0o777);
  await using _holder = await startThere(patient, HOLDER);
  const env = { PATH, CLAUDE_SPREAD_RELAY: "ws://127.0.0.1:9" };
  const { found, ended } = await patient.diagnose([], env);
  assertEquals([ended.code, ended.stderr], [1, ""]);
  const says: [string, RegExp][] = [
    ["client", /^wrong .*2\.1\.100.*needs 2\.1\.197 or newer -> Update it/],
    [
      "hooks",
      /^wrong off: "disableAllHooks" is true in "\..*-> Remove it there/,
    ],
    [
      "port",
      /^wrong another program occupies UDP port 5353: .*-> End that program/,
    ],
    ["vpn", /^hint wg0 looks like a VPN.*--interface 192\.0\.2\.7/],
    ["relay", /^wrong .*127\.0\.0\.1:9.* -> \S/],
    [
      "state",
      /^wrong .*"partial" in it is open to other users \(mode 777\) -> chmod 700 \S+\/partial$/,
    ],
    ["cache", /^wrong .*is open to other users \(mode 755\) -> chmod 700/],
    ["pairs", /^wrong none; 1 file cannot be used -> .*forget 0badcafe/],
    ["plugin", /^ok /],
    ["network", /^ok .*192\.0\.2\.7 \(eth7\)/],
  ];
  for (const [check, pattern] of says) {
    assertMatch(about(found, check), pattern);
  }
  const wrong = found.filter(({ state }) => state === "wrong").length;
  assertEquals(ended.events.at(-1)!.wrong, wrong);
  // The same for a person.
  const shown = await patient.doctor([], env);
  assertEquals(shown.code, 1);
  assertMatch(shown.text, /^ {20}-> End that program/m);
  assert(shown.stderr.endsWith(" wrong, 1 hint, 1 unknown\n"), shown.stderr);
});

// Fails when no network is ok, a broken file counts as none, or links are not told.
test("doctor finds no network, broken settings, links on the way, and what root switched on", async () => {
  await using patient = await Patient.make(false, PLAIN);
  const { machine } = patient;
  await patient.installPlugin(deno.version);
  await patient.write(".claude/settings.json", '{"disableAllHooks": tru');
  const disk = `${machine.folder}/disk`;
  await Deno.rename(`${machine.folder}/state`, disk);
  await Deno.symlink(disk, `${machine.folder}/state`);
  await using _sharer = await startThere(
    patient,
    HOLDER.replace("ipv6Only", "reuseAddr: true, ipv6Only"),
  );
  const etc = `mkdir -p /etc/claude-code /etc/ufw &&
echo '{"allowManagedHooksOnly": true}' >/etc/claude-code/managed-settings.json &&
echo ENABLED=yes >/etc/ufw/ufw.conf`;
  const { found, ended } = await patient.diagnose([], {}, etc);
  assertEquals([ended.code, ended.stderr], [1, ""]);
  const says: [string, RegExp][] = [
    [
      "settings",
      /^wrong cannot use ".*settings\.json": it is not JSON -> Repair it/,
    ],
    ["plugin", /^unknown /],
    [
      "hooks",
      /^wrong off: "\/etc\/claude-code\/managed-settings\.json" allows only/,
    ],
    ["port", /^ok UDP port 5353 can be used; shared with 2 other sockets$/],
    ["network", /^wrong this machine has no network connection, .*-> Connect/],
    ["firewall", /^hint ufw is switched on.*sudo ufw allow 5353\/udp/],
    ["state", new RegExp(`^hint .*; links lead to ${disk}/claude-spread -> `)],
  ];
  for (const [check, pattern] of says) {
    assertMatch(about(found, check), pattern);
  }
});

// Fails when a folder of another user passes, or a file in the place of a folder is used.
test("doctor finds folders that belong to somebody else, or are none", async () => {
  await using patient = await Patient.make(true);
  const { machine } = patient;
  await patient.write(".cache/claude-spread", "a file");
  if (Deno.uid() === 0) await Deno.chown(machine.state, 12345, 12345);
  const { found, ended } = await patient.diagnose(["--clean"]);
  assertEquals(ended.code, 1);
  assertMatch(
    about(found, "cache"),
    /^wrong .* is not a folder -> Move that file elsewhere/,
  );
  if (Deno.uid() !== 0) return;
  assertMatch(
    about(found, "state"),
    /^wrong .*belongs to another user \(\d+\) -> Find out why.*chown/,
  );
});

// Fails when a folder cannot be looked at with the grants, or links that a person made are wrong.
test("doctor finds nothing wrong with homes as people have them", async () => {
  await Promise.all(HOMES.map(async (home) => {
    await using patient = await Patient.make(false, home);
    await patient.write(".cache/claude-spread/notes.md", "x");
    const cache = `${patient.machine.home}/.cache/claude-spread`;
    await Deno.chmod(cache, 0o700);
    await patient.installPlugin(deno.version);
    const { found, ended } = await patient.diagnose(["--clean"]);
    assertEquals([ended.code, ended.stderr], [1, ""], home.name);
    for (const check of ["state", "cache", "plugin", "hooks", "pairs"]) {
      assertMatch(about(found, check), /^(?:ok|hint .*links lead to) /);
    }
    const wrong = found.filter(({ state }) => state === "wrong");
    assertEquals(wrong.map(({ check }) => check), ["network"], home.name);
  }));
});

// Fails when a folder that cannot be written to passes, or what is still there counts as removed.
Deno.test({
  name:
    "doctor finds folders that cannot be written to, and says what it cannot remove",
  ignore: ignore || await whyNoPermissions() !== null,
  fn: async () => {
    await using machine = await Machine.make(undefined, HOME);
    const partial = `${machine.state}/partial`;
    const old = `${partial}/${"ab".repeat(32)}`;
    await Deno.mkdir(partial);
    await Deno.writeTextFile(old, "x", { mode: 0o600 });
    await Deno.utime(old, 1, 1);
    for (const folder of [partial, machine.state]) {
      await Deno.chmod(folder, 0o500);
    }
    const args = ["--json", "--clean", ...ONLY];
    const via = withoutPrivilege();
    const { code, events } = await machine.run("doctor", args, { via });
    for (const folder of [machine.state, partial]) {
      await Deno.chmod(folder, 0o700);
    }
    const found = events as unknown as Found[];
    assertMatch(
      about(found, "state"),
      /^wrong .*: cannot be written to -> Check the rights of \S+claude-spread,/,
    );
    assertMatch(
      about(found, "leftovers"),
      /^wrong 1 thing, 1 byte left over -> Check the rights of its folder$/,
    );
    const [left] = events.filter(({ event }) => event === "leftover");
    assertEquals([code, left!.removed], [1, false]);
    assertEquals(await Deno.readTextFile(old), "x");
  },
});

const ONLY = ["--interface", "127.0.0.1"];

// Fails when the relay is not asked, or not with its own words.
Deno.test("doctor checks the relay that is named, and no other", async () => {
  await using relay = await startLocalRelay();
  await using machine = await Machine.make();
  const line = async (args: string[], env: Record<string, string> = {}) => {
    const { events } = await machine.run("doctor", ["--json", ...args], {
      env,
    });
    const found = events.find(({ check }) => check === "relay")!;
    return `${found.state} ${found.text}`;
  };
  assertMatch(
    await line([...ONLY, "--relay", relay.url]),
    /^ok ws:\/\/127\.0\.0\.1:\d+ works \(\d+ ms\); it keeps no drops$/,
  );
  // No data goes through the room.
  const [{ bytes }, ...rooms] = relay.log as [{ bytes: number }];
  assertEquals([Number(bytes) < 1000, rooms], [true, []]);
  assertEquals(
    await line(ONLY),
    "unknown not checked; to check one, add --relay",
  );
  const bad = { CLAUDE_SPREAD_RELAY: "ftp://x" };
  assertEquals(
    await line(ONLY, bad),
    'wrong "ftp://x" is not the address of a relay',
  );
  assertEquals(relay.log.length, 1);
  const run = (...args: string[]) => machine.run("doctor", args);
  assertFailure(await run("--relay=ftp://x"), "USAGE", '"ftp://x" is not');
  assertFailure(
    await run("--relay", "r.example"),
    "USAGE",
    '"r.example" is not',
  );
  assertFailure(await run("thorough"), "USAGE", "Too many arguments");
  assertFailure(
    await run("--interface", "192.0.2.99"),
    "USAGE",
    'This machine has no address "192.0.2.99"',
  );
});
