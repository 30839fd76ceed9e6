/**
 * A terminal's screen as `tmux capture-pane -e` writes it: lines of text, in which control
 * sequences (SGR) say how it looks.
 *
 * @module
 */

/** A color of a terminal: one of its 256, or red, green and blue. */
export type Color =
  | number
  | readonly [red: number, green: number, blue: number];

/** The look of text; what is absent is as usual. */
export interface Look {
  color?: Color;
  background?: Color;
  isBold?: true;
  isDim?: true;
  isItalic?: true;
  isUnderlined?: true;
  isInverse?: true;
}

/** Text that looks the same from its beginning to its end. */
export interface Span extends Look {
  text: string;
}

/** Begins a control sequence. */
const ESC = "\x1b";

const SEQUENCE = new RegExp(`${ESC}\\[([\\d;:]*)([A-Za-z])`);

/** Properties that a code turns on. */
const ON: Record<number, keyof Look> = {
  1: "isBold",
  2: "isDim",
  3: "isItalic",
  4: "isUnderlined",
  7: "isInverse",
};

/** Properties that a code turns off. */
const OFF: Record<number, (keyof Look)[]> = {
  22: ["isBold", "isDim"],
  23: ["isItalic"],
  24: ["isUnderlined"],
  27: ["isInverse"],
  39: ["color"],
  49: ["background"],
};

/** Reads a screen. A look lasts until it is changed, also over the ends of lines. */
export function readScreen(captured: string): Span[][] {
  let look: Look = {};
  return captured.split("\n").map((line) => {
    const spans: Span[] = [];
    // Text, then for each sequence its codes, its letter and the text after it.
    const [first, ...parts] = line.split(SEQUENCE);
    if (first !== "") spans.push({ ...look, text: first! });
    for (let i = 0; i < parts.length; i += 3) {
      if (parts[i + 1] === "m") look = changed(look, parts[i]!);
      const text = parts[i + 2]!;
      if (text !== "") spans.push({ ...look, text });
    }
    return spans;
  });
}

/** The text of a line, without how it looks. */
export function textOf(spans: Span[]): string {
  return spans.map(({ text }) => text).join("");
}

function changed(before: Look, sequence: string): Look {
  let look = { ...before };
  const codes = sequence.split(/[;:]/).map(Number);
  while (codes.length > 0) {
    const code = codes.shift()!;
    if (code === 0) look = {};
    else if (code === 38) look.color = takeColor(codes);
    else if (code === 48) look.background = takeColor(codes);
    else if (code in ON) Object.assign(look, { [ON[code]!]: true });
    else if (code in OFF) { for (const name of OFF[code]!) delete look[name]; }
    else Object.assign(look, ofSixteen(code));
  }
  return look;
}

/** Takes a color off the codes after 38 or 48. */
function takeColor(codes: number[]): Color {
  if (codes.shift() === 5) return codes.shift() ?? 0;
  const [red = 0, green = 0, blue = 0] = codes.splice(0, 3);
  return [red, green, blue];
}

/** The look that a code for one of the first sixteen colors stands for; empty for any other. */
function ofSixteen(code: number): Look {
  const number = code % 10 + (code >= 90 ? 8 : 0);
  if (number % 8 !== code % 10) return {};
  switch (Math.floor(code / 10)) {
    case 3:
    case 9:
      return { color: number };
    case 4:
    case 10:
      return { background: number };
    default:
      return {};
  }
}
