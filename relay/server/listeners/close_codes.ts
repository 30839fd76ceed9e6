/**
 * Close codes of WebSocket connections, for both wires.
 *
 * @module
 */

import type { RelayMessage } from "../../../lib/relay_messages.ts";

/** Codes of RFC 6455, section 7.4.1. */
export const NORMAL = 1000;
export const GOING_AWAY = 1001;
export const TOO_LARGE = 1009;
const NO_STATUS = 1005;

/** Message that explains {@linkcode TOO_LARGE} before the close. */
export const TOLD_TOO_LARGE: string = JSON.stringify(
  { type: "ERROR", reason: "message_too_large" } satisfies RelayMessage,
);

/** Whether the other end closed in order. */
export function isClean(code: number): boolean {
  return code === NORMAL || code === NO_STATUS;
}
