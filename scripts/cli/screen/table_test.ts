import { assert, assertEquals } from "@std/assert";
import { type Column, formatTable } from "./table.ts";
import { widthOf } from "./width.ts";

const COLUMNS: Column[] = [
  { title: "ID" },
  { title: "NAME", min: 8 },
  { title: "SIZE", isNumber: true },
  { title: "NOTE", min: 6 },
];

const ROWS = [
  ["cffd9c3a", "Refunds that keep cents", "9", "nobody yet"],
  ["", "암호의 역사", "1234", ""],
];

const dim = (text: string) => `<${text}>`;

/** The table on a terminal of each width, `null` for none. */
const TABLES: [columns: number | null, string][] = [
  [
    null,
    `<ID        NAME                     SIZE  NOTE>
cffd9c3a  Refunds that keep cents     9  nobody yet
          암호의 역사              1234`,
  ],
  [
    51,
    `<ID        NAME                     SIZE  NOTE>
cffd9c3a  Refunds that keep cents     9  nobody yet
          암호의 역사              1234`,
  ],
  [
    50,
    `<ID        NAME                    SIZE  NOTE>
cffd9c3a  Refunds that keep cen…     9  nobody yet
          암호의 역사             1234`,
  ],
  [
    36,
    `<ID        NAME       SIZE  NOTE>
cffd9c3a  Refunds…      9  nobody y…
          암호의…    1234`,
  ],
  [
    32,
    `<ID        NAME      SIZE  NOTE>
cffd9c3a  Refunds…     9  nobod…
          암호의…   1234`,
  ],
  [
    31,
    `cffd9c3a
  Refunds that keep cents
  9
  nobody yet
  암호의 역사
  1234`,
  ],
  [
    20,
    `cffd9c3a
  Refunds that keep…
  9
  nobody yet
  암호의 역사
  1234`,
  ],
];

for (const [columns, expected] of TABLES) {
  Deno.test(`formatTable() fits a screen of ${columns} columns`, () => {
    const text = formatTable(COLUMNS, ROWS, { columns, dim });
    assertEquals(text, expected);
    for (const line of text.replace(/[<>]/g, "").split("\n")) {
      assert(columns === null || widthOf(line) <= columns, line);
    }
  });
}

Deno.test("formatTable() keeps a cell on its line, whatever is in it", () => {
  const rows = [["a\nb", "\x1b[31mred", "\u202e1", "tab\there\u2028"]];
  const screen = { columns: null, dim: (text: string) => text };
  assertEquals(
    formatTable(COLUMNS, rows, screen).split("\n")[1],
    "a b   [31mred     1  tab here",
  );
});
