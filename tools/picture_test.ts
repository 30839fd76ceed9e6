/**
 * The pictures of a hand-over: they show what the commands say now, and nothing of the machine
 * that they were made on. They are made again only when somebody asks for it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { whyNoNetwork } from "../tests/claude_code/_network.ts";
import { skipsFor } from "../tests/support/missing.ts";
import { root } from "../tests/support/places.ts";
import { handOverOn, picturePath } from "./picture.ts";
import { textOf } from "./picture/screen.ts";
import { fixed } from "./transcripts/fixed.ts";
import { handOver } from "./transcripts/skills.ts";
import { Stage } from "./transcripts/stage.ts";

const MAX_BYTES = 60 * 1024;

const whyNot = await whyNoNetwork();

/** The text of a picture, without blanks: the client wraps it where its terminal ends. */
async function textIn(path: string): Promise<string> {
  const svg = await Deno.readTextFile(`${root}/${path}`);
  const text = svg.replace(/<style>[\s\S]*?<\/style>|<[^>]*>/g, "")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return squeezed(fixed(squeezed(text), { folder: "/tmp" }));
}

function squeezed(text: string): string {
  return text.replace(/\s/g, "");
}

// Breaks with every change of what a share or a receiver says, until the pictures are made again.
Deno.test({
  name: "the pictures show each line that the commands of a hand-over say now",
  ignore: whyNot !== null && skipsFor(whyNot),
  fn: async () => {
    await using stage = await Stage.make();
    const said = (await handOver(stage)).join("\n").split("\n")
      .map((line) => line.replace(/^> /, "")).filter((line) => line !== "");
    for (const theme of ["light", "dark"] as const) {
      const text = await textIn(picturePath(theme));
      const missing = said.filter((line) => !text.includes(squeezed(line)));
      assertEquals(missing, [], "run deno task picture");
    }
  },
});

for (const theme of ["light", "dark"] as const) {
  // Breaks when a picture loads something, runs something, tells of a machine, or was formatted.
  Deno.test(`the ${theme} picture is small, loads and runs nothing, and names no place of a machine`, async () => {
    const svg = await Deno.readTextFile(`${root}/${picturePath(theme)}`);
    assert(svg.length < MAX_BYTES);
    // A formatter that breaks lines between pieces of text would move them.
    assertEquals(/<text[^>]*>[^<]*(<(?!\/text)[^>]*>[^<]*)*\n/.exec(svg), null);
    const parts = new Set(
      [...svg.matchAll(/<(\w+)/g)].map(([, name]) => name!),
    );
    const known = ["svg", "title", "style", "g", "rect", "path", "circle"];
    assertEquals(
      parts.difference(new Set([...known, "text", "tspan"])),
      new Set(),
    );
    const foreign =
      /\bon\w+=|href|url\(|@import|@font-face|\/(tmp|root|home)\b|\btester\b/;
    assertEquals(foreign.exec(svg)?.[0], undefined);
    const addresses = svg.match(/https?:\/\/\S+/g);
    assertEquals(addresses, ['http://www.w3.org/2000/svg"']);
  });
}

// Breaks when more is cut away than the banner, the document and what follows the answer.
Deno.test("handOverOn() takes what was typed and answered, with examples for what differs, and leaves the document out", () => {
  const captured = [
    " Claude Code",
    "❯ /claude-spread:distill-share",
    "",
    "● Write(a.md)",
    "  ⎿  Wrote 1 line to a.md",
    "      1 # A",
    "",
    "  Ran 1 shell command",
    "     add the address: 10.77.0.1:4000",
    "     receive \x1b[1mabc-abd-abe-abf\x1b[0m",
    "",
    "✻ Baked for 1s",
    "❯",
  ].join("\n");
  assertEquals(handOverOn(captured).map(textOf), [
    "❯ /claude-spread:distill-share",
    "",
    "● Write(a.md)",
    "",
    "  Ran 1 shell command",
    "     add the address: 192.168.1.5:34347",
    "     receive game-opal-jury-pod",
  ]);
});
