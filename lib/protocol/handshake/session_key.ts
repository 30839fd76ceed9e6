/**
 * The computation that both sides of a handshake have in common. See docs/protocol.md,
 * section 4.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../bytes.ts";
import { lvCat } from "../../crypto/cpace_strings.ts";
import type { Cpace } from "./warm_up.ts";

/** Values that both sides know once they have each other's share. */
export interface Agreement {
  sid: Bytes;
  ISK: Bytes;
  sidOutput: Bytes;
}

/** Derives the session key and identifier from the shared point and the transcript. */
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

/** CPace's channel identifier: suite, roles, room and the exact first message. */
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
