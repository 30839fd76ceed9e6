/**
 * Errors for people: one error class, its stable codes, and the exit code of each; and the
 * words for errors of the system, which everyone may meet.
 *
 * Misuse by our own code throws a built-in (`TypeError`, `RangeError`); everything that can
 * happen to a person is a {@linkcode SpreadError}. Codes are part of the interface:
 * `--json` prints them and skills branch on them. Codes are added, never renamed.
 *
 * @module
 */

/**
 * Every code with the exit code of a command that ends with it; `scripts/cli/help/reference.ts`
 * says what each exit code means, and `docs/protocol.md`, section 9, has all of them.
 */
export const EXIT_CODES = {
  /** The command line asks for something impossible. */
  USAGE: 2,
  /** No line typed in Claude Code was kept, or the kept line cannot be trusted. */
  TYPED_MISSING: 2,
  /** The user was not asked, or did not answer, or answered something else. */
  NOT_AGREED: 2,
  /** No sender answered within the time given. */
  NO_SENDER: 3,
  /** The relay has no room with this code: mistyped, ended, or expired. */
  NO_ROOM: 3,
  /** The relay has no such drop: taken, taken back, expired, or left at another relay. */
  NO_DROP: 3,
  /** Nobody received anything while the share was open. */
  NO_RECEIVER: 3,
  /** This machine has no pair of that name. */
  NO_PAIR: 3,
  /** The other side could not be confirmed: another passphrase, or a man in the middle. */
  PASSPHRASE_REFUSED: 4,
  /** One side uses words that a share has made, the other a passphrase of a person's own. */
  SECRET_MISMATCH: 4,
  /** Too many wrong passphrases; the sender no longer answers. */
  TOO_MANY_GUESSES: 4,
  /** The sender was found, or named, but no connection was made. */
  UNREACHABLE: 5,
  /** The relay cannot be reached, or whatever answers there is not a relay. */
  RELAY_UNREACHABLE: 5,
  /** The relay, or the room, accepts nobody at the moment. */
  RELAY_BUSY: 5,
  /** The relay keeps no drops. */
  DROPS_OFF: 5,
  /** Another receiver is taking the drop, or its sender is still leaving it. */
  DROP_BUSY: 5,
  /** The local address or port cannot be used. */
  CANNOT_LISTEN: 5,
  /** This machine has no network on which a share could be found. */
  NO_NETWORK: 5,
  /** The other side closed, or the network was cut, before the end. */
  PEER_GONE: 5,
  /** The other side sent or took nothing, or next to nothing, for too long. */
  PEER_SILENT: 5,
  /** The person at the other side has stopped it; trying again is of no use by itself. */
  PEER_STOPPED: 5,
  /** The other side accepts no further connection. */
  PEER_BUSY: 5,
  /** The other side sent something that the protocol does not allow. */
  BAD_MESSAGE: 5,
  /** A frame is longer than allowed. */
  FRAME_TOO_LARGE: 5,
  /** An encrypted record was changed, repeated, reordered or cut. */
  RECORD_REFUSED: 5,
  /** The other side speaks protocol 1 only. */
  LEGACY_PEER: 5,
  /** There is nothing to send. */
  PAYLOAD_EMPTY: 6,
  /** The file to send is missing or cannot be read. */
  PAYLOAD_UNREADABLE: 6,
  /** The payload is larger than what this transfer allows. */
  PAYLOAD_TOO_LARGE: 6,
  /** The file changed or vanished while it was shared. */
  PAYLOAD_CHANGED: 6,
  /** The payload that arrived is not the one that was offered. */
  PAYLOAD_CORRUPT: 6,
  /** The file is not a packed session, is broken, or has another version. */
  SESSION_REFUSED: 6,
  /** The conversation of the installed session has continued since. */
  SESSION_CHANGED: 6,
  /** The payload is not of a kind that this command receives. */
  PAYLOAD_UNWANTED: 6,
  /** The text to share holds secrets, or what looks like some. */
  SECRETS_FOUND: 6,
  /** The project has no memory to share. */
  NO_MEMORY: 6,
  /** The input is not a memory bundle, or is a broken one. */
  BUNDLE_REFUSED: 6,
  /** Another command is changing this memory. */
  MEMORY_BUSY: 6,
  /** The memory folder is not what it should be, or was changed meanwhile. */
  MEMORY_UNUSABLE: 6,
  /** There is nothing to take back. */
  NOTHING_TO_UNDO: 6,
  /** A file name from another machine cannot be used here. */
  NAME_REFUSED: 6,
  /** The sender does not offer the chosen session. */
  NOT_OFFERED: 6,
  /** The sender cannot pack the chosen session: it is gone, or the disk has no space for it. */
  CANNOT_PACK: 6,
  /** The receiver said no. */
  DECLINED: 6,
  /** The file of a pair cannot be used, or there is no space for another pair. */
  PAIR_UNUSABLE: 6,
  /** The checkout has no work that can be sent, or received work cannot be opened in it. */
  WORK_UNUSABLE: 6,
  /** The received work is broken, or is not what it says, or would do harm. */
  WORK_REFUSED: 6,
  /** This machine has received no such work. */
  NO_WORK: 6,
  /** Something was changed in the opened work since. */
  WORK_CHANGED: 6,
  /** The payload cannot be written: disk full, or no permission. */
  CANNOT_STORE: 6,
  /** Stopped by the user (Ctrl+C) or the system. */
  INTERRUPTED: 130,
} as const;

/** A stable name for a failure. */
export type SpreadErrorCode = keyof typeof EXIT_CODES;

/** Hints that most errors of a code share. */
const HINTS: Partial<Record<SpreadErrorCode, string>> = {
  PEER_GONE:
    "Check that both machines are awake and on the network, then try again",
  PEER_SILENT:
    "Check that both machines are awake and on the network, then try again",
  PAYLOAD_UNREADABLE: "Check the path and its permissions",
  CANNOT_STORE: "Check the folder and its permissions",
};

/**
 * A condition that someone is expected to handle: the code is for callers, message and hint
 * for people.
 */
export class SpreadError extends Error {
  override name = "SpreadError";

  /** Advice for people; empty when there is nothing to do. */
  readonly hint: string;

  /** Further fields of the event, for programs. */
  readonly fields: Record<string, unknown>;

  /**
   * @param code The stable name, for programs.
   * @param message The thing that could not be done, for people: sentence case, no final
   *   period.
   * @param hint The thing to do about it; by default that of the code, or none.
   */
  constructor(
    readonly code: SpreadErrorCode,
    message: string,
    hint?: string,
    options: ErrorOptions & { fields?: Record<string, unknown> } = {},
  ) {
    super(message, options);
    this.hint = hint ?? HINTS[code] ?? "";
    this.fields = options.fields ?? {};
  }

  /** Whether `error` is a {@linkcode SpreadError} with one of these codes. */
  static is(
    error: unknown,
    ...codes: SpreadErrorCode[]
  ): error is SpreadError {
    return error instanceof SpreadError && codes.includes(error.code);
  }
}

/** Error for a command line, or a setting, that makes no sense. */
export function usage(message: string, hint: string): SpreadError {
  return new SpreadError("USAGE", message, hint);
}

/** Reason of the system for a failure, and advice, for people. */
export interface SystemReason {
  /** Follows `Cannot … "path": `. */
  why: string;
  hint: string;
}

const NO_PERMISSION: SystemReason = {
  why: "the permissions do not allow it",
  hint: "Check its permissions and those of the folders above it",
};

const DISK_FULL: SystemReason = {
  why: "the disk is full",
  hint: "Free some space, then try again",
};

/** Reasons by the system's code; codes of the network are not among them. */
const SYSTEM_REASONS: Record<string, SystemReason> = {
  EACCES: NO_PERMISSION,
  EPERM: NO_PERMISSION,
  ENOENT: { why: "there is no such file", hint: "Check the path" },
  ENOTDIR: {
    why: "part of its path is not a folder",
    hint: "Check the path",
  },
  EISDIR: { why: "it is a folder", hint: "Name a file" },
  ENOTEMPTY: {
    why: "it is not empty",
    hint: "Move its files away, or name another",
  },
  EEXIST: { why: "it exists already", hint: "Move it away, or name another" },
  ELOOP: {
    why: "links in its path lead in a circle",
    hint: "Check the path and its links",
  },
  ENAMETOOLONG: { why: "its name is too long", hint: "Use a shorter name" },
  EROFS: { why: "its file system is read-only", hint: "Name another place" },
  ENOSPC: DISK_FULL,
  EDQUOT: DISK_FULL,
  EFBIG: {
    why: "its file system does not allow files of this size",
    hint: "Name a place on another disk",
  },
  EIO: { why: "the disk reports an error", hint: "Check the disk" },
};

/** Advice for devices and named pipes. */
export const USE_A_PIPE = "Use a pipe instead; - is standard input";

/** Message of Deno about a missing permission: which sort, and for what. */
const REFUSED = /^Requires (\w+) access(?: to "(.*?)")?/s;

/**
 * The reason of the system for an error of its own, or of Deno for one about permissions;
 * `null` for any other error, and for those of the network.
 */
export function systemReason(error: unknown): SystemReason | null {
  if (!(error instanceof Error)) return null;
  if (error.name === "NotCapable") return refusedByDeno(error);
  const code = "code" in error ? String(error.code) : "";
  return Object.hasOwn(SYSTEM_REASONS, code) ? SYSTEM_REASONS[code]! : null;
}

function refusedByDeno({ message }: Error): SystemReason {
  const [, sort, what] = REFUSED.exec(message) ?? [];
  const named = what === undefined ? undefined : `"${what}"`;
  // Of a device, such as /dev/stdin, which no command may open.
  if (sort === "all") return { why: "it is not a file", hint: USE_A_PIPE };
  if (sort !== "read" && sort !== "write") {
    return {
      why: `this command has no permission for ${
        named === undefined ? "that" : `${named} (${sort})`
      }`,
      hint: "Run it as claude-spread, which permits what each command needs",
    };
  }
  return {
    why: `this command may not ${sort} ${named ?? "it"}`,
    hint:
      "If a link leads there, name the real path instead, also in HOME and XDG_STATE_HOME",
  };
}

/** Whether an error says that there is no such file, or no folder that could hold it. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR" ||
    error.name === "NotFound" || error.name === "NotADirectory";
}

/**
 * Puts an error of the system, or of Deno's permissions, into words for people.
 *
 * @returns A {@linkcode SpreadError}, `error` itself if it is one; the first one when cleaning
 *   up after it failed, too; `null` for an error that nobody has foreseen.
 */
export function forPeople(error: unknown): SpreadError | null {
  if (error instanceof SpreadError) return error;
  if (error instanceof SuppressedError) {
    return forPeople(error.error) && forPeople(error.suppressed);
  }
  const reason = systemReason(error);
  if (reason === null) return null;
  const path = pathIn((error as Error).message);
  return new SpreadError(
    "CANNOT_STORE",
    path === undefined
      ? `Cannot continue: ${reason.why}`
      : `Cannot use "${path}": ${reason.why}`,
    reason.hint,
    { cause: error },
  );
}

/** The path that a message of Deno or Node names, if it names one. */
function pathIn(message: string): string | undefined {
  const [, sort, refused] = REFUSED.exec(message) ?? [];
  if (sort === "read" || sort === "write") return refused;
  return /(?:\(os error \d+\): \w+|, \w+) '(.*?)'/s.exec(message)?.[1];
}
