/**
 * The operands of `receive`: words with blanks between them instead of hyphens, and the
 * address of the sender.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import { isAddress } from "../../lib/room_code.ts";
import { readSecret } from "../../lib/words/read_secret.ts";
import { parseAddress, QUOTE_HINT } from "./address.ts";

/** The operands, joined. */
export interface Operands {
  /** Words, invite or passphrase; `null` when there is none. */
  typed: string | null;
  /** Address of the sender, as typed: `host:port`. */
  address?: string;
}

/**
 * Joins the operands of `receive`. One alone is a passphrase, unless it is nothing but an
 * address; several have to be words, because a shell has lost the blanks between them. An address
 * may stand before words too.
 *
 * @throws {SpreadError} `USAGE` when several operands are not words.
 */
export function joinOperands(operands: string[]): Operands {
  const [first, ...others] = operands;
  if (others.length > 0 && isAddress(first!) && areWords(others)) {
    return { typed: others.join(" "), address: first };
  }
  const last = operands.at(-1) ?? "";
  // A name with a port, alone, may be a passphrase.
  const hasAddress = isAddress(last) &&
    (operands.length > 1 || /^[\d[]/.test(last));
  const words = hasAddress ? operands.slice(0, -1) : operands;
  const address = hasAddress ? last : undefined;
  if (words.length === 0) return { typed: null, address };
  if (words.length > 1) refuseOthers(words, hasAddress);
  return { typed: words.join(" "), address };
}

/** Refuses several operands that are not words; does not repeat them: they may be secret. */
function refuseOthers(operands: string[], hasAddress: boolean): void {
  if (areWords(operands)) return;
  // Throws: it would have been taken for the address.
  if (!hasAddress && areWords(operands.slice(0, -1))) {
    parseAddress(operands.at(-1)!);
  }
  throw usage(
    "The arguments are neither an invite nor the four words of a sender",
    QUOTE_HINT,
  );
}

function areWords(operands: string[]): boolean {
  return readSecret(operands.join(" ")).kind !== "typed";
}
