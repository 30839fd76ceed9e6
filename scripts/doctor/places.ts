/**
 * The folders that the doctor looks at.
 *
 * @module
 */

import { configFolder } from "../../lib/claude/config_folder.ts";
import {
  homeFolder,
  stateFolder,
  usualStateFolder,
  writtenFolder,
} from "../cli/surroundings.ts";

/** Folders of ours, and Claude Code's. */
export interface Places {
  /** Folder of what our commands keep. */
  state: string;
  /** The same, whatever XDG_STATE_HOME says: for pairs, and for what the hooks keep. */
  usual: string;
  /** Folder in which Claude writes documents to share. */
  written: string;
  /** Claude Code's folder. */
  config: string;
}

/** @throws {SpreadError} `USAGE` when no home folder is set. */
export function findPlaces(): Places {
  const env = (name: string) => Deno.env.get(name);
  const home = homeFolder() ?? "";
  return {
    state: stateFolder(),
    usual: usualStateFolder(),
    written: writtenFolder(),
    // A relative path is inside the current folder.
    config: configFolder({ home, cwd: ".", env }),
  };
}
