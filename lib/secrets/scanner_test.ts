import { assertEquals } from "@std/assert";
import { mask } from "./mask.ts";
import { LEFT_OUT, PREFIX, PRESET_RULES } from "./preset_rules.ts";
import { Placeholders } from "./placeholders.ts";
import { SecretRedactor } from "./redactor.ts";
import { openScanner } from "./scanner.ts";

const GITHUB = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";
const AWS = "AKIA" + "Q7XW3M5ZKJ2NVB4R";

Deno.test("scan() names the kind and the exact place of what the preset and our rules find", async () => {
  const text = `token ${GITHUB}, id ${AWS}`;
  const findings = await openScanner().scan(["nothing here", text]);
  assertEquals(findings, [{
    kind: "GitHub token",
    rule: "github-token",
    value: GITHUB,
    string: 1,
    start: 6,
    end: 6 + GITHUB.length,
  }, {
    kind: "AWS access key",
    rule: "aws-access-key-id",
    value: AWS,
    string: 1,
    start: text.indexOf(AWS),
    end: text.length,
  }]);
});

Deno.test("scan() goes on where a text says secretlint-disable", async () => {
  const text = `/* secretlint-disable */ ${GITHUB}`;
  assertEquals((await openScanner().scan([text])).length, 1);
});

Deno.test("every rule of the preset either runs or is left out for a reason", async () => {
  const { rules } = await import(
    "@secretlint/secretlint-rule-preset-recommend"
  );
  const names = rules.map(({ meta }) => meta.id.slice(PREFIX.length)).sort();
  assertEquals(
    [...Object.keys(PRESET_RULES), ...Object.keys(LEFT_OUT)].sort(),
    names,
  );
});

Deno.test("redact() gives the same secret the same number throughout a share, also before the place where it was found", async () => {
  const placeholders = new Placeholders();
  const value = "dull" + "Horse77battery";
  const texts = [`use ${value} and ${GITHUB}`, `DB_PASSWORD=${value}`];
  const redactor = new SecretRedactor(openScanner(), placeholders);
  await redactor.learn(texts);
  assertEquals(texts.map((text) => redactor.redact(text)), [
    "use [secret: password #1] and [secret: GitHub token #1]",
    "DB_PASSWORD=[secret: password #1]",
  ]);
  assertEquals(
    redactor.counts,
    new Map([["password", 2], ["GitHub token", 1]]),
  );
});

Deno.test("mask() shows little of a long value and nothing of a short one", () => {
  assertEquals(mask(GITHUB), "ghp_…3hJ6");
  assertEquals(mask("hunter22"), "…");
});
