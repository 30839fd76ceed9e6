/**
 * Explains what is left of a transfer after the user has stopped the receiver, which is no error.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { formatBytes } from "../cli/screen/format.ts";

/**
 * Adds the state of the transfer to the words of a stop.
 *
 * @param moved Counts of the last transfer, in bytes; `null` when nothing has arrived.
 * @param isPlaced Whether the file that was asked for is there, and only the work beside it is not.
 */
export function explainStop(
  stop: SpreadError,
  moved: { bytes: number; size: number } | null,
  isPlaced = false,
): SpreadError {
  const message = `${stop.message}${afterStop(moved, isPlaced)}`;
  return new SpreadError(stop.code, message, stop.hint, { cause: stop });
}

function afterStop(
  moved: { bytes: number; size: number } | null,
  isPlaced: boolean,
): string {
  if (moved === null) return "; nothing was received";
  const { bytes, size } = moved;
  if (bytes === size) return "";
  const kept = formatBytes(bytes);
  // Nothing is overwritten.
  const other = isPlaced ? " with another --output" : "";
  return `; this machine keeps ${kept}, and the same command${other} continues from there`;
}
