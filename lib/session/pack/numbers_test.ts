import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Lists, NumberColumn, RowsByName } from "./numbers.ts";

Deno.test("Column keeps numbers in any row, and says which have none", () => {
  const column = new NumberColumn(-1);
  const rows = [0, 8191, 8192, 100_000];
  for (const row of rows) column.set(row, row * 2 ** 20);
  for (const row of rows) assertEquals(column.get(row), row * 2 ** 20);
  assertEquals([column.get(1), column.get(50_000), column.get(1e9)], [
    ...[-1, -1, -1],
  ]);
});

Deno.test("Lists keep what was added to each row, and forget it for a new list", () => {
  const list = fc.array(fc.integer({ min: 0, max: 2 ** 52 }), { maxLength: 4 });
  fc.assert(fc.property(list, list, (first, second) => {
    const lists = new Lists();
    for (const number of first) lists.add(7, number);
    assertEquals([lists.get(7), lists.get(6)], [first, []]);
    lists.set(7, second);
    assertEquals(lists.get(7), second);
  }));
});

Deno.test("RowsByName finds each of many names, the last row of each, and no other", () => {
  const rows = new RowsByName();
  const names = Array.from({ length: 50_000 }, (_, i) => `name ${i}`);
  for (const [i, name] of names.entries()) rows.set(name, i + 1);
  for (const [i, name] of names.entries()) rows.set(name, i);
  for (const [i, name] of names.entries()) assertEquals(rows.get(name), i);
  for (const name of ["", "name", "name 50000", "Name 1"]) {
    assertEquals(rows.get(name), undefined);
  }
});
