/**
 * Takes the work beside a payload from a drop.
 *
 * @module
 */

import type { PayloadSink } from "../../../lib/protocol/transfer/receive.ts";
import { entryPath, payloadPath, workId } from "../../../lib/work/open/kept.ts";
import { workFolder } from "../../cli/surroundings.ts";
import type { ReceiveOptions } from "../options.ts";
import { type OfferedWork, WorkReceiving } from "../work/take_work.ts";
import type { DropFinding } from "./found_drop.ts";
import type { Waiting } from "./waiting.ts";

/**
 * Takes the work that the offer names, and reports it. Of work that is here already, only the end of
 * the drop is fetched.
 *
 * @returns The files that it is in.
 * @throws {SpreadError} Whatever ended the transfer; `PAYLOAD_CORRUPT`, `PAYLOAD_TOO_LARGE`,
 *   `WORK_REFUSED`, `CANNOT_STORE`.
 */
export async function takeDroppedWork(
  waiting: Waiting,
  { isTyped }: Pick<ReceiveOptions, "isTyped">,
  { terminal, folder }: Pick<DropFinding, "terminal" | "folder">,
): Promise<string[]> {
  const { offer: { work, sender }, pair } = waiting;
  const offered = work!;
  const from = pair ?? sender;
  using receiving = new WorkReceiving({ folder, terminal, from, isTyped });
  const sink = await receiving.isHere(offered)
    ? nothingMore(offered)
    : await receiving.accept(offered, offered);
  await waiting.fetchWork(sink);
  await sink.finish();
  const kept = { id: workId(offered.sha256) };
  return [payloadPath(workFolder(), kept), entryPath(workFolder(), kept)];
}

/** A sink that has all of it. */
function nothingMore({ size }: OfferedWork): PayloadSink {
  return { offset: size, write: () => {}, finish: () => Promise.resolve() };
}
