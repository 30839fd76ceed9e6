/**
 * Every sub-command as one program, for `deno compile`: what `bin/claude-spread` is where Deno
 * is installed.
 *
 * A compiled program has one set of permissions, which is that of all sub-commands together
 * (`tools/compile.ts`). So each gives up, before it is loaded, the kinds that only others need.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { Terminal } from "./cli/terminal.ts";

/** A sub-command: where it is, and the kinds of permissions that it needs. */
interface Command {
  load: () => Promise<{ main: (args: string[]) => Promise<number> }>;
  needs: Deno.PermissionName[];
}

/** Every kind that is granted. */
const ALL: Deno.PermissionName[] = [
  "env",
  "net",
  "read",
  "run",
  "sys",
  "write",
];

/** The sub-commands by name; every import is literal, or it would not be compiled in. */
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

/** `relay --check`, which is a client of a relay and no part of one. */
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

/** Runs a sub-command. @returns Its exit code; 2 when there is no such sub-command. */
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
