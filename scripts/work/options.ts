/**
 * The meaning of the command lines of `work`.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import type { CommandName } from "../cli/commands.ts";
import { type Flags, refuseMore } from "../cli/flags.ts";

/** A command of `work`. */
export type WorkCommand = Extract<CommandName, `work ${string}`>;

/** The requested action. `id`: the beginning of an ID; absent for the newest work. */
export type WorkAction =
  | { action: "list" }
  | { action: "show"; id?: string; summary: boolean; project: string }
  | {
    action: "open";
    id?: string;
    folder?: string;
    /** Whether the user has agreed although files in it act by themselves. */
    yes: boolean;
    project: string;
  }
  | { action: "undo"; id?: string; force: boolean }
  | { action: "save"; id?: string; file: string };

/**
 * Reads the options of a command.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function readWorkArgs(command: WorkCommand, flags: Flags): WorkAction {
  const [first, ...rest] = flags.operands;
  refuseMore(rest);
  const project = flags.get("project") ?? ".";
  switch (command) {
    case "work list":
      refuseMore(flags.operands);
      return { action: "list" };
    case "work show": {
      const summary = flags.has("summary");
      return { action: "show", id: first, summary, project };
    }
    case "work open":
      if (/\p{Cc}/u.test(first ?? "")) {
        throw usage(
          "The name of the folder has control characters",
          "Name another folder: claude-spread work open DIR",
        );
      }
      return {
        action: "open",
        id: flags.get("id"),
        folder: first,
        yes: flags.has("yes"),
        project,
      };
    case "work undo":
      return { action: "undo", id: first, force: flags.has("force") };
    case "work save":
      if (first === undefined || first === "-") {
        throw usage(
          "The file to write is missing",
          "Write claude-spread work save FILE",
        );
      }
      return { action: "save", id: flags.get("id"), file: first };
  }
}
