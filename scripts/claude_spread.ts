/**
 * All commands as one program, for `deno compile`: it replaces `bin/claude-spread` on
 * machines without Deno.
 *
 * A compiled program has one set of permissions, the union of those of all commands
 * (`tools/compile.ts`). So before a command is loaded, the program gives up the kinds of
 * permission that only others need.
 *
 * @module
 */

import { type CommandName, COMMANDS } from "./cli/commands.ts";
import { permissionKinds } from "./cli/grants.ts";
import { giveUp } from "./cli/surroundings.ts";

/** A command's module. */
type Load = () => Promise<{ main: (args: string[]) => Promise<number> }>;

/** All kinds of permission granted. */
const ALL: Deno.PermissionName[] = [
  "env",
  "net",
  "read",
  "run",
  "sys",
  "write",
];

/** The modules of the commands. `deno compile` follows only literal imports. */
const MODULES: Record<string, Load> = {
  serve: () => import("./serve.ts"),
  receive: () => import("./receive.ts"),
  status: () => import("./status.ts"),
  stop: () => import("./stop.ts"),
  pair: () => import("./pair.ts"),
  pairs: () => import("./pairs.ts"),
  waiting: () => import("./waiting.ts"),
  forget: () => import("./forget.ts"),
  bundle: () => import("./memory/bundle.ts"),
  install: () => import("./memory/install.ts"),
  sessions: () => import("./sessions.ts"),
  work: () => import("./work/command.ts"),
  skill: () => import("./skill.ts"),
  relay: () => import("../relay/command.ts"),
  "relay --check": () => import("./relay_check.ts"),
  doctor: () => import("./doctor/command.ts"),
  completion: () => import("./completion.ts"),
};

/**
 * Runs a command; whatever is not one is explained.
 *
 * @returns Its exit code; 2 when it does not exist.
 */
export async function main(args: string[]): Promise<number> {
  const { entry, name, rest } = findCommand(args);
  const load = Object.hasOwn(MODULES, entry) ? MODULES[entry] : undefined;
  if (load === undefined || name === undefined) {
    const { main: explain } = await import("./help.ts");
    return await explain(args);
  }
  const needs = permissionKinds(COMMANDS[name]);
  await giveUp(...ALL.filter((kind) => !needs.includes(kind)));
  const { main } = await load();
  return await main(rest);
}

/** The module's name, the name in the table, and the arguments of the module. */
function findCommand([first = "", ...rest]: string[]) {
  const isCheck = first === "relay" &&
    rest.some((arg) => /^--check(=|$)/.test(arg));
  const entry = isCheck ? "relay --check" : first;
  const names = [entry, `${entry} ${rest[0]}`];
  const name = names.find((name) => Object.hasOwn(COMMANDS, name));
  return { entry, name: name as CommandName | undefined, rest };
}

if (import.meta.main) Deno.exit(await main(Deno.args));
