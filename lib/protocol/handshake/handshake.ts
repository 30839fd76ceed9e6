/**
 * The handshake of protocol 2: both sides prove that they know the passphrase, and end
 * with a secure channel. See docs/protocol.md, sections 3 and 4.
 *
 *     M1  receiver → sender   HELLO          version, nonce_r
 *     M2  sender → receiver   CHALLENGE      nonce_s, Ya, 'S', salt
 *     M3  receiver → sender   PROOF          Yb, Tb
 *     M4  sender → receiver   CONFIRMATION   Ta
 *
 * The sender is CPace's party A. Nothing about the payload is sent before both sides are
 * confirmed. A wrong passphrase, a changed message and a man in the middle end in one and
 * the same error.
 *
 * Here are its time and its errors; the receiver's side is `receiver.ts`, the sender's
 * `sender.ts`.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";

/** Time, in milliseconds, that a whole handshake may take. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The other side closed in the middle. */
export function leftEarly(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed before the handshake was complete",
    "Check that host and port are those of a Claude Spread sender",
  );
}

/** The sender has no room for another connection. */
export function tooBusy(): SpreadError {
  return new SpreadError(
    "PEER_BUSY",
    "The sender has too many connections",
    "Try again in a moment",
  );
}

/** The sender speaks protocol 1 only. */
export function legacyPeer(): SpreadError {
  return new SpreadError(
    "LEGACY_PEER",
    "The sender speaks the old protocol 1",
    "Ask for an update of the sender, or add --legacy (anyone who watches can then try passphrases)",
  );
}
