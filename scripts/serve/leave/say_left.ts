/**
 * The report that a drop waits at its relay, for a program and for a person.
 *
 * @module
 */

import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { KINDS } from "../../cli/kinds.ts";
import { DEFAULT_RELAY_URL } from "../../cli/relay_url.ts";
import { formatBytes, formatLeft } from "../../cli/screen/format.ts";
import type { SecretsReport } from "../../cli/secrets/report.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { SettledOptions } from "../options.ts";
import { type ReceiveCommands, showCommands } from "../ready.ts";

/** Fields of the `left` event. */
export type Left = Offer & {
  /** ID for `stop`; absent when the entry could not be written. */
  id?: string;
  /** The code that the receiver types. Secret. */
  code: string;
  relay: string;
  /** Time until which the relay keeps it. */
  expires: string;
  secrets?: SecretsReport;
} & ReceiveCommands;

/** Commands that receive the drop. */
export function dropCommands(
  code: string,
  kind: Offer["kind"],
  relay: string,
): ReceiveCommands {
  const flag = relay === DEFAULT_RELAY_URL ? "" : `--relay ${relay} `;
  return {
    commands: [`${KINDS[kind].receive} ${flag}${code}`],
    terminal_commands: [`claude-spread receive ${flag}${code}`],
  };
}

/** Reports a drop to a person or a program. */
export async function sayLeft(
  terminal: Terminal,
  left: Left,
  options: Pick<SettledOptions, "qr" | "copy">,
): Promise<void> {
  const until = formatLeft(new Date(left.expires), new Date());
  terminal.say(
    `left ${left.name} (${formatBytes(left.size)}) at ${
      nameRelay(left.relay)
    }; it waits for one receiver, ${until}`,
  );
  if (left.secrets !== undefined) {
    const { sayReport } = await import("../../cli/secrets/report.ts");
    sayReport(left.secrets, terminal);
  }
  terminal.say("on the other machine, now or later, type in Claude Code:");
  showCommands(terminal, left);
  if (options.qr || options.copy) {
    const { passOn } = await import("../pass_on.ts");
    await passOn(left.terminal_commands[0]!, options, terminal);
  }
  terminal.remark(
    "whoever has this code can take it, once: send it by a way that you trust",
  );
  terminal.event("left", { ...left });
}
