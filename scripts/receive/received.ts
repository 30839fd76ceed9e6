/**
 * The report of a received document: how much came from whom, where it was written, and how the
 * checkout here stands to that.
 *
 * @module
 */

import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import { formatBytes, formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { LocalCheckout } from "./checkout.ts";
import type { ReceiveOptions } from "./options.ts";

/** Reports a received document to a person and to a program. */
export function sayReceived(
  offer: Offer,
  options: ReceiveOptions,
  terminal: Terminal,
  { elapsedMs, checkout, pair }: {
    elapsedMs: number;
    pair: string | undefined;
    checkout?: Awaited<ReturnType<LocalCheckout["compare"]>>;
  },
): void {
  const seconds = Number((elapsedMs / 1000).toFixed(3));
  const { output, isTyped } = options;
  // Where a skill keeps it does not concern the user.
  const where = output === undefined || isTyped ? "" : ` in "${output}"`;
  const from = pair ?? offer.sender;
  terminal.say(
    `received ${formatBytes(offer.size)}${where} in ${seconds} s` +
      (from === undefined ? "" : ` from ${from}`),
  );
  const { branch, commit } = offer.git ?? {};
  const source = [
    offer.project && `project ${offer.project}`,
    branch && `branch ${branch}`,
    commit && `commit ${commit.slice(0, 12)}`,
  ].filter(Boolean).join(", ");
  if (source !== "") terminal.say(`written in ${source}`);
  if (checkout !== undefined) terminal.say(checkout.words);
  terminal.event("delivered", {
    path: options.output,
    bytes: offer.size,
    seconds,
    checkout: checkout?.relation,
    pair,
    ...offer,
  });
}

/**
 * Warns of characters that were taken out of a text that was printed.
 *
 * @param removed Numbers of sequences by their sort, in the plural.
 */
export function warnOfRemoved(
  removed: Record<string, number>,
  total: number,
  terminal: Terminal,
): void {
  if (total === 0) return;
  const sorts = Object.entries(removed).filter(([, count]) => count > 0)
    .map(([sort, count]) =>
      `${count} ${count === 1 ? sort.replace(/s$/, "") : sort}`
    );
  terminal.warn(
    `${formatCount(total, "hidden or steering character sequence")} removed (${
      sorts.join(", ")
    }); ` +
      "--output keeps the exact bytes",
  );
}
