/**
 * What a command takes from its surroundings: folders, signals, git, the person's name.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";

/**
 * The folder for what outlives a command, such as partial payloads.
 *
 * @throws {SpreadError} `USAGE` when no home folder is set.
 */
export function stateFolder(): string {
  const base = stateBase();
  if (base === undefined) {
    throw new SpreadError(
      "USAGE",
      "Cannot tell where to keep files: there is no home folder",
      "Set HOME (on Windows: LOCALAPPDATA)",
    );
  }
  return `${base}/claude-spread`;
}

function stateBase(): string | undefined {
  if (Deno.build.os === "windows") return Deno.env.get("LOCALAPPDATA");
  const named = Deno.env.get("XDG_STATE_HOME");
  if (named) return named;
  const home = Deno.env.get("HOME");
  if (!home) return undefined;
  return Deno.build.os === "darwin"
    ? `${home}/Library/Application Support`
    : `${home}/.local/state`;
}

/** Watches for Ctrl+C and the system's wish to end us. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = () => this.#controller.abort(interrupted());

  constructor() {
    for (const name of signalNames()) {
      Deno.addSignalListener(name, this.#onSignal);
    }
  }

  /** Aborted, with a `SpreadError` `INTERRUPTED`, by the first signal. */
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
  // Windows knows no other; SIGBREAK is Ctrl+Break and the closing of the window.
  return Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
}

function interrupted(): SpreadError {
  return new SpreadError("INTERRUPTED", "Stopped", "");
}

/** Runs git; `null` when it fails, is missing or may not be run. */
export async function runGit(args: string[]): Promise<string | null> {
  try {
    const command = new Deno.Command("git", {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch {
    return null;
  }
}

/** `user@host`, or the host alone when the system does not name the user. */
export function whoAmI(): string {
  const user = Deno.env.get("USER") ?? Deno.env.get("USERNAME");
  return user ? `${user}@${Deno.hostname()}` : Deno.hostname();
}

/**
 * Reads a small text file, or standard input for `-`.
 *
 * @throws {SpreadError} `USAGE` when it cannot be read; the signal's reason.
 */
export async function readTextInput(
  path: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    if (path !== "-") return await Deno.readTextFile(path, { signal });
    const text = new Response(Deno.stdin.readable).text();
    return await Promise.race([text, aborted(signal)]);
  } catch (cause) {
    signal.throwIfAborted();
    throw new SpreadError("USAGE", `Cannot read "${path}"`, "Check the path", {
      cause,
    });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), {
      once: true,
    });
  });
}
