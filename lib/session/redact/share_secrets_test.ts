import { assertEquals, assertRejects } from "@std/assert";
import { openScanner } from "../../secrets/scanner.ts";
import { SessionShareSecrets } from "./share_secrets.ts";

Deno.test("redactor() opens a project's scanner once, but again after a failure", async () => {
  const opened: string[] = [];
  const secrets = new SessionShareSecrets(async (project) => {
    opened.push(project);
    if (opened.length === 1) throw new RangeError("broken settings");
    return await Promise.resolve(openScanner());
  });
  await assertRejects(() => secrets.redactor("a"), RangeError);
  await secrets.redactor("a");
  await secrets.redactor("a");
  await secrets.redactor("b");
  assertEquals(opened, ["a", "a", "b"]);
});
