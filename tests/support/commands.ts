/**
 * The commands as people run them: by `bin/claude-spread`, which says what each may do.
 *
 * Windows needs an `sh` for that; without one, every test that starts a command is skipped
 * with a printed reason.
 *
 * @module
 */

import { skipsFor } from "./missing.ts";
import { root } from "./places.ts";

/** A command, as the tests name it. */
export type Script =
  | "serve"
  | "receive"
  | "status"
  | "stop"
  | "pair"
  | "pairs"
  | "forget"
  | "bundle"
  | "install"
  | "sessions"
  | "work"
  | "skill"
  | "completion"
  | "doctor"
  | "relay_check";

/** Commands that take `--interface`. */
const WITH_NETWORK: Script[] = ["serve", "receive", "pair"];

/** Starts the launcher: a shell script, which Windows does not start by itself. */
export const LAUNCHER: readonly string[] = [
  ...Deno.build.os === "windows" ? ["sh"] : [],
  `${root}/bin/claude-spread`,
];

/**
 * The words that run a command.
 *
 * @param address The address that a command with a network keeps to; `null` for none.
 */
export function commandLine(
  script: Script,
  args: string[],
  address: string | null = "127.0.0.1",
): string[] {
  // Its tests say --check themselves, in every way that there is.
  if (script === "relay_check") return [...LAUNCHER, "relay", ...args];
  const isKept = address !== null && WITH_NETWORK.includes(script);
  const interface_ = isKept ? ["--interface", address] : [];
  return [...LAUNCHER, script, ...interface_, ...args];
}

async function hasShell(): Promise<boolean> {
  if (Deno.build.os !== "windows") return true;
  try {
    return (await new Deno.Command("sh", { args: ["-c", ":"] }).output())
      .success;
  } catch {
    return false;
  }
}

// Before the tests of the file that imports this: imports run first.
if (!await hasShell() && skipsFor("no sh here, which the launcher needs")) {
  Object.assign(Deno, { test: Deno.test.ignore });
}
