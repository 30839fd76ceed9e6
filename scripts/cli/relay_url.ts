/**
 * Addresses of relays.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import { MAX_RELAY_LENGTH } from "../../lib/files/entry_files.ts";
import type { Flags, ReadEnv } from "./flags.ts";

/** The default relay. */
export const DEFAULT_RELAY_URL = "wss://relay.fireamulet.com";

/** Returns the named relay; if `named` is empty, the environment's relay, or else the default. */
export function namedRelay(named: string, env: ReadEnv): string {
  return named || env("CLAUDE_SPREAD_RELAY") || DEFAULT_RELAY_URL;
}

/**
 * Refuses the name of a host after a bare `--relay`: it was meant as the address.
 *
 * @param word The operand or passphrase that may be such a name.
 * @param otherwise The meaning of the word if it is none.
 */
export function refuseHost(
  flags: Flags,
  word: string | undefined,
  otherwise: "passphrase" | "file" = "passphrase",
): void {
  const isBare = flags.has("relay") && flags.optional("relay") === "";
  if (!isBare || word === undefined || !isHost(word)) return;
  throw usage(
    `"${word}" looks like the address of a relay`,
    `Write --relay wss://${word}; ${
      otherwise === "file"
        ? "if it is the file to share, check its name"
        : "a passphrase like that can come from --passphrase-file"
    }`,
  );
}

function isHost(text: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d+)?$/i.test(text);
}

/**
 * Checks the address of a relay.
 *
 * @param allowsInsecure Whether `ws://` may leave this machine.
 * @returns The normalized address.
 * @throws {SpreadError} `USAGE`.
 */
export function parseRelayUrl(text: string, allowsInsecure: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "wss:" && url.protocol !== "ws:")) {
    throw usage(
      `"${text}" is not the address of a relay`,
      "Write wss://host or wss://host:port",
    );
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "") {
    throw usage(
      "The address of a relay cannot have a user, a password or a #",
      "Write wss://host or wss://host:port",
    );
  }
  if (url.protocol === "ws:" && !allowsInsecure && !isLoopback(url.hostname)) {
    throw usage(
      `The connection to "${text}" would not be encrypted`,
      "Use wss://, or add --insecure-relay: what you hand over stays encrypted from end to end, " +
        "but the network sees the room code and can interfere",
    );
  }
  if (url.href.length > MAX_RELAY_LENGTH) {
    throw usage(
      `The address of a relay cannot be longer than ${MAX_RELAY_LENGTH} characters`,
      "Write wss://host or wss://host:port",
    );
  }
  // A path keeps its slash: "/relay/" and "/relay" may be different.
  return url.href.replace(/^(wss?:\/\/[^/]*)\/$/, "$1");
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** The limits of a plain relay, for people. */
export const PLAIN_RELAY_LACKS =
  "if the connection drops, the share gets a new room code (claude-spread status shows it), and waiting receivers do not see their place in the queue";
