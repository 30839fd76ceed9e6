/**
 * Pictures of terminals: windows one below the other, as SVG whose text can be selected. It has no
 * script, loads nothing, and takes the reader's own monospaced font.
 *
 * @module
 */

import { type Color, type Look, type Span, textOf } from "./screen.ts";

/** A window with lines of text. */
export interface Window {
  title: string;
  lines: Span[][];
}

/** Colors of a picture, as CSS writes them. */
export interface Theme {
  text: string;
  dimmed: string;
  background: string;
  bar: string;
  border: string;
  title: string;
  /** The first sixteen colors of the terminal. */
  sixteen: readonly string[];
}

/** Sizes in pixels. */
const CHARACTER = 8.4;
const LINE = 19;
const FONT = 14;
const PADDING = 18;
const BAR = 34;
const GAP = 22;
const MARGIN = 1;

/** Draws windows, each `columns` wide. @param name Says for people who do not see what is drawn. */
export function draw(
  windows: Window[],
  columns: number,
  theme: Theme,
  name: string,
): string {
  const width = columns * CHARACTER + 2 * PADDING;
  let y = MARGIN;
  const drawn = windows.map((window) => {
    const height = BAR + window.lines.length * LINE + 2 * PADDING;
    const group = drawWindow(window, width, height, theme);
    const text = `<g transform="translate(${MARGIN} ${y})">\n${group}</g>\n`;
    y += height + GAP;
    return text;
  });
  const size = [width + 2 * MARGIN, y - GAP + MARGIN].map(pixels);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${
    size[1]
  }" viewBox="0 0 ${size[0]} ${size[1]}" role="img" xml:space="preserve">
<title>${escaped(name)}</title>
<style>
text { font: ${FONT}px ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; white-space: pre; fill: ${theme.text} }
</style>
${drawn.join("")}</svg>
`;
}

function drawWindow(
  { title, lines }: Window,
  width: number,
  height: number,
  theme: Theme,
): string {
  const [w, h] = [pixels(width), pixels(height)];
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map((color, i) =>
    `<circle cx="${20 + 20 * i}" cy="${BAR / 2}" r="6" fill="${color}"/>`
  );
  const frame =
    `<rect width="${w}" height="${h}" rx="10" fill="${theme.background}" stroke="${theme.border}"/>
<path d="M0 ${BAR}V10A10 10 0 0 1 10 0H${
      pixels(width - 10)
    }A10 10 0 0 1 ${w} 10V${BAR}Z" fill="${theme.bar}"/>
${dots.join("")}
<text x="${pixels(width / 2)}" y="${
      BAR / 2 + 5
    }" text-anchor="middle" style="fill:${theme.title}">${escaped(title)}</text>
`;
  const texts = lines.map((line, i) =>
    drawLine(line, BAR + PADDING + i * LINE, theme)
  );
  return frame + texts.join("");
}

/** Draws a line of text whose upper edge is at `top`. */
function drawLine(spans: Span[], top: number, theme: Theme): string {
  const text = textOf(spans);
  const behind = drawBackgrounds(spans, top, theme);
  if (text.trim() === "") return behind;
  const inside = spans.map((span) => drawSpan(span, theme)).join("");
  // Whatever the font, columns stay where they are.
  const width = pixels([...text].length * CHARACTER);
  return `${behind}<text x="${PADDING}" y="${
    top + FONT
  }" textLength="${width}" lengthAdjust="spacingAndGlyphs">${inside}</text>\n`;
}

/** Draws what is behind the text, one piece for spans that have the same behind them. */
function drawBackgrounds(spans: Span[], top: number, theme: Theme): string {
  const pieces: { color: string | null; from: number; to: number }[] = [];
  let column = 0;
  for (const span of spans) {
    const { background: color } = colorsOf(span, theme);
    const from = column;
    column += [...span.text].length;
    const last = pieces.at(-1);
    if (last?.color === color) last.to = column;
    else pieces.push({ color, from, to: column });
  }
  return pieces.filter(({ color }) => color !== null).map((piece) => {
    const x = pixels(PADDING + piece.from * CHARACTER);
    const width = pixels((piece.to - piece.from) * CHARACTER);
    return `<rect x="${x}" y="${top}" width="${width}" height="${LINE}" fill="${piece.color}"/>\n`;
  }).join("");
}

function drawSpan(span: Span, theme: Theme): string {
  const { color } = colorsOf(span, theme);
  const style = [
    ...color === null ? [] : [`fill:${color}`],
    ...span.isBold ? ["font-weight:bold"] : [],
    ...span.isItalic ? ["font-style:italic"] : [],
    ...span.isUnderlined ? ["text-decoration:underline"] : [],
  ].join(";");
  const text = escaped(span.text);
  return style === "" ? text : `<tspan style="${style}">${text}</tspan>`;
}

/** Colors of text and of what is behind it; `null` for the usual ones. */
function colorsOf(
  { color, background, isDim, isInverse }: Look,
  theme: Theme,
): { color: string | null; background: string | null } {
  const usual = isDim ? theme.dimmed : null;
  const text = color === undefined ? usual : css(color, theme);
  const behind = background === undefined ? null : css(background, theme);
  if (!isInverse) return { color: text, background: behind };
  return {
    color: behind ?? theme.background,
    background: text ?? theme.text,
  };
}

/** A color as CSS writes it. */
export function css(color: Color, { sixteen }: Pick<Theme, "sixteen">): string {
  if (typeof color !== "number") return hex(color);
  if (color < 16) return sixteen[color]!;
  if (color >= 232) return hex(Array(3).fill(8 + 10 * (color - 232)));
  const rest = color - 16;
  const levels = [rest / 36, rest / 6 % 6, rest % 6].map(Math.floor);
  return hex(levels.map((level) => level === 0 ? 0 : 55 + 40 * level));
}

function hex(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** A number with no more digits than are to be seen. */
function pixels(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** @param text In which a sign that few fonts have becomes one that looks the same. */
function escaped(text: string): string {
  return text.replaceAll("⎿", "└").replaceAll("&", "&amp;").replaceAll(
    "<",
    "&lt;",
  )
    .replaceAll(">", "&gt;");
}
