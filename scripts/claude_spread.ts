/**
 * All sub-commands as one program, for `deno compile`: it replaces `bin/claude-spread` on
 * machines without Deno.
 *
 * A compiled program has one set of permissions, the union of those of all sub-commands
 * (`tools/compile.ts`). So before a sub-command is loaded, the program gives up the kinds of
 * permission that only others need.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { Terminal } from "./cli/terminal.ts";

/** A sub-command: its module, and the kinds of permission that it needs. */
interface Command {
  load: () => Promise<{ main: (args: string[]) => Promise<number> }>;
  needs: Deno.PermissionName[];
}

/** All kinds of permission granted. */
const ALL: Deno.PermissionName[] = [
  "env",
  "net",
  "read",
  "run",
  "sys",
  "write",
];

/** The sub-commands by name. `deno compile` follows only literal imports. */
const COMMANDS: Record<string, Command> = {
  serve: { load: () => import("./serve.ts"), needs: ALL },
  receive: { load: () => import("./receive.ts"), needs: ALL },
  status: {
    load: () => import("./status.ts"),
    needs: ["env", "net", "read", "write"],
  },
  stop: {
    load: () => import("./stop.ts"),
    needs: ["env", "net", "read", "sys", "write"],
  },
  bundle: {
    load: () => import("./memory/bundle.ts"),
    needs: ["env", "read", "sys", "write"],
  },
  install: {
    load: () => import("./memory/install.ts"),
    needs: ["env", "read", "write"],
  },
  sessions: {
    load: () => import("./sessions.ts"),
    needs: ["env", "read", "sys", "write"],
  },
  relay: {
    load: () => import("../relay/command.ts"),
    needs: ["env", "net", "read", "sys", "write"],
  },
};

/** `relay --check`, which is a client of a relay and not part of one. */
const RELAY_CHECK: Command = {
  load: () => import("./relay_check.ts"),
  needs: ["env", "net"],
};

const USAGE =
  `Hands over what a Claude Code session knows, end-to-end encrypted.

Usage: claude-spread ${Object.keys(COMMANDS).join("|")} [options] …

  --help       print this; after a sub-command, print what that does
  --version    print the version
`;

/**
 * Runs a sub-command.
 *
 * @returns Its exit code; 2 when it does not exist.
 */
export async function main([name = "", ...args]: string[]): Promise<number> {
  const command = findCommand(name, args);
  if (command === undefined) return explain(name);
  const { needs } = command;
  await giveUp(ALL.filter((kind) => !needs.includes(kind)));
  const { main } = await command.load();
  return await main(args);
}

function findCommand(name: string, args: string[]): Command | undefined {
  if (name === "relay" && args.some((arg) => /^--check(=|$)/.test(arg))) {
    return RELAY_CHECK;
  }
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

function explain(name: string): number {
  const terminal = new Terminal({ json: false });
  if (name === "--version") terminal.print(`claude-spread ${deno.version}`);
  else if (name === "--help" || name === "-h") terminal.print(USAGE);
  else {
    terminal.show(USAGE);
    return 2;
  }
  return 0;
}

async function giveUp(kinds: Deno.PermissionName[]): Promise<void> {
  for (const name of kinds) await Deno.permissions.revoke({ name });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
