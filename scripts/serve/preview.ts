/**
 * `serve --preview`: shows what would leave, with the secrets in it, and shares nothing.
 *
 * @module
 */

import { formatBytes } from "../cli/screen/format.ts";
import { sayReport } from "../cli/secrets/report.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { ServeOptions } from "./options.ts";
import { prepare } from "./prepare.ts";

/**
 * Prepares a share and ends.
 *
 * @throws {SpreadError} As `prepare()`.
 */
export async function preview(
  options: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  // Nothing is shared, so nobody has to be asked for a passphrase.
  const { offer, secrets, workReport } = await prepare(
    { ...options, passphrase: { kind: "generated" } },
    { terminal, stack, signal },
  );
  if (secrets !== undefined) sayReport(secrets, terminal);
  if (workReport !== undefined) {
    const { sayWorkReport } = await import("../cli/work/report.ts");
    sayWorkReport(workReport, terminal);
  }
  const { kind, name, size, sender, project, catalogue } = offer;
  // The size of a list of sessions says nothing about the sessions.
  const large = catalogue ? "" : ` (${formatBytes(size)})`;
  terminal.say(
    `nothing is shared: this was a preview of ${name}${large}`,
    "preview",
    { kind, name, size, sender, project, secrets, work_report: workReport },
  );
}
