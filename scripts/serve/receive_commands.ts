/**
 * The commands that receive a share, to be typed on the other machine.
 *
 * @module
 */

import type { Announcer } from "../../lib/discovery/announcer.ts";
import { formatInvite } from "../../lib/room_code.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import { KINDS } from "../cli/kinds.ts";
import { DEFAULT_RELAY_URL } from "../cli/relay_url.ts";
import { formatPath } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { SettledOptions } from "./options.ts";
import type { Recipients } from "./recipients/recipients.ts";

/** Commands for the other side; any one of them is enough. */
export interface ReceiveCommands {
  /** For Claude Code. */
  commands: string[];
  /** For a terminal. */
  terminal_commands: string[];
}

/** The invite of a share; `null` for a typed passphrase, or if the room code would make it ambiguous. */
export function inviteOf(
  { room, generated }: Pick<Reachable, "room" | "generated">,
): string | null {
  return generated === null || room === null
    ? generated
    : formatInvite(room.roomCode, generated);
}

/** The part of a share that the commands for the other side depend on. */
interface Reachable {
  options: Pick<SettledOptions, "relay">;
  room: SenderRoom | null;
  /** The passphrase, if it was generated here. */
  generated: string | null;
  /** Addresses to type, as `host:port`, best first. */
  addresses: string[];
  announcer: Announcer;
}

/** Commands that receive the share. */
export function commandsOf(
  share: Reachable & {
    options: Pick<SettledOptions, "kind">;
    /** The pairs that it is for, if it is for some. */
    recipients: Recipients | null;
  },
): ReceiveCommands {
  const { receive } = KINDS[share.options.kind];
  if (share.recipients !== null) {
    return commandsForPairs(share, share.recipients, receive);
  }
  return commandsWith(share, receive, "claude-spread receive");
}

/**
 * Commands for the other side.
 *
 * @param inClaude The command in Claude Code. @param inTerminal The one in a terminal.
 */
export function commandsWith(
  share: Reachable,
  inClaude: string,
  inTerminal: string,
): ReceiveCommands {
  return {
    commands: argumentsOf(share, asItIs).map((args) => `${inClaude} ${args}`),
    terminal_commands: argumentsOf(share, forShell)
      .map((args) => `${inTerminal} ${args}`),
  };
}

/** Writes a word of a command. */
type WriteWord = (word: string) => string;

/** In Claude Code no shell reads the command. */
const asItIs: WriteWord = (word) => word;

/** A shell would take the bare `<` of a placeholder for a redirection. */
const forShell: WriteWord = (word) =>
  word.startsWith("<") ? `"${word}"` : formatPath(word);

/** Commands without anything, or with the address where the share cannot be announced. */
function commandsForPairs(
  { room, announcer, addresses: [address] }: Reachable,
  { knownAs }: Recipients,
  receive: string,
): ReceiveCommands {
  const isFound = room !== null || announcer.failure === null ||
    address === undefined;
  const args = (write: WriteWord) =>
    isFound ? "" : ` ${fromAddress(knownAs, address, write)}`;
  return {
    commands: [`${receive}${args(asItIs)}`],
    terminal_commands: [`claude-spread receive${args(forShell)}`],
  };
}

/** The options by which a pair finds the share at an address. */
export function fromAddress(
  knownAs: string | undefined,
  address: string,
  write = asItIs,
): string {
  const name = write(knownAs ?? "<its name for this machine>");
  return `--from ${name} ${write(address)}`;
}

/** Stands for the passphrase that the user typed, which is never shown. */
const OWN_PASSPHRASE = "<the same passphrase>";

/** Arguments of those commands, the shortest first. */
function argumentsOf(share: Reachable, write: WriteWord): string[] {
  const { options: { relay }, room, announcer, addresses: [address] } = share;
  const words = write(share.generated ?? OWN_PASSPHRASE);
  if (room === null) {
    const isFound = announcer.failure === null || address === undefined;
    return [isFound ? words : `${words} ${write(address)}`];
  }
  const url = relay === DEFAULT_RELAY_URL ? "" : ` ${write(relay!)}`;
  const withRoom = `--relay${url} --room ${room.roomCode} ${words}`;
  const invite = inviteOf(share);
  if (invite === null) return [withRoom];
  const flag = url === "" ? "" : `--relay${url} `;
  return [`${flag}${invite}`, withRoom];
}

/** Shows the shortest command in each form. */
export function showCommands(
  terminal: Terminal,
  { commands, terminal_commands }: ReceiveCommands,
): void {
  terminal.show(`\n    ${terminal.style(commands[0]!, "line")}\n`);
  terminal.say("or in a terminal:");
  terminal.show(`\n    ${terminal.style(terminal_commands[0]!, "line")}\n`);
}
