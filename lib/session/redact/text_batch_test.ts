import { assertEquals } from "@std/assert";
import { TextBatch } from "./text_batch.ts";

Deno.test("TextBatch.take() returns texts before many wait, empty ones too", () => {
  for (const text of ["", "x", "x".repeat(100)]) {
    const batch = new TextBatch();
    let most = 0;
    for (let count = 0; count < 200_000; count++) {
      batch.add(text);
      most = Math.max(most, batch.take().length);
    }
    assertEquals(most, Math.ceil(64 * 1024 / (text.length + 1)));
  }
});
