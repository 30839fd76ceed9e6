/**
 * Colors of the pictures: those of GitHub's pages, light and dark, and of common terminals.
 *
 * @module
 */

import type { Theme } from "./svg.ts";

export const THEMES: Record<"light" | "dark", Theme> = {
  light: {
    text: "#1f2328",
    dimmed: "#656d76",
    background: "#ffffff",
    bar: "#f6f8fa",
    border: "#d0d7de",
    title: "#656d76",
    sixteen: [
      ...["#24292f", "#cf222e", "#116329", "#7d4e00"],
      ...["#0969da", "#8250df", "#1b7c83", "#6e7781"],
      ...["#57606a", "#a40e26", "#1a7f37", "#9a6700"],
      ...["#218bff", "#a475f9", "#3192aa", "#8c959f"],
    ],
  },
  dark: {
    text: "#e6edf3",
    dimmed: "#8b949e",
    background: "#0d1117",
    bar: "#161b22",
    border: "#30363d",
    title: "#8b949e",
    sixteen: [
      ...["#484f58", "#ff7b72", "#3fb950", "#d29922"],
      ...["#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"],
      ...["#6e7681", "#ffa198", "#56d364", "#e3b341"],
      ...["#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff"],
    ],
  },
};
