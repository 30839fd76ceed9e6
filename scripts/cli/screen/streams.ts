/**
 * The streams of the process: what they are, how wide, whether they show colors, and how to write
 * and read them.
 *
 * @module
 */

/** Width of a terminal that does not tell its width, in columns. */
const DEFAULT_COLUMNS = 80;

/** Codes of the colors. */
const STYLES = {
  /** A line to type: bold, cyan. */
  line: "1;36",
  error: "1;31",
  warning: "33",
  /** A side fact: dim. */
  side: "2",
  /** A QR code: white on black, whatever the colors of the terminal are. */
  qr: "97;40",
};

/** Part of a message that stands out or recedes. */
export type Style = keyof typeof STYLES;

/**
 * Reads a line from standard input, one byte at a time: bytes after the line belong to the next
 * question. Empty at the end of input.
 *
 * @throws The signal's reason.
 */
export async function readLine(signal: AbortSignal): Promise<string> {
  // Loaded only when a person is asked.
  const { unlessAborted } = await import("../../../lib/waiting.ts");
  signal.throwIfAborted();
  return await unlessAborted(readUntilBreak(), signal);
}

async function readUntilBreak(): Promise<string> {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (await Deno.stdin.read(byte) === 1 && byte[0] !== 0x0a) {
    bytes.push(byte[0]!);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** Writes all of a text. */
export function write(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(writeSome(stream, rest));
}

/** Writes to a stream that other processes may have made non-blocking, and that may be full. */
function writeSome(
  stream: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): number {
  try {
    return stream.writeSync(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}

/** The width of the terminal now, in columns. */
export function terminalColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    if (columns > 0) return columns;
  } catch {
    // No stream is a terminal.
  }
  return DEFAULT_COLUMNS;
}

/** Whether a stream shows colors: FORCE_COLOR decides first, then NO_COLOR. */
export function hasColors(stream: { isTerminal(): boolean }): boolean {
  if (Deno.noColor) return false;
  const forced = readEnv("FORCE_COLOR");
  if (forced) return forced !== "0" && forced !== "false";
  return stream.isTerminal() && !isDumb();
}

/** Whether the terminal understands no control sequences. */
export function isDumb(): boolean {
  return readEnv("TERM") === "dumb";
}

/** Whether tmux stands between this process and the terminal. */
export function isInTmux(): boolean {
  return Boolean(readEnv("TMUX")) ||
    readEnv("TERM")?.startsWith("tmux") === true;
}

/** Reads a variable; `undefined` also where the command may not read it. */
function readEnv(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

/**
 * Takes out of a message what could steer a terminal or pose as another message: names of files,
 * and others, can hold anything.
 */
export function harmless(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Bidi_C}\p{Zl}\p{Zp}]/gu, "\ufffd")
    .replace(/\n(?! )/g, "\n  ");
}

/** Colors a text. */
export function styled(text: string, style: Style): string {
  return `\x1b[${STYLES[style]}m${text}\x1b[0m`;
}
