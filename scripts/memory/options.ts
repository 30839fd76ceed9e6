/**
 * Command lines of `bundle` and `install`.
 *
 * @module
 */

import { MEMORY_TYPES, type MemoryType } from "../../lib/memory/text.ts";
import type { ConflictChoice } from "../../lib/memory/merge.ts";
import { type Flags, refuseMore } from "../cli/flags.ts";
import { usage } from "../../lib/errors.ts";

/** Options of `bundle`. */
export interface BundleOptions {
  /** Whether to list without writing. */
  preview: boolean;
  anonymous: boolean;
  /** Whether secrets stay where they are. */
  keepSecrets: boolean;
  /** Whether to overwrite `output`. */
  force: boolean;
  only?: MemoryType[];
  except?: MemoryType[];
  project?: string;
  memory?: string;
  output?: string;
}

/** Options of `install`. */
export interface InstallOptions {
  json: boolean;
  action: "ask" | "preview" | "install" | "undo" | "discard";
  onConflict: ConflictChoice | "ask";
  /** Whether the preview shows everything, however long. */
  full: boolean;
  /** Whether to remove the file after installing it. */
  removeFile: boolean;
  project?: string;
  memory?: string;
  /** Path of the bundle; `-` for standard input. */
  file: string;
  /** Whether a skill runs the command. */
  isTyped: boolean;
}

/**
 * Reads the arguments of `bundle`.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseBundleArgs(flags: Flags): BundleOptions {
  const [file, ...rest] = flags.operands;
  if (file !== undefined && flags.has("output")) rest.unshift(file);
  refuseMore(rest);
  const output = flags.get("output") ?? file;
  const options: BundleOptions = {
    preview: flags.has("preview"),
    anonymous: flags.has("anonymous"),
    keepSecrets: flags.has("keepSecrets"),
    force: flags.has("force"),
    only: readTypes(flags, "only"),
    except: readTypes(flags, "except"),
    project: flags.get("project"),
    memory: flags.get("memory"),
    output: output === "-" ? undefined : output,
  };
  const isPrinted = options.output === undefined && !options.preview;
  if (flags.has("json") && isPrinted) {
    throw usage(
      "--json needs --output or --preview",
      "Add --output FILE, because the events take standard output",
    );
  }
  return options;
}

/**
 * Reads the arguments of `install`.
 *
 * @param isTyped Whether a skill runs the command.
 * @throws {SpreadError} `USAGE`.
 */
export function parseInstallArgs(
  flags: Flags,
  isTyped = false,
): InstallOptions {
  const [file, ...rest] = flags.operands;
  refuseMore(rest);
  const action = readAction(flags);
  if (action === "undo" && file !== undefined) {
    throw usage(`--undo takes no file: "${file}"`, "Leave it out");
  }
  if (action === "discard" && (file === undefined || file === "-")) {
    throw usage("--discard needs a file", "Name the received file");
  }
  return {
    json: flags.has("json"),
    action,
    onConflict: readChoice(flags),
    full: flags.has("full"),
    removeFile: flags.has("removeFile"),
    project: flags.get("project"),
    memory: flags.get("memory"),
    file: file ?? "-",
    isTyped,
  };
}

/** The table sees to it that at most one of them is named. */
function readAction(flags: Flags): InstallOptions["action"] {
  if (flags.has("yes")) return "install";
  if (flags.has("undo")) return "undo";
  if (flags.has("discard")) return "discard";
  return flags.has("dryRun") || flags.has("preview") ? "preview" : "ask";
}

function readChoice(flags: Flags): InstallOptions["onConflict"] {
  const choice = flags.choice("onConflict") ?? "ask";
  return choice as InstallOptions["onConflict"];
}

function readTypes(flags: Flags, name: string): MemoryType[] | undefined {
  return flags.get(name)?.split(",").map((part) => {
    const word = part.trim().toLowerCase();
    const type = MEMORY_TYPES.find((name) => name === word);
    if (type !== undefined) return type;
    throw usage(
      `"${part}" is not a type of memory`,
      `Write one or more of ${
        MEMORY_TYPES.join(", ")
      }, with commas between them`,
    );
  });
}
