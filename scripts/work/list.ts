/**
 * `work list`: the received work on this machine.
 *
 * @module
 */

import { type KeptWork, readKept } from "../../lib/work/open/kept.ts";
import type { WorkHeader } from "../../lib/work/work_file.ts";
import { formatPast } from "../cli/screen/format.ts";
import { type Column, formatTable } from "../cli/screen/table.ts";
import { workFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import { describeWork, workFields } from "../cli/work/report.ts";
import { headerOf } from "./received_work.ts";

/** Work, and its description if that can be read. */
interface Row {
  work: KeptWork;
  header: WorkHeader | null;
}

/** Lists received work, newest first. */
export async function listWork(terminal: Terminal): Promise<void> {
  const all = await readKept(workFolder(), new Date());
  const rows: Row[] = [];
  for (const work of all) rows.push({ work, header: await headerOf(work) });
  for (const { work, header } of rows) {
    const { version: _, id, ...known } = work;
    terminal.event("work", {
      id,
      ...known,
      ...header && workFields(header),
    });
  }
  if (rows.length === 0) return terminal.say("no work has been received");
  const now = new Date();
  const columns: (Column & { of: (row: Row) => string })[] = [
    { title: "ID", of: ({ work }) => work.id },
    {
      title: "RECEIVED",
      of: ({ work }) => formatPast(new Date(work.received), now),
    },
    { title: "FROM", min: 6, of: ({ work }) => work.from ?? "" },
    { title: "PROJECT", min: 7, of: ({ header }) => header?.project ?? "" },
    {
      title: "WORK",
      min: 12,
      of: ({ header }) => header === null ? "" : describeWork(header),
    },
    {
      title: "OPEN IN",
      min: 12,
      of: ({ work }) => work.opened?.worktree ?? "",
    },
  ];
  terminal.printUnlessJson(
    formatTable(
      columns,
      rows.map((row) => columns.map(({ of }) => of(row))),
      terminal.tableScreen,
    ),
  );
}
