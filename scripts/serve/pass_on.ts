/**
 * Ways to pass on the command for the other machine: a QR code, and the clipboard.
 *
 * @module
 */

import { type SpreadError, usage } from "../../lib/errors.ts";
import type { PassphraseOrigin } from "../cli/passphrase.ts";
import { isInTmux, terminalColumns } from "../cli/screen/streams.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { ServeOptions } from "./options.ts";

/** Free columns and rows around a QR code, which its readers need. */
const QR_BORDER = 2;

/**
 * Checks `--qr` and `--copy` before anything is shared.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function checkPassOn(
  { copy, passphrase }: Pick<ServeOptions, "copy" | "passphrase">,
  terminal: Terminal,
): void {
  if (passphrase.kind !== "generated") throw noWords(passphrase);
  if (copy && !terminal.hasScreen) {
    throw usage(
      "--copy needs a terminal, whose clipboard it fills",
      "Run the command in a terminal, or leave --copy out",
    );
  }
}

function noWords(passphrase: PassphraseOrigin): SpreadError {
  if (passphrase.kind === "pairs") {
    return usage(
      "--qr and --copy need words, and a share for paired machines has none",
      "Leave --qr and --copy out",
    );
  }
  const isSet = passphrase.kind === "given" && passphrase.from === "variable";
  return usage(
    "--qr and --copy need words: a passphrase of your own is never shown",
    `${
      isSet ? "Unset CLAUDE_SPREAD_PASSPHRASE" : "Leave the passphrase out"
    } to share with new words, or leave --qr and --copy out`,
  );
}

/** Passes a command on as the options say; says so where that is impossible. */
export async function passOn(
  command: string,
  { qr, copy }: Pick<ServeOptions, "qr" | "copy">,
  terminal: Terminal,
): Promise<void> {
  if (qr) await showQrCode(command, terminal);
  if (!copy) return;
  terminal.control(clipboardSequence(command, isInTmux()));
  terminal.say(
    "the command for a terminal is also in the clipboard, if this terminal allows it",
  );
}

async function showQrCode(text: string, terminal: Terminal): Promise<void> {
  if (!terminal.hasScreen) {
    return terminal.warn("no QR code is shown: there is no terminal here");
  }
  const { renderUnicodeCompact } = await import("uqr");
  const lines = renderUnicodeCompact(text, { ecc: "L", border: QR_BORDER })
    .split("\n");
  const columns = lines[0]!.length;
  const available = terminalColumns();
  if (columns > available) {
    return terminal.warn(
      `no QR code is shown: it takes ${columns} columns, and the terminal has ${available}`,
    );
  }
  terminal.show(lines.map((line) => terminal.style(line, "qr")).join("\n"));
  terminal.show("");
}

/**
 * Returns the control sequence that puts a text into a terminal's clipboard (OSC 52).
 *
 * tmux acts on the sequence or hands it to the terminal around it, depending on its settings:
 * it gets both.
 */
export function clipboardSequence(text: string, isInTmux: boolean): string {
  const bytes = new TextEncoder().encode(text);
  const sequence = `\x1b]52;c;${bytes.toBase64()}\x07`;
  if (!isInTmux) return sequence;
  const doubled = sequence.replaceAll("\x1b", "\x1b\x1b");
  return `${sequence}\x1bPtmux;${doubled}\x1b\\`;
}
