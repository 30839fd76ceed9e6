/**
 * Claude Code sessions on this machine: lists them, installs a received one, and undoes that.
 *
 * @module
 */

import { listSessions } from "../lib/session/local/list.ts";
import { installSession } from "../lib/session/install.ts";
import { undoSession } from "../lib/session/undo.ts";
import { claudeSurroundings } from "./cli/claude.ts";
import { wantsJson } from "./cli/flags.ts";
import { installedFields, showInstalled } from "./cli/session_report.ts";
import { formatSessions } from "./sessions/session_table.ts";
import { readSessionsArgs, type SessionsAction } from "./sessions/options.ts";
import { formatCount } from "./cli/format.ts";
import { Terminal } from "./cli/terminal.ts";
import { Interruption, sessionHistory } from "./cli/surroundings.ts";

const USAGE =
  `Lists the sessions of Claude Code, and installs one that was received.

Usage: sessions.ts list [--all] [--limit N] [--project DIR] [--json]
       sessions.ts install [--project DIR] [--json] FILE
       sessions.ts undo [--force] [--json] [ID]

list       the sessions of a project, the one used last first
install    rebuild the session in FILE for a project, under a new id; nothing that
           is there is overwritten, and FILE stays
undo       take away what was installed last, or the session named

  --all            list sessions of every project
  --limit N        list the N used last (default 200)
  --project DIR    the folder of the project; by default this one
  --force          undo even if the conversation has gone on
  --typed PLACE    take the options of list from what was typed in Claude Code
  --json           print events as JSON lines
  --help           print this
`;

async function list(
  { all, limit, project }: Extract<SessionsAction, { action: "list" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const surroundings = claudeSurroundings(project);
  const { sessions, omitted } = await listSessions(surroundings, {
    all,
    limit,
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
        ? "there are no sessions"
        : "there are no sessions of this project; --all shows others",
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
      missing > 0 ? `, ${missing} had gone already` : ""
    }`,
    "undone",
    { id: installed.id, title, removed, missing },
  );
}

async function run(
  options: SessionsAction,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  switch (options.action) {
    case "help":
      return terminal.print(USAGE);
    case "list":
      return await list(options, terminal, signal);
    case "install":
      return await install(options, terminal, signal);
    case "undo":
      return await undo(options, terminal);
  }
}

/** Runs the command and returns its exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  const { signal } = interruption;
  try {
    await run(await readSessionsArgs(args), terminal, signal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
