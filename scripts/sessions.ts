/**
 * Claude Code sessions on this machine: lists them, exports one to a file, installs a received
 * one, and undoes that.
 *
 * @module
 */

import { listSessions } from "../lib/session/local/list.ts";
import { installSession } from "../lib/session/install.ts";
import { undoSession } from "../lib/session/undo.ts";
import { claudeSurroundings } from "./cli/claude.ts";
import { COMMANDS } from "./cli/commands.ts";
import { openOptions } from "./cli/sessions/options.ts";
import { runCommand } from "./cli/run_command.ts";
import { installedFields, showInstalled } from "./cli/sessions/report.ts";
import { formatSessions } from "./sessions/session_table.ts";
import { exportSession } from "./sessions/export.ts";
import {
  readSessionsArgs,
  type SessionsAction,
  type SessionsCommand,
} from "./sessions/options.ts";
import { formatCount } from "./cli/screen/format.ts";
import type { Terminal } from "./cli/terminal.ts";
import { sessionHistory } from "./cli/surroundings.ts";

async function list(
  { all, limit, project }: Extract<SessionsAction, { action: "list" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const surroundings = claudeSurroundings(project);
  const { sessions, omitted } = await listSessions(surroundings, {
    all,
    limit,
    openOptions: openOptions(),
    signal,
  });
  for (const { path: _path, firstPrompt, ...summary } of sessions) {
    terminal.event("session", { ...summary, first_prompt: firstPrompt });
  }
  if (sessions.length > 0) {
    const { tableScreen } = terminal;
    terminal.printUnlessJson(
      formatSessions(sessions, all, tableScreen, new Date()),
    );
  } else {
    terminal.say(
      all
        ? "this machine has no sessions"
        : "this project has no sessions; --all shows those of other projects",
    );
  }
  if (omitted > 0) {
    terminal.say(`${formatCount(omitted, "older session")} not shown`);
  }
  terminal.event("listed", { sessions: sessions.length, omitted });
}

async function install(
  { file, project }: Extract<SessionsAction, { action: "install" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const installed = await installSession(file, {
    surroundings: claudeSurroundings(project),
    history: sessionHistory(),
    now: new Date(),
    signal,
  });
  terminal.event("installed", installedFields(installed));
  showInstalled(installed, terminal);
}

async function undo(
  { id, force }: Extract<SessionsAction, { action: "undo" }>,
  terminal: Terminal,
): Promise<void> {
  const undone = await undoSession(sessionHistory(), { id, force });
  const { installed, removed, missing } = undone;
  const { title } = installed;
  terminal.say(
    `removed "${title}": ${formatCount(removed, "file")}${
      missing > 0 ? `, ${missing} already gone` : ""
    }`,
    "undone",
    { id: installed.id, title, removed, missing },
  );
}

/** Runs a command of `sessions`, for a person or for a skill. */
export async function run(
  options: SessionsAction,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  switch (options.action) {
    case "list":
      return await list(options, terminal, signal);
    case "export":
      return await exportSession(options, terminal, signal);
    case "install":
      return await install(options, terminal, signal);
    case "undo":
      return await undo(options, terminal);
  }
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const [action, ...rest] = args;
  const command = `sessions ${action}`;
  if (!isSessionsCommand(command)) {
    const { main: explain } = await import("./help.ts");
    return await explain(["sessions", ...args]);
  }
  return await runCommand(
    command,
    rest,
    (flags, { terminal, signal }) =>
      run(readSessionsArgs(command, flags), terminal, signal),
  );
}

function isSessionsCommand(name: string): name is SessionsCommand {
  return Object.hasOwn(COMMANDS, name);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
