import { assertEquals } from "@std/assert";
import { describeCounts } from "./report.ts";

Deno.test("describeCounts() names a few kinds, however many a sender states", () => {
  const kinds = Array.from({ length: 12 }, (_, at) => (
    { kind: `kind ${at}`, places: 1 }
  ));
  assertEquals(
    describeCounts(kinds.slice(0, 2), " taken out"),
    "2 secrets taken out: kind 0, kind 1",
  );
  assertEquals(
    describeCounts(kinds),
    "12 secrets: kind 0, kind 1, kind 2, kind 3, kind 4, kind 5, kind 6, kind 7, kind 8, kind 9, 2 more kinds",
  );
});
