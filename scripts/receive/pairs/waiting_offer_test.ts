import { assertEquals } from "@std/assert";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { isSame } from "./waiting_offer.ts";

Deno.test("isSame() tells shares of the same text with other work apart", () => {
  const offer: Offer = {
    kind: "distillation",
    name: "notes.md",
    size: 1,
    sha256: "1".repeat(64),
    created: "2026-11-29T10:00:00.000Z",
    work: { size: 1, sha256: "2".repeat(64) },
  };
  const table: [Offer | null, boolean][] = [
    [{ ...offer, created: "2026-11-29T11:00:00.000Z" }, true],
    [{ ...offer, sha256: "3".repeat(64) }, false],
    [{ ...offer, work: { size: 1, sha256: "3".repeat(64) } }, false],
    [{ ...offer, work: undefined }, false],
    [null, false],
  ];
  for (const [now, same] of table) assertEquals(isSame(now, offer), same);
});
