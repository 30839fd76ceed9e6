/**
 * The table of the sessions on this machine.
 *
 * @module
 */

import type { LocalSession } from "../../lib/session/local/list.ts";
import { formatBytes, formatPast } from "../cli/screen/format.ts";
import { type Column, formatTable, type Screen } from "../cli/screen/table.ts";

/** Length of the shortest id shown: sessions can be named by how their ids begin. */
const MIN_ID_LENGTH = 8;

/**
 * Formats sessions for a person. On a terminal, ids are shortened.
 *
 * @param all Whether they are of several projects.
 */
export function formatSessions(
  sessions: LocalSession[],
  all: boolean,
  screen: Screen,
  now: Date,
): string {
  const idLength = screen.columns === null ? Infinity : shortest(sessions);
  const columns: (Column & { of: (session: LocalSession) => string })[] = [
    { title: "ID", of: ({ id }) => id.slice(0, idLength) },
    {
      title: "LAST USED",
      of: ({ modified }) => formatPast(new Date(modified), now),
    },
    {
      title: "MESSAGES",
      isNumber: true,
      of: ({ messages }) => String(messages),
    },
    { title: "SIZE", isNumber: true, of: ({ bytes }) => formatBytes(bytes) },
    ...all
      ? [{
        title: "PROJECT",
        min: 8,
        of: ({ project }: LocalSession) => project,
      }]
      : [],
    { title: "BRANCH", min: 6, of: ({ branch }) => branch ?? "" },
    { title: "TITLE", min: 12, of: ({ title }) => title },
  ];
  const rows = sessions.map((session) => columns.map(({ of }) => of(session)));
  return formatTable(columns, rows, screen);
}

/** The number of characters by which all ids differ. */
function shortest(sessions: LocalSession[]): number {
  const ids = new Set(sessions.map(({ id }) => id));
  let length = MIN_ID_LENGTH;
  const countOf = () => new Set([...ids].map((id) => id.slice(0, length))).size;
  while (length < 36 && countOf() < ids.size) length++;
  return length;
}
