/**
 * What can go wrong with a relay, in words for people.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import type { RelayError } from "../relay_messages.ts";

/**
 * Why no connection came about. The engine tells steps apart only by its message.
 *
 * @param isTimeUp Whether we gave up waiting.
 */
export function relayUnreachable(
  url: string,
  cause: unknown,
  isTimeUp: boolean,
): SpreadError {
  const { host, hostname } = new URL(url);
  const text = cause instanceof Error ? cause.message : String(cause);
  const status = /status code: (\d{3})/.exec(text)?.[1];
  if (status === "429") return relayRefused("too_many_connections");
  if (status === "503") return relayRefused("shutting_down");
  const [why, hint] = isTimeUp
    ? ["it does not answer", `Check the network, and that ${host} is right`]
    : explain(text, hostname);
  return new SpreadError(
    "RELAY_UNREACHABLE",
    `Cannot reach the relay ${host}: ${why}`,
    hint,
    { cause },
  );
}

function explain(text: string, hostname: string): [why: string, hint: string] {
  if (/dns|lookup|resolve/i.test(text)) {
    return [
      `the name ${hostname} cannot be resolved`,
      "Check the address and the network",
    ];
  }
  if (/certificate|corrupt message|tls|handshake|alert/i.test(text)) {
    return [
      "no secure connection comes about (TLS)",
      "Check the address, the clock of this machine, and that the relay has a valid certificate",
    ];
  }
  if (/tcp connect|refused|unreachable/i.test(text)) {
    return [
      "the connection is refused",
      "Check that the relay runs, its port, and your firewall",
    ];
  }
  return [
    "what answers there is not a relay",
    "Check the address; opened in a browser, a relay shows what it is",
  ];
}

const WORDS: Record<RelayError, [SpreadErrorCode, string, string]> = {
  room_not_found: [
    "NO_ROOM",
    "The relay knows no room of this code",
    "Check the code with the sender: it may be mistyped, or the share has ended",
  ],
  room_expired: [
    "NO_ROOM",
    "The room's time is up",
    "Ask the sender to share again",
  ],
  room_busy: [
    "RELAY_BUSY",
    "Too many receivers wait in this room",
    "Try again in a moment",
  ],
  too_many_rooms: [
    "RELAY_BUSY",
    "The relay has no free room",
    "Try again later, or use another relay",
  ],
  too_many_connections: [
    "RELAY_BUSY",
    "The relay takes no further connection",
    "Try again later, or use another relay",
  ],
  rate_limited: [
    "RELAY_BUSY",
    "The relay has had too many requests from this network",
    "Wait a minute and try again",
  ],
  message_too_large: [
    "FRAME_TOO_LARGE",
    "The relay does not pass on a message of this size",
    "Use a relay with a higher limit, or the local network",
  ],
  invalid_message: [
    "BAD_MESSAGE",
    "The relay did not understand us",
    "Update this program, or use another relay",
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

/** What the relay refused, or ended, as an error. @param reason What it said. */
export function relayRefused(reason: string): SpreadError {
  const [code, message, hint] = Object.hasOwn(WORDS, reason)
    ? WORDS[reason as RelayError]
    : [
      "PEER_GONE",
      `The relay has ended the connection (${reason})`,
      "",
    ] as const;
  return new SpreadError(code, message, hint);
}
