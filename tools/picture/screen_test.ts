import { assertEquals } from "@std/assert";
import { readScreen, textOf } from "./screen.ts";

const ESC = "\x1b[";

// Breaks when a code changes more than its own property, or its look ends too early or too late.
Deno.test("readScreen() reads colors and styles, which last over ends of lines until they are changed", () => {
  const captured = [
    `plain ${ESC}1mbold${ESC}38;5;114m green${ESC}22m on`,
    `more${ESC}0m off${ESC}38;2;1;2;3;48;5;237mboth${ESC}39m behind${ESC}m`,
    `${ESC}3;4mx${ESC}23;24;7my${ESC}27m${ESC}2mz${ESC}m`,
    `${ESC}31ma${ESC}92mb${ESC}49;100mc${ESC}K`,
  ].join("\n");
  assertEquals(readScreen(captured), [
    [
      { text: "plain " },
      { text: "bold", isBold: true },
      { text: " green", isBold: true, color: 114 },
      { text: " on", color: 114 },
    ],
    [
      { text: "more", color: 114 },
      { text: " off" },
      { text: "both", color: [1, 2, 3], background: 237 },
      { text: " behind", background: 237 },
    ],
    [
      { text: "x", isItalic: true, isUnderlined: true },
      { text: "y", isInverse: true },
      { text: "z", isDim: true },
    ],
    [
      { text: "a", color: 1 },
      { text: "b", color: 10 },
      { text: "c", color: 10, background: 8 },
    ],
  ]);
});

Deno.test("textOf() gives the text of a line without how it looks", () => {
  assertEquals(readScreen(`a ${ESC}1mb${ESC}0m\n\n`).map(textOf), [
    "a b",
    "",
    "",
  ]);
});
