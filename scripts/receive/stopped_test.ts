import { assertEquals } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { explainStop } from "./stopped.ts";

Deno.test("explainStop() says what is left of the transfer", () => {
  const stop = new SpreadError("INTERRUPTED", "Stopped");
  const table: [Parameters<typeof explainStop>[1], string][] = [
    [null, "Stopped; nothing was received"],
    [
      { bytes: 125_000_000, size: 400_000_000 },
      "Stopped; 125.0 MB are kept, and the same command continues from there",
    ],
    // The last of several sessions has arrived.
    [{ bytes: 400, size: 400 }, "Stopped"],
  ];
  for (const [moved, message] of table) {
    const { code, message: said, hint } = explainStop(stop, moved);
    assertEquals([code, said, hint], ["INTERRUPTED", message, ""]);
  }
});
