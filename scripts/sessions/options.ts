/**
 * Command lines of `sessions`.
 *
 * @module
 */

import { parseFlags, refuseMore } from "../cli/flags.ts";
import { usage } from "../../lib/errors.ts";
import { peekFlags } from "../cli/typed_input.ts";

/** Maximum number of sessions in one list. */
const MAX_LIMIT = 10_000;

/** The requested action. */
export type SessionsAction =
  | { action: "help" }
  | { action: "list"; all: boolean; limit?: number; project?: string }
  | { action: "export"; id: string; file: string; project?: string }
  | { action: "install"; file: string; project?: string }
  | { action: "undo"; id?: string; force: boolean };

/**
 * Reads the arguments of `sessions`.
 *
 * @throws {SpreadError} `USAGE`, `TYPED_MISSING`.
 */
export async function readSessionsArgs(
  [action, ...args]: string[],
): Promise<SessionsAction> {
  switch (action) {
    case "list":
      return await readList(args);
    case "export":
      return readExport(args);
    case "install":
      return readInstall(args);
    case "undo":
      return readUndo(args);
    case "--help":
    case "-h":
      return { action: "help" };
  }
  throw usage(
    action === undefined
      ? "What to do with sessions is missing"
      : `"${action}" is nothing that can be done with sessions`,
    "Write list, export, install or undo",
  );
}

/** Reads only the options of the typed line; another command takes the rest. */
async function readList(args: string[]): Promise<SessionsAction> {
  const names = {
    boolean: ["help", "json", "all"],
    string: ["project", "typed", "limit"],
  };
  const given = parseFlags(args, names);
  const place = given.get("typed");
  const typed = place === undefined
    ? []
    : await peekFlags(place, "sessions-share", "sessions");
  const flags = parseFlags([...typed, ...args], names);
  refuseMore(flags.positional);
  if (flags.has("help")) return { action: "help" };
  return {
    action: "list",
    all: flags.has("all"),
    limit: flags.integer("limit", 1, MAX_LIMIT),
    project: flags.get("project"),
  };
}

function readExport(args: string[]): SessionsAction {
  const flags = parseFlags(args, {
    boolean: ["help", "json"],
    string: ["project"],
  });
  if (flags.has("help")) return { action: "help" };
  const [id, file, ...rest] = flags.positional;
  refuseMore(rest);
  if (!id || !file) {
    throw usage(
      `The ${id ? "file to write" : "session to export"} is missing`,
      "Write claude-spread sessions export ID FILE; claude-spread sessions list shows the ids",
    );
  }
  if (file === "-" && flags.has("json")) {
    throw usage(
      "--json and - do not go together",
      "The session cannot go to standard output as well; name a file",
    );
  }
  return { action: "export", id, file, project: flags.get("project") };
}

function readInstall(args: string[]): SessionsAction {
  const flags = parseFlags(args, {
    boolean: ["help", "json"],
    string: ["project"],
  });
  if (flags.has("help")) return { action: "help" };
  const [file, ...rest] = flags.positional;
  refuseMore(rest);
  if (file === undefined) {
    throw usage("The file to install is missing", "Name what was received");
  }
  return { action: "install", file, project: flags.get("project") };
}

function readUndo(args: string[]): SessionsAction {
  const flags = parseFlags(args, {
    boolean: ["help", "json", "force"],
    string: [],
  });
  if (flags.has("help")) return { action: "help" };
  const [id, ...rest] = flags.positional;
  refuseMore(rest);
  return { action: "undo", id, force: flags.has("force") };
}
