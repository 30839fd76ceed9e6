/**
 * The string utilities of CPace (draft-irtf-cfrg-cpace-21, section 5 and appendix A).
 *
 * All functions that the draft lists. The handshake uses the initiator-responder
 * transcript; the ordered one is for peers without roles, and is here so that the tests can
 * check every published vector.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../bytes.ts";

/** `data` with its length in front, in LEB128 (`prepend_len`). */
export function prependLength(data: Uint8Array): Bytes {
  const prefix: number[] = [];
  let rest = data.length;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    prefix.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return concatBytes(Uint8Array.from(prefix), data);
}

/** All `parts`, each with its length in front (`lv_cat`): no two lists give the same bytes. */
export function lvCat(...parts: Uint8Array[]): Bytes {
  return concatBytes(...parts.map(prependLength));
}

/** The transcript when party A speaks first (`transcript_ir`). */
export function transcriptIr(
  Ya: Uint8Array,
  ADa: Uint8Array,
  Yb: Uint8Array,
  ADb: Uint8Array,
): Bytes {
  return concatBytes(lvCat(Ya, ADa), lvCat(Yb, ADb));
}
