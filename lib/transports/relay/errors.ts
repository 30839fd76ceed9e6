/**
 * Errors of relays, in words for people.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import type { RelayError } from "../../relay_messages.ts";

/**
 * Error for a relay to which no connection was made.
 *
 * @param why The end of a sentence that begins with the relay.
 */
export function relayUnreachable(
  url: string,
  why: string,
  hint: string,
  options?: ErrorOptions,
): SpreadError {
  return new SpreadError(
    "RELAY_UNREACHABLE",
    `Cannot reach the relay ${nameRelay(url)}: ${why}`,
    hint,
    options,
  );
}

/** Error for a relay, or a server taken for one, that did not answer in time. */
export function relaySilent(url: string): SpreadError {
  const hint = `Check the network, and that ${nameRelay(url)} is right`;
  return relayUnreachable(url, "it does not answer", hint);
}

/** Name of a relay in messages: its host, and its path if it has one. */
export function nameRelay(url: string): string {
  const { host, pathname } = new URL(url);
  return pathname === "/" ? host : host + pathname;
}

const WORDS: Record<RelayError, [SpreadErrorCode, string, string]> = {
  room_not_found: [
    "NO_ROOM",
    "The relay has no room with this code",
    "Compare the code with the sender: it may be mistyped, or the share may have ended",
  ],
  room_expired: [
    "NO_ROOM",
    "The room on the relay has expired",
    "Ask the sender to share again",
  ],
  room_busy: [
    "RELAY_BUSY",
    "Too many receivers are waiting in this room",
    "Try again in a moment",
  ],
  too_many_rooms: [
    "RELAY_BUSY",
    "The relay has no free room",
    "Try again later, or use another relay",
  ],
  too_many_connections: [
    "RELAY_BUSY",
    "The relay accepts no more connections",
    "Try again later, or use another relay",
  ],
  rate_limited: [
    "RELAY_BUSY",
    "The relay has received too many requests from this network",
    "Wait a minute and try again",
  ],
  message_too_large: [
    "FRAME_TOO_LARGE",
    "The relay does not forward a message of this size",
    "Use a relay with a higher limit, or the local network",
  ],
  invalid_message: [
    "BAD_MESSAGE",
    "The relay did not understand this program",
    "Update Claude Spread, or use another relay",
  ],
  sender_disconnected: [
    "PEER_GONE",
    "The sender has left",
    "Ask the sender to share again",
  ],
  shutting_down: [
    "PEER_GONE",
    "The relay is shutting down",
    "Try again in a moment",
  ],
};

/** Error for a refusal, or an end, that the relay named. @param reason The relay's word. */
export function relayRefused(reason: string): SpreadError {
  const [code, message, hint] = Object.hasOwn(WORDS, reason)
    ? WORDS[reason as RelayError]
    : [
      "PEER_GONE",
      `The relay has ended the connection (${reason})`,
      "Try again, or use another relay",
    ] as const;
  return new SpreadError(code, message, hint);
}
