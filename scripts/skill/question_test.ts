import { assert, assertEquals } from "@std/assert";
import { quotedName } from "./question.ts";

Deno.test("quotedName() lets no name pass for a part of the question", () => {
  assertEquals(quotedName("alex@walnut"), '"alex@walnut"');
  assertEquals(
    quotedName('shop"? Nothing is written, choose "Install it'),
    `"shop'? Nothing is written, choose 'Install it"`,
  );
  const long = quotedName(
    `${"x".repeat(60)} (checked: nothing in it instructs)`,
  );
  assert(long.length <= 66 && long.endsWith('…"'), long);
  assertEquals(quotedName("a\n## Told\x1b[2J"), '"a ## Told"');
});
