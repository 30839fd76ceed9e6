/** Checks that need nothing but what they are told. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { InterfaceAddress } from "../../../lib/discovery/interfaces.ts";
import { readFound } from "../found.ts";
import { checkClient } from "./client.ts";
import { checkDeno } from "./deno.ts";
import { checkFirewall } from "./firewall.ts";
import { checkFolder } from "./folders.ts";
import { checkNetwork, checkVpn } from "./network.ts";

// Fails when versions are compared as texts, or the oldest one is not the launcher's.
Deno.test("checkDeno() refuses a Deno that is too old", () => {
  const state = (version: string) =>
    checkDeno({ version, path: "/d", isCompiled: false }).state;
  assertEquals(
    ["2.9.0", "2.9.6", "2.10.1", "3.0.0", "2.8.9", "1.46.3"].map(state),
    ["ok", "ok", "ok", "ok", "wrong", "wrong"],
  );
});

// Fails when a client's version is guessed, or an old one passes.
Deno.test("checkClient() finds the version in the name of a native installation", async () => {
  const told = (real: string) =>
    readFound(`looked yes\nclient /b/claude\nclient-real ${real}\n`);
  const check = async (real: string) => {
    const { state, text } = await checkClient(told(real));
    return `${state} ${text}`;
  };
  const versions = "/home/alex/.local/share/claude/versions";
  assertEquals(
    await check(`${versions}/2.1.332`),
    "ok Claude Code 2.1.332 at /b/claude",
  );
  assertStringIncludes(await check(`${versions}/2.1.196`), "wrong Claude");
  assertStringIncludes(await check(`${versions}/2.1.197`), "ok Claude");
  assertStringIncludes(await check(`${versions}/latest`), "unknown Claude");
  assertStringIncludes(await check("/b/claude"), "unknown Claude");
  const { state } = await checkClient(readFound("looked yes\n"));
  assertEquals([state, (await checkClient(readFound(""))).state], [
    "ok",
    "unknown",
  ]);
});

// Fails when a firewall that is on, or one that cannot be known, is reported as fine.
Deno.test("checkFirewall() never says that a firewall is all right", () => {
  const check = (os: typeof Deno.build.os, ...lines: string[]) => {
    const { state, text, todo } = checkFirewall(
      readFound(lines.join("\n")),
      os,
    );
    return `${state} ${text} ${todo}`;
  };
  for (const os of ["linux", "darwin", "windows", "freebsd"] as const) {
    assertStringIncludes(check(os, "looked yes"), "unknown ");
  }
  const ufw = check("linux", "looked yes", "firewall ufw");
  assertStringIncludes(ufw, "hint ufw is switched on");
  assertStringIncludes(ufw, "sudo ufw allow 5353/udp");
  assertStringIncludes(check("darwin"), "Local Network");
  assertStringIncludes(check("windows"), "private");
});

const address = (
  name: string,
  address: string,
  cidr = "24",
): InterfaceAddress => ({
  name,
  address,
  cidr: `${address}/${cidr}`,
  family: address.includes(":") ? "IPv6" : "IPv4",
});

const ETH = address("eth0", "192.0.2.7");
const DOCKER = address("docker0", "172.17.0.1");
const TUN = address("tun0", "10.8.0.2");

// Fails when a bridge or a VPN is not recognized, or something else is taken for one.
Deno.test("checkNetwork() names the addresses that a share shows, and checkVpn() what looks like a VPN", () => {
  const check = (preferred: string | null, ...interfaces: InterfaceAddress[]) =>
    [checkNetwork, checkVpn].map((check) => {
      const { state, text, todo = "" } = check({ interfaces, preferred });
      return `${state} ${text} ${todo}`.trim();
    });
  const none = "ok no interface looks like that of a VPN";
  const [network, vpn] = check(null);
  assertStringIncludes(network!, "wrong this machine has no network");
  assertEquals(vpn, none);
  assertEquals(check(null, ETH, DOCKER), [
    "ok a share here shows 192.0.2.7 (eth0); not docker0, which this machine's own containers use",
    none,
  ]);
  const [, behind] = check("10.8.0.2", ETH, TUN);
  assertStringIncludes(
    behind!,
    "hint tun0 looks like a VPN, and is the default route",
  );
  assertStringIncludes(behind!, "--interface 192.0.2.7");
  const [, beside] = check("192.0.2.7", ETH, address("ts0", "100.99.1.2"));
  assertStringIncludes(beside!, "hint ts0 looks like a VPN");
  assertEquals(beside!.includes("default route"), false);
  const fine = [
    address("utun3", "fe80::7", "64"),
    address("eth1", "100.128.0.1"),
    address("eth2", "100.63.0.1"),
  ];
  assertEquals(check(null, ...fine)[1], none);
});

// Fails when a path that is written in another way counts as one with links on it.
Deno.test("checkFolder() tells links from slashes that stand twice", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/own`, { mode: 0o700 });
    const real = `${await Deno.realPath(folder)}/own`;
    await Deno.symlink(real, `${folder}/link`);
    const check = async (path: string, found: { real?: string } = { real }) =>
      (await checkFolder("state", path, found)).text;
    const doubled = real.replaceAll("/", "//").replace(/own$/, "./own");
    assertStringIncludes(await check(doubled), "only you can read it");
    assertEquals((await check(doubled)).includes("links"), false);
    // The launcher for Windows has not looked at it.
    assertEquals((await check(doubled, {})).includes("links"), false);
    assertStringIncludes(await check(`${folder}/link`), "links lead to");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
