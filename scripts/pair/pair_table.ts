/**
 * The table of a machine's pairs.
 *
 * @module
 */

import type { Pair } from "../../lib/pairs/pair.ts";
import { formatPast } from "../cli/screen/format.ts";
import { type Column, formatTable, type Screen } from "../cli/screen/table.ts";

const COLUMNS: Column[] = [
  { title: "NAME", min: 12 },
  { title: "CALLS YOU", min: 12 },
  { title: "PAIRED" },
  { title: "FOUND AT", min: 16 },
];

const LAN = "the local network";

/** Formats pairs for a person. */
export function formatPairs(pairs: Pair[], screen: Screen, now: Date): string {
  const rows = pairs.map(({ name, own_name, made, relay }) => [
    name,
    own_name,
    formatPast(new Date(made), now),
    relay === undefined ? LAN : `${LAN}, ${relay}`,
  ]);
  return formatTable(COLUMNS, rows, screen);
}
