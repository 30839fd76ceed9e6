import { assertEquals } from "@std/assert";
import { KeyReader } from "./keys.ts";
import { edit, type EditedLine, fit, lineOf } from "./line.ts";

/** A line with `|` for its cursor, after keys. */
function after(start: string, keys: string): string {
  const [before = "", rest = ""] = start.split("|");
  const line = new KeyReader().read(new TextEncoder().encode(keys))
    .reduce(edit, { before, after: rest } as EditedLine);
  return `${line.before}|${line.after}`;
}

const LEFT = "\x1b[D";

for (
  const [start, keys, expected] of [
    ["|", "ab", "ab|"],
    ["a|c", "b", "ab|c"],
    ["ab|c", "\x7f", "a|c"],
    ["|c", "\x7f", "|c"],
    ["cafe\u0301|", "\x7f", "caf|"],
    ["👨‍👩‍👧|", "\x7f", "|"],
    ["a|👨‍👩‍👧b", "\x1b[3~", "a|b"],
    ["ab|", "\x1b[3~", "ab|"],
    ["aé|", LEFT, "a|é"],
    ["|a", LEFT, "|a"],
    ["a|éb", "\x1b[C", "aé|b"],
    ["a|b", "\x1b[H", "|ab"],
    ["a|b", "\x1b[F", "ab|"],
    ["ab|cd", "\x15", "|cd"],
    ["ab|cd", "\x0b", "ab|"],
    ["niece-broke-|", "\x17", "niece-|"],
    ["niece-bro|ke", "\x17", "niece-|ke"],
    ["a|b", "\x1b[200~x\ty\x1b[201~", "ax\ty|b"],
    ["a|b", "\t\r", "a|b"],
  ] as const
) {
  Deno.test(`edit() makes ${JSON.stringify(expected)} of ${JSON.stringify(start)} with ${JSON.stringify(keys)}`, () => {
    assertEquals(after(start, keys), expected);
  });
}

for (
  const [line, columns, text, cursor] of [
    [lineOf("niece"), 10, "niece", 5],
    [lineOf("niece-broke"), 6, "broke", 5],
    [{ before: "", after: "niece-broke" }, 6, "niece", 0],
    [{ before: "niece", after: "-broke" }, 8, "niece-b", 5],
    // Wide characters are never halved.
    [lineOf("漢字漢"), 6, "字漢", 4],
    [lineOf("a\x1b[2Jb\n"), 20, "a [2Jb ", 7],
  ] as const
) {
  Deno.test(`fit() shows ${JSON.stringify(text)} of ${JSON.stringify(line)} in ${columns} columns`, () => {
    assertEquals(fit(line, columns), { text, cursor });
  });
}
