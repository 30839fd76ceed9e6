import { assertEquals } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { explainStop } from "./stopped.ts";

Deno.test("explainStop() says what is left of the transfer", () => {
  const stop = new SpreadError("INTERRUPTED", "Stopped");
  const table: [Parameters<typeof explainStop>[1], string, boolean?][] = [
    [null, "Stopped; nothing was received"],
    [
      { bytes: 125_000_000, size: 400_000_000 },
      "Stopped; this machine keeps 125.0 MB, and the same command continues from there",
    ],
    [
      { bytes: 1_000, size: 2_000 },
      "Stopped; this machine keeps 1.0 KB, and the same command with another --output continues from there",
      true,
    ],
    // The last of several sessions has arrived.
    [{ bytes: 400, size: 400 }, "Stopped"],
  ];
  for (const [moved, message, isPlaced] of table) {
    const { code, message: said, hint } = explainStop(stop, moved, isPlaced);
    assertEquals([code, said, hint], ["INTERRUPTED", message, ""]);
  }
});
