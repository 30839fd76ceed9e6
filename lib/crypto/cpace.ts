/**
 * CPace, suite CPACE-RISTR255-SHA512 (draft-irtf-cfrg-cpace-21): two parties who know the
 * same passphrase agree on a key; anyone else learns nothing and gets one guess for each
 * run that they take part in.
 *
 * Pure computation: the order of the messages is the job of the handshake in
 * `lib/protocol/handshake/`. Names are the draft's. The group arithmetic (`@noble/curves`)
 * aims at constant time, as far as JavaScript allows; secrets cannot be wiped from memory
 * reliably.
 *
 * @module
 */

import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concatBytes, type FillRandom, utf8 } from "../bytes.ts";
import { lvCat, prependLength } from "./cpace_strings.ts";

const { Point } = ristretto255;

/** A ristretto255 element. */
export type Element = InstanceType<typeof Point>;

/** Domain separation identifier of the suite. */
export const DSI = utf8("CPaceRistretto255");

/** Input block of SHA-512, in bytes (`H.s_in_bytes`). */
const HASH_BLOCK_BYTES = 128;

/**
 * Input of the hash that gives the generator (`generator_string`). The passphrase-related
 * string fills the first hash block alone, so that its length shows less in the timing.
 */
export function generatorString(
  PRS: Uint8Array,
  CI: Uint8Array,
  sid: Uint8Array,
): Bytes {
  const used = prependLength(PRS).length + prependLength(DSI).length;
  const padding = new Uint8Array(Math.max(0, HASH_BLOCK_BYTES - 1 - used));
  return lvCat(DSI, PRS, padding, CI, sid);
}

/** The generator that both parties compute from what they share (`G.calculate_generator`). */
export function calculateGenerator(
  PRS: Uint8Array,
  CI: Uint8Array,
  sid: Uint8Array,
): Element {
  // deriveToCurve is the one-way map of RFC 9496, section 4.3.4, on all 64 bytes of the hash.
  return ristretto255_hasher.deriveToCurve!(
    sha512(generatorString(PRS, CI, sid)),
  );
}

/** A secret scalar in 1 … order − 1 (`G.sample_scalar`). */
export function sampleScalar(fillRandom: FillRandom): bigint {
  for (;;) {
    // 512 bits reduced modulo a 253-bit order leave a negligible bias.
    const scalar = scalarFromBytes(fillRandom(new Uint8Array(64)));
    if (scalar !== 0n) return scalar;
  }
}

/** A little-endian integer, reduced modulo the order of the group. */
export function scalarFromBytes(bytes: Uint8Array): bigint {
  return Point.Fn.create(BigInt(`0x${bytes.slice().reverse().toHex()}`));
}

/** The public share `Y = y · g`, encoded (`G.scalar_mult`). */
export function scalarMult(y: bigint, g: Element): Bytes {
  return g.multiply(y).toBytes() as Bytes;
}

/**
 * The shared point `K = y · Y` from the other party's share (`G.scalar_mult_vfy`).
 *
 * @returns `null` when `Y` is not a valid encoding or gives the neutral element: the
 *   caller must abort.
 */
export function scalarMultVfy(y: bigint, Y: Uint8Array): Bytes | null {
  const element = decode(Y);
  if (element === null || element.is0()) return null;
  // Ristretto255 has prime order, so a product with a non-zero scalar is never neutral.
  return scalarMult(y, element);
}

function decode(Y: Uint8Array): Element | null {
  try {
    return Point.fromBytes(Y);
  } catch {
    return null;
  }
}

/** The intermediate session key (`ISK`), 64 bytes, from the shared point and the transcript. */
export function intermediateSessionKey(
  sid: Uint8Array,
  K: Uint8Array,
  transcript: Uint8Array,
): Bytes {
  const label = concatBytes(DSI, utf8("_ISK"));
  return sha512(concatBytes(lvCat(label, sid, K), transcript)) as Bytes;
}

/** The session identifier output, 64 bytes: public, the same for both, new for each run. */
export function sidOutput(transcript: Uint8Array): Bytes {
  return sha512(concatBytes(utf8("CPaceSidOutput"), transcript)) as Bytes;
}
