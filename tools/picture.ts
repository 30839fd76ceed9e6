/**
 * Makes the pictures of a hand-over in `docs/`, light and dark, from one in the real client.
 *
 * Usage: `deno task picture`. Needs Linux, tmux and npm. `tools/picture_test.ts` tells when the
 * pictures no longer show what the commands say.
 *
 * @module
 */

import { findClients } from "../tests/claude_code/_client.ts";
import { root } from "../tests/support/places.ts";
import { readScreen, type Span, textOf } from "./picture/screen.ts";
import { draw } from "./picture/svg.ts";
import { THEMES } from "./picture/themes.ts";
import { withExamples } from "./transcripts/fixed.ts";
import { WORDS } from "./transcripts/skills.ts";

/** Width of both terminals. */
const COLUMNS = 80;

const NAME = "Two terminals with Claude Code. In the first, Alex types " +
  "/claude-spread:distill-share and gets the words game-opal-jury-pod. In the second, " +
  "Blake types /claude-spread:distill-receive with them, and Claude shows the document.";

/** Path of a picture, from the root. */
export function picturePath(theme: "light" | "dark"): string {
  return `docs/hand_over_${theme}.svg`;
}

/** The part of a screen from what the person typed to the end of Claude's answer. */
export function handOverOn(captured: string): Span[][] {
  const lines = readScreen(captured);
  const from = lines.findIndex((line) => /^❯ \S/.test(textOf(line)));
  const to = lines.findIndex((line) => textOf(line).startsWith("✻"));
  return withoutDocument(lines.slice(from, to - 1))
    .map((line) => line.map((span) => ({ ...span, text: exampled(span) })));
}

/** Leaves out what the client shows of a file that Claude wrote: the second window has it. */
function withoutDocument(lines: Span[][]): Span[][] {
  const texts = lines.map(textOf);
  const written = texts.findIndex((text) => text.startsWith("● Write("));
  if (written === -1) return lines;
  const next = texts.findIndex((text) => text.startsWith("  Ran "));
  return [...lines.slice(0, written + 1), ...lines.slice(next - 1)];
}

function exampled({ text }: Span): string {
  // No path of a home is to be seen there.
  return withExamples(text, { folder: "/tmp", words: WORDS });
}

async function main(): Promise<void> {
  const { client, whyNot } = (await findClients(null))
    .find(({ age }) => age === "newest")!;
  if (client === null) throw new Error(whyNot);
  // Looks for clients, which the tests of the pictures do not need.
  const { play } = await import("./picture/play.ts");
  for (const theme of ["light", "dark"] as const) {
    const [alex, blake] = await play(client, theme, COLUMNS);
    const windows = [
      { title: "alex@walnut: ~/shop", lines: handOverOn(alex) },
      { title: "blake@cedar: ~/shop", lines: handOverOn(blake) },
    ];
    const svg = draw(windows, COLUMNS, THEMES[theme], NAME);
    await Deno.writeTextFile(`${root}/${picturePath(theme)}`, svg);
  }
}

if (import.meta.main) await main();
