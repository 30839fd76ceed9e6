/** `renderPage()`, as headless Chromium lays it out. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { needing, programPath } from "../../tests/support/missing.ts";
import { renderPage } from "./page.ts";

const BROWSER = "chromium-headless-shell";
const URL_OF_RELAY = "wss://relay.example.org";
const LIVES = { room: 30 * 60_000, drop: 7 * 24 * 3_600_000 };
/** WCAG 2.2, 1.4.3. */
const LEAST_CONTRAST = 4.5;

interface Measured {
  isDark: boolean;
  width: number;
  /** Width of the whole page, in CSS pixels. */
  scrollWidth: number;
  landmarks: string[];
  headings: string[];
  /** Commands, with the number of lines that each takes. */
  commands: [text: string, lines: number, selection: string][];
  /** Lowest contrast of a text with its background, and the text. */
  contrast: [ratio: number, text: string];
}

/** Runs in the page, so it uses nothing from outside. */
function measure(): Measured {
  // deno-lint-ignore no-explicit-any
  const page = globalThis as any;
  const { document, getComputedStyle, innerWidth, matchMedia } = page;
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  const luminance = (rgb: number[]) => {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const numbers = (color: string) => color.match(/[\d.]+/g)!.map(Number);
  // deno-lint-ignore no-explicit-any
  const backgroundOf = (element: any): number[] => {
    if (element === null) return [255, 255, 255];
    const color = numbers(getComputedStyle(element).backgroundColor);
    return color[3] === 0 ? backgroundOf(element.parentElement) : color;
  };
  const contrasts = all("body *").filter((element) =>
    // deno-lint-ignore no-explicit-any
    [...element.childNodes].some((node: any) =>
      node.nodeType === 3 && node.data.trim() !== ""
    ) && element.tagName !== "SCRIPT" && element.tagName !== "STYLE"
  ).map((element): [number, string] => {
    const [a, b] = [
      numbers(getComputedStyle(element).color).slice(0, 3),
      backgroundOf(element).slice(0, 3),
    ].map(luminance).toSorted((x, y) => y - x);
    return [(a! + 0.05) / (b! + 0.05), element.textContent];
  });
  return {
    isDark: matchMedia("(prefers-color-scheme: dark)").matches,
    width: innerWidth,
    scrollWidth: document.documentElement.scrollWidth,
    landmarks: all("body > header, body > main, body > footer")
      .map(({ localName }) => localName),
    headings: all("h1, h2, h3").map(({ localName }) => localName),
    commands: all("pre code").map((code) => [
      code.textContent,
      code.getClientRects().length,
      getComputedStyle(code).userSelect,
    ]),
    contrast: contrasts.toSorted(([a], [b]) => a - b)[0]!,
  };
}

async function layOut(width: number, isDark: boolean): Promise<Measured> {
  const folder = await Deno.makeTempDir({ prefix: "claude-spread-page-" });
  try {
    const script =
      `<script>document.title = JSON.stringify((${measure})())</script>`;
    const page = renderPage(URL_OF_RELAY, "2.0.0", LIVES);
    await Deno.writeTextFile(`${folder}/page.html`, page + script);
    const { stdout } = await new Deno.Command(programPath(BROWSER), {
      args: [
        "--no-sandbox",
        "--disable-gpu",
        `--user-data-dir=${folder}/profile`,
        `--blink-settings=preferredColorScheme=${isDark ? 0 : 1}`,
        `--window-size=${width},1500`,
        "--dump-dom",
        `file://${folder}/page.html`,
      ],
      stderr: "null",
      signal: AbortSignal.timeout(30_000),
    }).output();
    const dom = new TextDecoder().decode(stdout);
    const [, title = ""] = /<title>(.*?)<\/title>/s.exec(dom) ?? [];
    const text = title.replaceAll("&lt;", "<").replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
    return JSON.parse(text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (
  const [width, isDark] of [[390, false], [390, true], [1280, false], [
    1280,
    true,
  ]] as const
) {
  Deno.test({
    name: `renderPage() is readable at ${width} pixels, ${
      isDark ? "dark" : "light"
    }`,
    ...needing(BROWSER),
    fn: async () => {
      const page = await layOut(width, isDark);
      assertEquals([page.width, page.isDark], [width, isDark]);
      assert(page.scrollWidth <= width, `${page.scrollWidth} pixels wide`);
      assertEquals(page.landmarks, ["header", "main", "footer"]);
      assertEquals(page.headings, ["h1", ...Array(5).fill("h2")]);
      assert(page.contrast[0] >= LEAST_CONTRAST, page.contrast.join(" "));
      const invite = "k7m2xq-niece-broke-zippy-iron";
      assertEquals(
        page.commands,
        [
          "/plugin marketplace add NAMYUNWOO/claudeSpread",
          "/plugin install claude-spread@ai-spread",
          `/claude-spread:distill-share --relay ${URL_OF_RELAY}`,
          `/claude-spread:distill-receive --relay ${URL_OF_RELAY} ${invite}`,
          `/claude-spread:distill-share --relay ${URL_OF_RELAY} our secret words`,
          `/claude-spread:distill-receive --relay ${URL_OF_RELAY} --room k7m2xq our secret words`,
        ].map((command) => [command, 1, "all"]),
      );
    },
  });
}

for (
  const [ms, words] of [
    [60_000, "1 minute"],
    [61_000, "2 minutes"],
    [3_600_000, "60 minutes"],
    [3 * 3_600_000, "3 hours"],
    [3 * 24 * 3_600_000, "3 days"],
    [7 * 24 * 3_600_000, "7 days"],
  ] as const
) {
  Deno.test(`renderPage() says how long a room and a drop last: ${words}`, () => {
    const page = renderPage(URL_OF_RELAY, "2.0.0", { room: ms, drop: ms });
    assertStringIncludes(page, `A room lasts for ${words};`);
    assertStringIncludes(page, `encrypted, for at most ${words}.`);
  });
}

Deno.test("renderPage() does not speak of drops, if the relay keeps none", () => {
  const page = renderPage(URL_OF_RELAY, "2.0.0", { ...LIVES, drop: null });
  assertEquals(page.includes("wait for a receiver"), false);
});
