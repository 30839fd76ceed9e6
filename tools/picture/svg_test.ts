import { assertEquals, assertStringIncludes } from "@std/assert";
import { css, draw } from "./svg.ts";
import { THEMES } from "./themes.ts";

Deno.test("css() gives the colors of a terminal with 256 of them", () => {
  const { dark } = THEMES;
  assertEquals([0, 15, 16, 114, 231, 232, 255].map((n) => css(n, dark)), [
    "#484f58",
    "#ffffff",
    "#000000",
    "#87d787",
    "#ffffff",
    "#080808",
    "#eeeeee",
  ]);
  assertEquals(css([1, 20, 255], dark), "#0114ff");
});

/** A picture of one window with one line. */
const drawn = (line: Parameters<typeof draw>[0][0]["lines"][0]) =>
  draw([{ title: "a@b", lines: [line] }], 80, THEMES.dark, "A & B");

// Breaks when text could leave its element, or lose its blanks or its place.
Deno.test("draw() keeps text as text: escaped, with its blanks, as wide as its columns", () => {
  const svg = drawn([{ text: "  <b> & ⎿" }, { text: "c", isBold: true }]);
  assertStringIncludes(
    svg,
    'textLength="84" lengthAdjust="spacingAndGlyphs">  &lt;b&gt; &amp; └' +
      '<tspan style="font-weight:bold">c</tspan></text>',
  );
  assertStringIncludes(svg, "<title>A &amp; B</title>");
  assertStringIncludes(svg, ">a@b</text>");
});

// Breaks when the highlight of a line is drawn in pieces, which shows seams.
Deno.test("draw() draws one background for spans that share it, and turns inverse text around", () => {
  const svg = drawn([
    { text: "a", background: 237 },
    { text: "bc", background: 237, color: 1 },
    { text: "d", isInverse: true },
  ]);
  const rects = [
    ...svg.matchAll(/<rect x="(\S+)".* width="(\S+)".* fill="(\S+)"/g),
  ]
    .map(([, ...parts]) => parts);
  assertEquals(rects, [
    ["18", "25.2", "#3a3a3a"],
    ["43.2", "8.4", THEMES.dark.text],
  ]);
  assertStringIncludes(svg, `fill:${THEMES.dark.background}">d<`);
});
