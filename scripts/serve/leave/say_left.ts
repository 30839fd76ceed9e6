/**
 * The report that a drop waits at its relay, for a program and for a person.
 *
 * @module
 */

import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { KINDS } from "../../cli/kinds.ts";
import { DEFAULT_RELAY_URL } from "../../cli/relay_url.ts";
import {
  formatBytes,
  formatLeft,
  formatPath,
} from "../../cli/screen/format.ts";
import type { SecretsReport } from "../../cli/secrets/report.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { WorkReport } from "../../cli/work/report.ts";
import type { SettledOptions } from "../options.ts";
import { type ReceiveCommands, showCommands } from "../receive_commands.ts";

/** Fields of the `left` event. */
export type Left = Offer & {
  /** ID for `stop`; absent when the entry could not be written. */
  id?: string;
  /** The code that the receiver types, unless it is for a pair. Secret. */
  code?: string;
  /** Our name for the pair that it is for. */
  to?: string;
  relay: string;
  /** Time until which the relay keeps it. */
  expires: string;
  secrets?: SecretsReport;
  /** Report of the unfinished work, for the first of several drops. */
  work_report?: WorkReport;
} & ReceiveCommands;

/** Commands that receive the drop. @param code Absent for a pair, which finds it by itself. */
export function dropCommands(
  code: string | undefined,
  kind: Offer["kind"],
  relay: string,
): ReceiveCommands {
  if (code === undefined) {
    return {
      commands: [KINDS[kind].receive],
      terminal_commands: ["claude-spread receive"],
    };
  }
  const isDefault = relay === DEFAULT_RELAY_URL;
  const args = (url: string) => isDefault ? code : `--relay ${url} ${code}`;
  return {
    commands: [`${KINDS[kind].receive} ${args(relay)}`],
    terminal_commands: [`claude-spread receive ${args(formatPath(relay))}`],
  };
}

/** Reports a drop to a person or a program. */
export async function sayLeft(
  terminal: Terminal,
  left: Left,
  options: Pick<SettledOptions, "qr" | "copy" | "child">,
): Promise<void> {
  // The process that started this one says it.
  if (options.child) return terminal.event("left", { ...left });
  const { name, size, to, relay, expires } = left;
  const until = formatLeft(new Date(expires), new Date());
  terminal.say(
    `left ${name} (${formatBytes(size)}) at ${nameRelay(relay)}; it waits for ${
      to ?? "one receiver"
    }, ${until}`,
  );
  if (left.secrets !== undefined) {
    const { sayReport } = await import("../../cli/secrets/report.ts");
    sayReport(left.secrets, terminal);
  }
  if (left.work_report !== undefined) {
    const { sayWorkReport } = await import("../../cli/work/report.ts");
    sayWorkReport(left.work_report, terminal);
  }
  const there = to === undefined ? "on the other machine" : `on ${to}`;
  terminal.say(`${there}, now or later, type in Claude Code:`);
  showCommands(terminal, left);
  if (options.qr || options.copy) {
    const { passOn } = await import("../pass_on.ts");
    await passOn(left.terminal_commands[0]!, options, terminal);
  }
  if (to === undefined) {
    terminal.remark(
      "whoever has this code can take it, once: send it by a way that you trust",
    );
  }
  terminal.event("left", { ...left });
}
