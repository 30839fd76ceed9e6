/**
 * The next step after a receipt, for a person at a shell. Skills know theirs, so to them,
 * and with `--json`, nothing is said.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { KINDS } from "../cli/kinds.ts";
import { formatPath } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { ReceiveOptions } from "./options.ts";

/** The secret that is typed to receive something again; a pair needs none, and has a name. */
export type Again = "words" | "code" | { pair: string };

/** Says how to install a received memory. @param again What receives it again, if anything does. */
export function sayHowToInstall(
  { output, isTyped }: ReceiveOptions,
  terminal: Terminal,
  again: Again | null,
): void {
  if (isTyped) return;
  terminal.say(
    output === undefined
      ? "this is the memory of a project; to merge it into one of yours, save it to a FILE, then type:"
      : "this is the memory of a project; to merge it into one of yours, type in that project:",
  );
  const file = output === undefined ? "FILE" : formatPath(output);
  terminal.show(`\n    claude-spread install ${file}\n`);
  if (again === null) return;
  const how = typeof again === "string"
    ? `with the same ${again}`
    : `--from ${again.pair}`;
  terminal.say(
    `in Claude Code, ${KINDS.memory.receive} ${how} receives and merges it`,
  );
}

/** Says how to take sessions from the list that was shown. */
export function sayHowToPick(
  count: number,
  options: ReceiveOptions,
  terminal: Terminal,
  again: Again,
): void {
  if (options.isTyped) return;
  const what = count === 1
    ? "to take it"
    : "to take one, or several with commas between them";
  const how = typeof again === "string" ? `the same ${again} again` : "this";
  terminal.say(`${what}, type ${how}:`);
  const pick = count === 1 ? "1" : "N";
  terminal.show(`\n    ${pickCommand(pick, options, again)}\n`);
}

/** The command that picks; the words are secret, so they are not repeated. */
function pickCommand(
  pick: string,
  options: ReceiveOptions,
  again: Again,
): string {
  const { output, project, relay, wantsRelay, insecureRelay, room, address } =
    options;
  const number = options.from?.number;
  const how = typeof again === "string"
    ? `"<the same ${again}>"`
    : `--from ${again.pair}${number === undefined ? "" : `:${number}`}`;
  const url = relay === "" ? "" : ` ${formatPath(relay)}`;
  const host = address?.hostname.includes(":")
    ? `[${address.hostname}]`
    : address?.hostname;
  return [
    `claude-spread receive --pick ${pick}`,
    output && `--output ${formatPath(output)}`,
    project && `--project ${formatPath(project)}`,
    wantsRelay && `--relay${url}`,
    insecureRelay && "--insecure-relay",
    room && `--room ${room}`,
    options.interface && `--interface ${formatPath(options.interface)}`,
    how,
    address && formatPath(`${host}:${address.port}`),
  ].filter(Boolean).join(" ");
}

/** The error for `--output` when there was a list instead of a document. */
export function nothingPicked(output: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNWANTED",
    `Nothing was written to "${output}": the sender offers sessions, and none was picked`,
    "Pick one with --pick N, or leave --output out to install it for Claude Code",
  );
}
