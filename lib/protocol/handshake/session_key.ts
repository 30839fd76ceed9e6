/**
 * Computations that both sides of a handshake share. See docs/protocol.md, section 4.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../bytes.ts";
import { lvCat } from "../../crypto/cpace_strings.ts";
import type { Cpace } from "./warm_up.ts";

/** Values that both sides have computed once they know each other's CPace share. */
export interface Agreement {
  /** Session identifier, `nonce_r ‖ nonce_s`. */
  sid: Bytes;
  /** Intermediate session key, 64 bytes; secret, and equal only if the passphrases are. */
  ISK: Bytes;
  /** Public identifier of the transcript, 64 bytes. */
  sidOutput: Bytes;
}

/** Derives them from the shared point `K` and the transcript. */
export function agree(
  cpace: Cpace,
  sid: Bytes,
  K: Bytes,
  transcript: Bytes,
): Agreement {
  return {
    sid,
    ISK: cpace.intermediateSessionKey(sid, K, transcript),
    sidOutput: cpace.sidOutput(transcript),
  };
}

/**
 * Makes CPace's channel identifier CI: suite, roles, room code, and M1 byte for byte, so that
 * a changed kind of secret or another room ends in a failed confirmation.
 */
export function channelIdentifier(roomCode: string, hello: Bytes): Bytes {
  const suite = "claude-spread/2 CPACE-RISTR255-SHA512";
  return lvCat(
    utf8(suite),
    utf8("sender"),
    utf8("receiver"),
    utf8(roomCode),
    hello,
  );
}
