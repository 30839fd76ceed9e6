/**
 * The choice among several offers of one's pairs: a list, and a question where somebody can answer.
 *
 * Texts of offers come from other machines, and were cleaned when they were read.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { KINDS } from "../../cli/kinds.ts";
import { formatBytes, formatPast } from "../../cli/screen/format.ts";
import { terminalColumns } from "../../cli/screen/streams.ts";
import {
  type Column,
  formatTable,
  type Screen,
} from "../../cli/screen/table.ts";
import { canAsk, type Terminal } from "../../cli/terminal.ts";
import type { ReceiveOptions } from "../options.ts";
import type { WaitingOffer } from "./waiting_offer.ts";

const COLUMNS: Column[] = [
  { title: "", isNumber: true },
  { title: "FROM" },
  { title: "KIND" },
  { title: "SHARE", min: 12 },
  { title: "SHARED", min: 10 },
];

/**
 * Shows the offers and asks which to take.
 *
 * @returns `null` for none.
 * @throws {SpreadError} `NOT_AGREED` where nobody can be asked; the reason of the signal.
 */
export async function chooseOffer(
  offers: readonly WaitingOffer[],
  options: ReceiveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<WaitingOffer | null> {
  const { json, isTyped } = options;
  const names = namesForOption(offers);
  terminal.event("offers", {
    offers: offers.map((waiting, i) => ({
      pair: waiting.pair,
      from: names[i],
      drop: "drop" in waiting,
      ...waiting.offer,
    })),
  });
  const screen: Screen = {
    columns: terminal.hasScreen ? terminalColumns() : null,
    dim: (text) => terminal.style(text, "side"),
  };
  terminal.show(formatOffers(offers, screen, new Date()));
  if (json || isTyped || !canAsk()) throw severalWait(names, options);
  for (;;) {
    const line = await terminal.ask("Which? 1 or none: ", signal);
    const answer = line.trim();
    if (/^(n|no|none)?$/i.test(answer)) {
      terminal.say("nothing was taken");
      return null;
    }
    const chosen = /^\d{1,3}$/.test(answer)
      ? offers[Number(answer) - 1]
      : offers[names.indexOf(answer)];
    if (chosen !== undefined) return chosen;
    terminal.say(`there is no ${answer} in the list`);
  }
}

/** Formats the offers for a person, each with its number. */
function formatOffers(
  offers: readonly WaitingOffer[],
  screen: Screen,
  now: Date,
): string {
  const names = namesForOption(offers);
  const rows = offers.map((waiting, i) => {
    const { offer } = waiting;
    const { kind, name, size, catalogue, created, work } = offer;
    const large = catalogue ? "" : ` (${formatBytes(size)})`;
    const beside = work === undefined
      ? ""
      : ` with work (${formatBytes(work.size)})`;
    const age = formatPast(new Date(created), now);
    const when = "drop" in waiting ? `left ${age}` : age;
    return [String(i + 1), names[i]!, kind, `${name}${large}${beside}`, when];
  });
  return formatTable(COLUMNS, rows, screen);
}

/** The values of `--from` that mean these offers: `cedar`, or `cedar:2` where cedar has several. */
function namesForOption(offers: readonly WaitingOffer[]): string[] {
  return offers.map(({ pair }, i) => {
    const same = offers.filter((one) => one.pair === pair);
    return same.length === 1 ? pair : `${pair}:${same.indexOf(offers[i]!) + 1}`;
  });
}

function severalWait(
  names: string[],
  { isTyped, kind }: ReceiveOptions,
): SpreadError {
  const choices = names.map((name) => `--from ${name}`).join(", ");
  return new SpreadError(
    "NOT_AGREED",
    `${names.length} shares wait for this machine, and nobody could be asked which to take`,
    // Claude passes on no options: the choice is the user's.
    isTyped
      ? `End here; to choose, the user types ${
        KINDS[kind!].receive
      } with one of ${choices} after it`
      : `Run the command again with one of ${choices}`,
  );
}
