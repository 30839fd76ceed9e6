/**
 * The session of Claude Code that a skill runs in: its project, and the folder in which the hooks
 * keep what the user typed and answered (`hooks/`).
 *
 * The folder is `claude/<session id>` in the usual state folder, whatever XDG_STATE_HOME says.
 * Claude may not write there without the user's leave, and only the owner can read its files, which
 * is not so for files that Claude writes. The hooks write `project` (a path and a line break),
 * `line.json` and `answer.json` (events of Claude Code); the commands write `question.json`,
 * `message.json` and `memory`.
 *
 * @module
 */

import { SpreadError, systemReason } from "../../lib/errors.ts";
import { usualStateFolder, writtenFolder } from "../cli/surroundings.ts";

/** Largest file that a hook keeps, in bytes; the same limit as in the hooks. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A session of Claude Code. */
export class SkillSession {
  private constructor(
    readonly id: string,
    /** Folder in which its files are kept. */
    readonly folder: string,
    /** The folder that the session was started in; without the hooks, that of the command. */
    readonly project: string,
    /** Whether the hooks have kept something of this session, and so run. */
    readonly hasHooks: boolean,
  ) {}

  /**
   * Finds the session by the environment of the command.
   *
   * @throws {SpreadError} `TYPED_MISSING` outside Claude Code, or when what is kept cannot be
   * trusted.
   */
  static async open(): Promise<SkillSession> {
    const id = Deno.env.get("CLAUDE_CODE_SESSION_ID") ?? "";
    if (!/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/.test(id)) {
      throw new SpreadError(
        "TYPED_MISSING",
        "Claude Code did not name its session (CLAUDE_CODE_SESSION_ID)",
        "Update Claude Code: the plugin needs 2.1.197 or newer. Outside Claude Code, claude-spread --help lists the commands",
      );
    }
    const folder = `${usualStateFolder()}/claude/${id}`;
    const bytes = await readKept(`${folder}/project`, { isOwn: true });
    if (bytes === null) return new SkillSession(id, folder, Deno.cwd(), false);
    const project = new TextDecoder().decode(bytes).replace(/\n$/, "");
    return new SkillSession(id, folder, project, true);
  }

  /** Whether the user reads the screen of the client, where hooks can show them something. */
  get hasScreen(): boolean {
    return this.hasHooks && Deno.env.get("CLAUDE_CODE_ENTRYPOINT") === "cli";
  }

  /** Path of one of its files. */
  path(
    name:
      | "line.json"
      | "answer.json"
      | "question.json"
      | "message.json"
      | "memory",
  ): string {
    return `${this.folder}/${name}`;
  }

  /** Path of a document that Claude writes for this session: the only place where it may. */
  written(name: string): string {
    return `${writtenFolder()}/${name.replace("SESSION", this.id)}`;
  }

  /**
   * Writes one of its files, for the owner only, in place of an earlier one.
   *
   * @throws {SpreadError} `CANNOT_STORE`.
   */
  async write(
    name: "question.json" | "message.json",
    value: unknown,
  ): Promise<void> {
    const path = this.path(name);
    try {
      await this.makeFolder();
      await this.remove(name);
      await Deno.writeTextFile(path, JSON.stringify(value), {
        createNew: true,
        mode: 0o600,
      });
    } catch (cause) {
      throw new SpreadError(
        "CANNOT_STORE",
        `Cannot write "${path}"${why(cause)}`,
        undefined,
        { cause },
      );
    }
  }

  /** Makes its folder, unless a hook has. */
  async makeFolder(): Promise<void> {
    await Deno.mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  /** Removes one of its files, if it is there. */
  async remove(
    name: "line.json" | "answer.json" | "question.json" | "message.json",
  ): Promise<void> {
    await Deno.remove(this.path(name)).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/**
 * Takes from other users the right to read the folder in which Claude writes. Hooks, where they are
 * on, have done so before.
 */
export async function closeWrittenFolder(): Promise<void> {
  const folder = writtenFolder();
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => {});
  if (Deno.build.os === "windows") return;
  await Deno.chmod(folder, 0o700).catch(() => {});
}

/**
 * Reads a file that a hook or, for the user, Claude has written; `null` when it does not exist.
 *
 * @param isOwn Whether only the hooks and our own commands may have written it.
 * @throws {SpreadError} `TYPED_MISSING` when it cannot be read, or not be trusted.
 */
export async function readKept(
  path: string,
  { isOwn }: { isOwn: boolean },
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const distrust = whyNot(await Deno.lstat(path), isOwn);
    if (distrust !== null) throw unusable(path, `: ${distrust}`);
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    if (cause instanceof SpreadError) throw cause;
    throw unusable(path, why(cause), { cause });
  }
}

/**
 * Returns why a file is not trusted; `null` when it is.
 *
 * A file that Claude has written may be readable by others: its folder is closed to them.
 */
function whyNot(info: Deno.FileInfo, isOwn: boolean): string | null {
  if (!info.isFile) return "it is not a file";
  if (info.size > MAX_FILE_BYTES) return "it is larger than 1 MiB";
  // Windows has neither user ids nor modes.
  if (Deno.build.os === "windows") return null;
  if (info.uid !== Deno.uid()) return "it belongs to another user";
  const isShared = ((info.mode ?? 0) & 0o077) !== 0;
  return isOwn && isShared ? "other users may read or change it" : null;
}

function why(cause: unknown): string {
  const reason = systemReason(cause);
  return reason === null ? "" : `: ${reason.why}`;
}

/** The error for a kept file that cannot be used. */
export function unusable(
  path: string,
  why: string,
  options?: ErrorOptions,
): SpreadError {
  return new SpreadError(
    "TYPED_MISSING",
    `Cannot use "${path}"${why}`,
    "Type the command in Claude Code again",
    options,
  );
}
