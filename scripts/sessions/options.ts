/**
 * The meaning of the command lines of `sessions`.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import type { CommandName } from "../cli/commands.ts";
import { type Flags, refuseMore } from "../cli/flags.ts";
import type { SessionSecretsOptions } from "../cli/secrets/sessions.ts";

/** The requested action. */
export type SessionsAction =
  | { action: "list"; all: boolean; limit?: number; project?: string }
  | ExportAction
  | { action: "install"; file: string; project?: string }
  | { action: "undo"; id?: string; force: boolean };

/** The export of a session. */
export interface ExportAction extends SessionSecretsOptions {
  action: "export";
  id: string;
  /** Path of the file to write; `-` for standard output. */
  file: string;
}

/** A command of `sessions`. */
export type SessionsCommand = Extract<CommandName, `sessions ${string}`>;

/**
 * Reads the options of a command.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function readSessionsArgs(
  command: SessionsCommand,
  flags: Flags,
): SessionsAction {
  const [first, ...rest] = flags.operands;
  const project = flags.get("project");
  switch (command) {
    case "sessions list": {
      refuseMore(flags.operands);
      const limit = flags.integer("limit");
      return { action: "list", all: flags.has("all"), limit, project };
    }
    case "sessions export":
      return readExport(flags);
    case "sessions install":
      refuseMore(rest);
      if (first === undefined) throw missingFile();
      return { action: "install", file: first, project };
    case "sessions undo":
      refuseMore(rest);
      return { action: "undo", id: first, force: flags.has("force") };
  }
}

function missingFile(): Error {
  return usage("The file to install is missing", "Name the received file");
}

function readExport(flags: Flags): SessionsAction {
  const [id, file, ...rest] = flags.operands;
  refuseMore(rest);
  const isPreview = flags.has("preview");
  if (!id || !file && !isPreview) {
    throw usage(
      `The ${id ? "file to write" : "session to export"} is missing`,
      "Write claude-spread sessions export ID FILE; find the ID with claude-spread sessions list",
    );
  }
  if (file === "-" && flags.has("json") && !isPreview) {
    throw usage(
      "--json and - cannot be used together",
      "Name a file instead of -, because the events take standard output",
    );
  }
  return {
    action: "export",
    id,
    file: file ?? "-",
    project: flags.get("project"),
    keepSecrets: flags.has("keepSecrets"),
    preview: flags.has("preview"),
    anonymous: flags.has("anonymous"),
  };
}
