/**
 * Errors for files that cannot be written, read or removed.
 *
 * @module
 */

import { SpreadError, systemReason } from "../errors.ts";

/** Codes for which the caller knows better words than the system. */
const SAID_BY_CALLER = ["EACCES", "EPERM", "ENOENT", "ENOTDIR"];

/**
 * `CANNOT_STORE` for `path`, with the reason of the system.
 *
 * @param otherwise Message and hint when there is no permission, no such folder, or no known
 *   reason.
 */
export function cannotStore(
  path: string,
  cause: unknown,
  otherwise = {
    why: "it is not writable",
    hint: "Check the folder and its permissions",
  },
): SpreadError {
  const isSaid = cause instanceof Error && "code" in cause &&
    SAID_BY_CALLER.includes(String(cause.code));
  const { why, hint } = (isSaid ? null : systemReason(cause)) ?? otherwise;
  return new SpreadError(
    "CANNOT_STORE",
    `Cannot write to "${path}": ${why}`,
    hint,
    { cause },
  );
}

/**
 * `PAYLOAD_UNREADABLE` for `path`.
 *
 * @param why The reason; by default that of the system, as its hint.
 */
export function cannotRead(
  path: string,
  cause: unknown,
  why = systemReason(cause)?.why,
  hint = systemReason(cause)?.hint,
): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read "${path}"${why === undefined ? "" : `: ${why}`}`,
    hint,
    { cause },
  );
}

/**
 * `CANNOT_STORE` for `path`, which cannot be removed.
 *
 * @param hint Advice when the system's reason does not say more.
 */
export function cannotRemove(
  path: string,
  cause: unknown,
  hint = "Check the folder and its permissions, then try again",
): SpreadError {
  const reason = systemReason(cause);
  return new SpreadError(
    "CANNOT_STORE",
    `Cannot remove "${path}"${reason === null ? "" : `: ${reason.why}`}`,
    hint,
    { cause },
  );
}
