/**
 * Errors for files of a session that cannot be read, or not as they were.
 *
 * @module
 */

import { SpreadError, systemReason } from "../../errors.ts";

/** Error for a transcript that cannot be read. */
export function cannotReadSession(path: string, cause: unknown): SpreadError {
  const { why } = systemReason(cause) ?? {};
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read the session in "${path}"${
      why === undefined ? "" : `: ${why}`
    }`,
    "List the sessions again; this one may have been removed",
    { cause },
  );
}

/** Error for a file that changed between its two readings. */
export function hasChanged(path: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_CHANGED",
    `Cannot pack the session: "${path}" was rewritten meanwhile`,
    "Try again",
  );
}
