/**
 * Finds what is wrong on this machine, and what is left over: `claude-spread doctor`.
 *
 * It starts no program, and changes nothing without `--clean`. It reports as unknown whatever it
 * cannot find out.
 *
 * @module
 */

import { requireAddress } from "../../lib/discovery/interfaces.ts";
import { runCommand, type Running } from "../cli/run_command.ts";
import { homeFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import { checkClient } from "./checks/client.ts";
import { checkDeno } from "./checks/deno.ts";
import { checkFirewall } from "./checks/firewall.ts";
import { checkFolder } from "./checks/folders.ts";
import { checkHooks } from "./checks/hooks.ts";
import { checkNetwork, checkVpn, lookAtNetwork } from "./checks/network.ts";
import { checkPairs } from "./checks/pairs.ts";
import { checkPlugin } from "./checks/plugin.ts";
import { checkPort } from "./checks/port.ts";
import { checkNamedRelay } from "./checks/relay.ts";
import type { CheckFinding } from "./finding.ts";
import { type LauncherFindings, readFound } from "./found.ts";
import { findItems } from "./leftovers/find.ts";
import { deal, describeKept, describeLeftovers } from "./leftovers/report.ts";
import { type DoctorOptions, parseDoctorArgs } from "./options.ts";
import { findPlaces, type Places } from "./places.ts";
import { Report } from "./report.ts";
import { type AllSettings, readSettings } from "./settings.ts";

/** @returns Whether something is wrong. */
async function examine(
  options: DoctorOptions,
  { terminal, signal }: Running,
): Promise<boolean> {
  const places = findPlaces();
  // Nobody tells the compiled program anything; a project's settings could set it.
  const told = Deno.build.standalone ? "" : Deno.env.get("CLAUDE_SPREAD_FOUND");
  const found = readFound(told ?? "");
  const all = Deno.networkInterfaces();
  const { interface: only } = options;
  requireAddress(all, only);
  const report = new Report(terminal, homeFolder() ?? "");
  const now = new Date();
  report.add(checkDeno({
    version: Deno.version.deno,
    path: Deno.execPath(),
    isCompiled: Deno.build.standalone,
  }));
  await checkClaudeCode(places, found, now, report);
  await checkNetworks(options, found, report);
  report.add(await checkNamedRelay(options, signal));
  await checkFolders(places, found, report);
  await checkLeftovers(places, found, options.cleans, {
    report,
    terminal,
    now,
  });
  report.end();
  return report.isWrong;
}

/** Checks the client, the plugin in it, and its hooks. */
async function checkClaudeCode(
  { config, usual }: Places,
  found: LauncherFindings,
  now: Date,
  report: Report,
): Promise<void> {
  report.add(await checkClient(found));
  const settings = await readSettings(config);
  for (const finding of ofProblems(settings)) report.add(finding);
  const plugin = await checkPlugin(config, settings);
  report.add(plugin.finding);
  report.add(await checkHooks(plugin, settings, usual, now));
}

/** Says which files of settings cannot be used. */
function ofProblems({ problems }: AllSettings): CheckFinding[] {
  return problems.map(({ path, why, isBroken }) => ({
    check: "settings",
    state: isBroken ? "wrong" : "unknown",
    text: `cannot use "${path}": ${why}`,
    todo: isBroken ? "Repair it: Claude Code cannot use it either" : undefined,
    fields: { path },
  }));
}

/** Checks port, addresses, VPNs and firewalls. */
async function checkNetworks(
  { interface: only }: DoctorOptions,
  found: LauncherFindings,
  report: Report,
): Promise<void> {
  const readAll = () => Deno.networkInterfaces();
  const network = await lookAtNetwork(readAll(), only);
  // Without a network the port can still be tried.
  const tried = network.interfaces.length === 0 ? "127.0.0.1" : only;
  report.add(await checkPort(readAll, tried, found.sockets));
  report.add(checkNetwork(network));
  report.add(checkVpn(network));
  report.add(checkFirewall(found, Deno.build.os));
}

async function checkFolders(
  { state, usual, written }: Places,
  found: LauncherFindings,
  report: Report,
): Promise<void> {
  report.add(await checkFolder("state", state, found.folder("state")));
  if (usual !== state) {
    report.add(await checkFolder("state", usual, found.folder("usual")));
  }
  report.add(await checkFolder("cache", written, found.folder("written")));
  report.add(await checkPairs(`${usual}/pairs`));
}

async function checkLeftovers(
  places: Places,
  { gone }: LauncherFindings,
  cleans: boolean,
  { report, terminal, now }: { report: Report; terminal: Terminal; now: Date },
): Promise<void> {
  const items = await findItems(places, gone, now);
  const dealt = await deal(items, cleans);
  for (const { item: { what, path, bytes, at }, isRemoved } of dealt) {
    terminal.event("leftover", { what, path, bytes, at, removed: isRemoved });
  }
  report.add(describeLeftovers(dealt, cleans, now));
  report.add(describeKept(items));
}

/** @returns The exit code: 1 when something is wrong. */
export async function main(args: string[]): Promise<number> {
  let isWrong = false;
  const code = await runCommand("doctor", args, async (flags, running) => {
    const env = (name: string) => Deno.env.get(name);
    isWrong = await examine(parseDoctorArgs(flags, env), running);
  });
  return code === 0 && isWrong ? 1 : code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
