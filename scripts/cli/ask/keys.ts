/**
 * Keys that a person presses, read from the bytes that a terminal in raw mode sends.
 *
 * @module
 */

/** A key, or what was pasted at once. */
export type Key =
  | { kind: "text"; text: string }
  | { kind: "paste"; text: string }
  | { kind: "control"; name: ControlKey };

/** Keys that type nothing. */
export type ControlKey =
  | "enter"
  | "tab"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "home"
  | "end"
  | "clear"
  | "clear word"
  | "clear rest"
  | "stop"
  | "end of input";

const CONTROLS: Record<string, ControlKey> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x01": "home",
  "\x02": "left",
  "\x03": "stop",
  "\x04": "end of input",
  "\x05": "end",
  "\x06": "right",
  "\x0b": "clear rest",
  "\x15": "clear",
  "\x17": "clear word",
};

/** Final parts of escape sequences, after `ESC [` or `ESC O`. */
const SEQUENCES: Record<string, ControlKey> = {
  "C": "right",
  "D": "left",
  "H": "home",
  "F": "end",
  "1~": "home",
  "3~": "delete",
  "4~": "end",
  "7~": "home",
  "8~": "end",
};

const PASTE_START = "\x1b[200~";
const PASTE_END = "\x1b[201~";

/**
 * A sequence with whatever parameters, because terminals also send reports that nobody asked for
 * here. A character that cannot be part of it ends it, so that Ctrl+C always gets through.
 */
const SEQUENCE =
  // deno-lint-ignore no-control-regex -- the keys of a terminal are control characters
  /^\x1b(?:[[O][ -?]*(?:[@-~]|(?=[^ -~]))|[^[O\x00-\x1f]|(?=[\x00-\x1f]))/su;

/** Ctrl+C twice: gets out of a paste whose end has been lost; once may be part of the text. */
const PASTE_STOP = "\x03\x03";

/** Longest text kept while its end is missing, in UTF-16 units; no passphrase is as long. */
const MAX_REST = 68 * 1024;

/** Splits what a terminal sends into keys; what it does not know is left out. */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  /** The beginning of something whose end has not been sent yet. */
  #rest = "";

  /** Returns the keys that are complete with these bytes. */
  read(bytes: Uint8Array): Key[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const keys: Key[] = [];
    while (this.#rest !== "") {
      const taken = takeKey(this.#rest);
      if (taken === null) break;
      this.#rest = this.#rest.slice(taken.length);
      if (taken.key !== null) keys.push(taken.key);
    }
    this.#rest = withoutMiddle(this.#rest);
    return keys;
  }
}

/** Returns the first key and its length; `null` when its end is still missing. */
function takeKey(text: string): { key: Key | null; length: number } | null {
  if (text.startsWith(PASTE_START)) return takePaste(text);
  if (text[0] === "\x1b") return takeSequence(text);
  const name = CONTROLS[text[0]!];
  if (name !== undefined) return { key: { kind: "control", name }, length: 1 };
  const [character] = text;
  // deno-lint-ignore no-control-regex -- keys without a meaning here
  const isControl = /^[\x00-\x1f\x80-\x9f]/.test(text);
  return {
    key: isControl ? null : { kind: "text", text: character! },
    length: character!.length,
  };
}

/** Shortens a text that is too long to be used; its end may be the beginning of an end mark. */
function withoutMiddle(text: string): string {
  if (text.length <= MAX_REST) return text;
  const end = text.slice(-PASTE_END.length);
  return text.slice(0, MAX_REST - end.length) + end;
}

function takePaste(text: string) {
  const end = text.indexOf(PASTE_END);
  if (end === -1) {
    const stop: Key = { kind: "control", name: "stop" };
    return text.endsWith(PASTE_STOP)
      ? { key: stop, length: text.length }
      : null;
  }
  const pasted = text.slice(PASTE_START.length, end)
    // Terminals send a line end as the Enter key does; the last one does not belong to the text.
    .replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const key: Key = { kind: "paste", text: pasted };
  return { key, length: end + PASTE_END.length };
}

function takeSequence(text: string) {
  const sequence = SEQUENCE.exec(text)?.[0];
  if (sequence === undefined) return null;
  const name = SEQUENCES[sequence.slice(2)];
  const key: Key | null = name === undefined ? null : { kind: "control", name };
  return { key, length: sequence.length };
}
