/**
 * Deno's flags for what the table of commands grants, except for files: the compiled program, the
 * demo and the benchmarks run with these. `bin/claude-spread` has its own, in sh, made from the
 * same table.
 *
 * @module
 */

import { type Command, COMMANDS, type Grants, VARIABLES } from "./commands.ts";

/** All grants of a command; with those for sessions, if it has some. */
function grantsOf({ may, withSessions }: Command): Grants[] {
  return withSessions === undefined ? [may] : [may, withSessions];
}

/** Names of the kinds of permission that a command needs, as Deno calls them. */
export function permissionKinds(command: Command): Deno.PermissionName[] {
  const grants = grantsOf(command);
  const has = (name: keyof Grants) =>
    grants.some((granted) => granted[name] !== undefined);
  const isPath = (option: { value?: string }) =>
    option.value !== undefined &&
    !["text", "address", "time"].includes(option.value);
  const names = Object.values(command.options).some(isPath) ||
    command.operand !== undefined;
  const kinds: [Deno.PermissionName, boolean][] = [
    ["env", has("env")],
    ["net", has("net")],
    ["read", has("read") || has("change") || names],
    ["run", has("run")],
    ["sys", has("sys")],
    ["write", has("change") || names || command.cleans !== undefined],
  ];
  return kinds.filter(([, isNeeded]) => isNeeded).map(([kind]) => kind);
}

/** Variables and facts of the system that these commands may ask for, as flags. */
export function envAndSysFlags(commands: Command[]): string[] {
  const grants = commands.flatMap(grantsOf);
  const groups = new Set(grants.flatMap(({ env }) => env));
  const variables = [...groups].flatMap((group) => VARIABLES[group]);
  const sys = new Set(grants.flatMap(({ sys = [] }) => sys));
  return [
    `--allow-env=${variables.join(",")}`,
    // Deno refuses an empty list.
    ...sys.size > 0 ? [`--allow-sys=${[...sys].join(",")}`] : [],
  ];
}

/** Flags of a command that may touch any file and talk to any host. */
export function flagsWithAnyFile(name: keyof typeof COMMANDS): string[] {
  const command: Command = COMMANDS[name];
  return [
    "--allow-read",
    "--allow-write",
    "--allow-net",
    ...command.may.run?.includes("git") ? ["--allow-run=git"] : [],
    ...envAndSysFlags([command]),
  ];
}
