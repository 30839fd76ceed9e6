/**
 * Facts about the program as a whole that no single command has: variables of the environment,
 * files, exit codes and examples. Options are in the table of commands.
 *
 * @module
 */

import { EXIT_CODES } from "../../../lib/errors.ts";

/** Names of one sort, and their meaning, in sentences. */
export interface ReferenceEntry {
  names: readonly string[];
  about: string;
}

/** Commands that a person may copy. */
export const EXAMPLES: readonly { command: string; about: string }[] = [
  {
    command: "claude-spread serve notes.md",
    about: "Share a file with whoever types the words that this shows:",
  },
  {
    command: "claude-spread receive niece-broke-zippy-iron",
    about: "Receive it on another machine of the same network:",
  },
  {
    command: "claude-spread serve --session this --relay",
    about: "Share the session of Claude Code around, on any network:",
  },
  {
    command: "claude-spread pair",
    about: "Make a pair, by the words that this shows:",
  },
  {
    command: "claude-spread serve --to cedar notes.md",
    about: "From then on, share with that machine without words:",
  },
];

/**
 * Variables that people may set. The others of the table are set by Claude Code, the system or the
 * launcher.
 */
export const ENVIRONMENT: readonly ReferenceEntry[] = [
  {
    names: ["CLAUDE_SPREAD_PASSPHRASE"],
    about:
      "A passphrase of your own, for serve on one side and receive on the other.",
  },
  {
    names: ["CLAUDE_SPREAD_RELAY"],
    about: "The address of the relay that --relay means without one.",
  },
  {
    names: ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"],
    about:
      "The proxy for relays at wss://, at ws:// and at both, and the hosts that are reached " +
      "without it. The names may be in lower case.",
  },
  {
    names: ["DENO_CERT", "DENO_TLS_CA_STORE"],
    about:
      "A file with a certificate authority of your own, for relays; or system, to trust those " +
      "that this machine trusts.",
  },
  {
    names: ["NO_COLOR", "FORCE_COLOR", "TERM"],
    about:
      "No colors; colors even without a terminal; and, with TERM=dumb, no control sequences.",
  },
  {
    names: ["HOME", "XDG_STATE_HOME", "LOCALAPPDATA"],
    about:
      "The folders in which the state folder is, the last one on Windows alone. Pairs, and what a user " +
      "types in Claude Code, are in the usual folder whatever XDG_STATE_HOME says.",
  },
  {
    names: ["DENO_DIR", "DENO_INSTALL", "XDG_CACHE_HOME"],
    about: "The folders of Deno and of what it has downloaded.",
  },
  {
    names: ["USER", "USERNAME"],
    about:
      "Your name, which the other side sees beside that of the host, unless you say --anonymous.",
  },
  {
    names: [
      "CLAUDE_CONFIG_DIR",
      "CLAUDE_CODE_PROJECT_DIR_NAME",
      "CLAUDE_CODE_REMOTE_MEMORY_DIR",
      "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE",
      "CLAUDE_CODE_DISABLE_AUTO_MEMORY",
      "CLAUDE_CODE_SIMPLE",
    ],
    about:
      "The folders in which Claude Code keeps sessions and memory, and whether it keeps memory at all. " +
      "They mean the same as in Claude Code.",
  },
  {
    names: ["RELAY_*"],
    about: "Settings of relay; RELAY_SERVER_SPEC.md, section 10, lists them.",
  },
];

/** Files and folders; those of the user as on Linux. */
export const FILES: readonly ReferenceEntry[] = [
  {
    names: ["~/.local/state/claude-spread"],
    about:
      "The state folder: pairs, shares and drops of yours, received work, partial payloads, and " +
      "copies for --undo. On macOS it is in ~/Library/Application Support, on Windows in " +
      "%LOCALAPPDATA%.",
  },
  {
    names: ["~/.cache/claude-spread"],
    about:
      "Documents that Claude has written, until they are shared. One that nobody shares is removed " +
      "by the next share, once it is an hour old.",
  },
  {
    names: ["~/.cache/deno"],
    about: "What Deno has downloaded, for all programs.",
  },
  {
    names: ["~/.claude"],
    about:
      "Claude Code's folder, with the sessions and memory that are shared and installed.",
  },
  {
    names: [".env", ".env.*", ".claude-spread.json"],
    about:
      "In the folder of a project: values that the search for secrets looks for, and the list of " +
      "its false alarms.",
  },
];

/** Meanings of the exit codes. */
const MEANINGS: Readonly<Record<number, string>> = {
  0: "It has done what was asked.",
  1: "With doctor: something is wrong. Otherwise nobody has foreseen it: please report it.",
  2: "The command line is wrong, the current folder is gone, or the user has not agreed.",
  3: "Nobody was found: no sender, receiver, room, drop or pair.",
  4: "The other side was not confirmed: a wrong passphrase, or too many of them.",
  5: "The network or the other side failed, or Deno could not be downloaded.",
  6: "A payload, memory, session, pair or work was refused or could not be stored, or Deno could " +
    "not be stored.",
  127: "There is neither Deno 2.9 or newer nor Node.",
  130: "It was stopped, by Ctrl+C or by the system.",
};

/** Exit codes with their meanings and the codes of the errors that end with them. */
export const EXIT_STATUS: readonly ReferenceEntry[] = Object.entries(MEANINGS)
  .map((
    [status, about],
  ) => ({
    names: [
      status,
      ...Object.entries(EXIT_CODES).filter(([, exitCode]) =>
        String(exitCode) === status
      ).map(([code]) => code),
    ],
    about,
  }));
