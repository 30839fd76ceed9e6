/**
 * The environment of a command: folders, signals, permissions, input and the user's name.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { SpreadError, systemReason } from "../../lib/errors.ts";

/**
 * Folder for data that outlives a command, such as partial payloads.
 *
 * @throws {SpreadError} `USAGE` when no home folder is set.
 */
export function stateFolder(): string {
  const named = Deno.build.os === "windows"
    ? undefined
    : Deno.env.get("XDG_STATE_HOME");
  return named ? `${named}/claude-spread` : usualStateFolder();
}

/**
 * The state folder by default, whatever XDG_STATE_HOME says: for files whose place Claude must not
 * choose by setting that variable.
 *
 * @throws {SpreadError} `USAGE` when no home folder is set.
 */
export function usualStateFolder(): string {
  const base = usualStateBase();
  if (base === undefined) {
    throw new SpreadError(
      "USAGE",
      "Cannot find a place to keep files: the home folder is not set",
      "Set HOME (on Windows: LOCALAPPDATA)",
    );
  }
  return `${base}/claude-spread`;
}

function usualStateBase(): string | undefined {
  if (Deno.build.os === "windows") return Deno.env.get("LOCALAPPDATA");
  const home = homeFolder();
  if (home === undefined) return undefined;
  return Deno.build.os === "darwin"
    ? `${home}/Library/Application Support`
    : `${home}/.local/state`;
}

/** Folder in which Claude writes for the skills. */
export function writtenFolder(): string {
  return `${homeFolder() ?? ""}/.cache/claude-spread`;
}

/** The user's home folder; `undefined` when no variable tells it. */
export function homeFolder(): string | undefined {
  const home = Deno.env.get("HOME") ||
    (Deno.build.os === "windows" ? Deno.env.get("USERPROFILE") : undefined);
  return home || undefined;
}

/** Names of files that the skills have Claude write: documents, bundles and typed lines. */
export const WRITTEN_BY_SKILLS =
  /^(?:distillation-[\dA-Za-z-]+\.md|memory-[\dA-Za-z-]+\.(?:md|json)|typed-[\dA-Za-z-]+\.txt)$/;

/**
 * Age in milliseconds after which such a file is abandoned. Sharing follows within a minute of
 * writing, and another session may be about to share.
 */
export const FORGOTTEN_MS = 60 * 60 * 1000;

/** Folder of received work. */
export function workFolder(): string {
  return `${stateFolder()}/work`;
}

/** Folder of the history of installed sessions. */
export function sessionHistory(): string {
  return `${stateFolder()}/sessions`;
}

/**
 * Folder of the pairs of this machine, whatever XDG_STATE_HOME says: Claude, who may set that
 * variable, must not choose whom something is shared with.
 */
export function pairsFolder(): string {
  return `${usualStateFolder()}/pairs`;
}

/**
 * Folder of what `hooks/say-waiting` reads: whether it is switched on, and what to say. It stands
 * where the hook looks, whatever XDG_STATE_HOME says.
 */
export function noticeFolder(): string {
  return `${usualStateFolder()}/notice`;
}

/** Path of what the hook says: its answer to Claude Code. */
export function noticePath(): string {
  return `${noticeFolder()}/message.json`;
}

/** Watches for Ctrl+C and for the system's request to end. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = () => this.#controller.abort(interrupted());

  constructor() {
    for (const name of signalNames()) {
      Deno.addSignalListener(name, this.#onSignal);
    }
  }

  /** Aborted by the first signal, with the `SpreadError` `INTERRUPTED`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const name of signalNames()) {
      Deno.removeSignalListener(name, this.#onSignal);
    }
  }
}

function signalNames(): Deno.Signal[] {
  // Windows has no others; SIGBREAK is Ctrl+Break, or the window closing.
  return Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
}

function interrupted(): SpreadError {
  return new SpreadError("INTERRUPTED", "Stopped");
}

/**
 * Returns the full path of a project's folder, because `.` has no name to show.
 *
 * @throws {SpreadError} `USAGE` when the folder does not exist.
 */
export async function realFolder(folder: string): Promise<string> {
  try {
    return await Deno.realPath(folder);
  } catch (cause) {
    const { noProjectFolder } = await import(
      "../../lib/claude/project_folders.ts"
    );
    throw noProjectFolder(folder, cause);
  }
}

/**
 * Gives up kinds of permission until the process ends.
 *
 * A command that talks to the network starts all its programs first. Then it gives up `run`, so
 * that bytes from elsewhere never meet a process that could start a program.
 */
export async function giveUp(...kinds: Deno.PermissionName[]): Promise<void> {
  for (const name of kinds) await Deno.permissions.revoke({ name });
}

/** `user@host`, or only the host when the user's name is not known. */
export function whoAmI(): string {
  const user = Deno.env.get("USER") ?? Deno.env.get("USERNAME");
  return user ? `${user}@${Deno.hostname()}` : Deno.hostname();
}

/**
 * Reads a small text file, or standard input for `-`, without its byte order mark.
 *
 * @returns `null` when it has more than `maxBytes` bytes.
 * @throws {SpreadError} `USAGE` when it cannot be read; the signal's reason.
 */
export async function readTextInput(
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | null> {
  const { unlessAborted } = await import("../../lib/waiting.ts");
  signal.throwIfAborted();
  try {
    const bytes = await unlessAborted(readAtMost(path, maxBytes), signal);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return bytes && decoder.decode(bytes);
  } catch (cause) {
    signal.throwIfAborted();
    const reason = systemReason(cause);
    throw new SpreadError(
      "USAGE",
      `Cannot read "${path}"${reason === null ? "" : `: ${reason.why}`}`,
      reason?.hint ?? "Check that it is UTF-8 text",
      { cause },
    );
  }
}

async function readAtMost(
  path: string,
  maxBytes: number,
): Promise<Bytes | null> {
  const { readable } = path === "-" ? Deno.stdin : await Deno.open(path);
  const parts: Bytes[] = [];
  let size = 0;
  for await (const part of readable) {
    size += part.length;
    if (size > maxBytes) return null;
    parts.push(part);
  }
  return await new Blob(parts).bytes();
}

/** Folder of share entries. */
export function sharesFolder(): string {
  return `${stateFolder()}/shares`;
}

/** Folder of the entries of drops that this user has left. */
export function dropsFolder(): string {
  return `${stateFolder()}/drops`;
}

/** Fills the array with random bytes from the system. */
export function fillRandom(bytes: Bytes): Bytes {
  return crypto.getRandomValues(bytes);
}
