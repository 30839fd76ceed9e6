/**
 * The words for a receiver that the user has stopped: not an error, but what is left of the
 * transfer.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { formatBytes } from "../cli/screen/format.ts";

/**
 * Adds to a stop what has become of the transfer.
 *
 * @param moved Counts of the last transfer, in bytes; `null` when nothing has arrived.
 */
export function explainStop(
  stop: SpreadError,
  moved: { bytes: number; size: number } | null,
): SpreadError {
  const message = `${stop.message}${afterStop(moved)}`;
  return new SpreadError(stop.code, message, stop.hint, { cause: stop });
}

function afterStop(moved: { bytes: number; size: number } | null): string {
  if (moved === null) return "; nothing was received";
  const { bytes, size } = moved;
  if (bytes === size) return "";
  const kept = formatBytes(bytes);
  return `; ${kept} are kept, and the same command continues from there`;
}
