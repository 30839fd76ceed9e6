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

// deno-lint-ignore no-control-regex -- the keys of a terminal are control characters
const SEQUENCE = /^\x1b(?:\[[0-9;?]*[@-~]|O[@-~]|[^[O])/s;

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

function takePaste(text: string) {
  const end = text.indexOf(PASTE_END);
  if (end === -1) return null;
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
