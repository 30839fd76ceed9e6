import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import { Placeholders } from "./placeholders.ts";
import { MAX_FORMS, SecretRedactor } from "./redactor.ts";
import { openScanner } from "./scanner.ts";
import type { Finding } from "./spans.ts";
import { Random } from "./testing/random.ts";

const random = new Random(7);
const GITHUB = `ghp_${random.text("base62", 36)}`;
const OTHER_GITHUB = `ghp_${random.text("base62", 36)}`;
const PASSWORD = "Maple" + "tundra42!";

/** Learns and redacts texts, with the placeholders of one share. */
async function redacted(
  texts: string[],
  placeholders = new Placeholders(),
): Promise<string[]> {
  const redactor = new SecretRedactor(openScanner(), placeholders);
  await redactor.learn(texts);
  return texts.map((text) => redactor.redact(text));
}

Deno.test("redact() gives the same secret the same number throughout a share, also before the place where it was found", async () => {
  const redactor = new SecretRedactor(openScanner(), new Placeholders());
  const texts = [
    `use ${PASSWORD} and ${GITHUB}`,
    `DB_PASSWORD=${PASSWORD}`,
    `${OTHER_GITHUB} ${GITHUB}`,
  ];
  await redactor.learn(texts);
  assertEquals(texts.map((text) => redactor.redact(text)), [
    "use [secret: password #1] and [secret: GitHub token #1]",
    "DB_PASSWORD=[secret: password #1]",
    "[secret: GitHub token #2] [secret: GitHub token #1]",
  ]);
  assertEquals(
    redactor.counts,
    new Map([["password", 2], ["GitHub token", 3]]),
  );
});

Deno.test("redact() goes on with the numbers of a share in its next text", async () => {
  const placeholders = new Placeholders();
  await redacted([GITHUB], placeholders);
  assertEquals(await redacted([`${OTHER_GITHUB} ${GITHUB}`], placeholders), [
    "[secret: GitHub token #2] [secret: GitHub token #1]",
  ]);
});

Deno.test("redact() leaves placeholders alone that a text has already, and gives their numbers to no other secret", async () => {
  assertEquals(
    await redacted([
      `token: ${GITHUB}`,
      "password=[secret: password #4], token: [secret: GitHub token #1]",
      `[secret: GitHub token #999999999] password=${PASSWORD}`,
    ]),
    [
      "token: [secret: GitHub token #2]",
      "password=[secret: password #4], token: [secret: GitHub token #1]",
      "[secret: GitHub token #999999999] password=[secret: password #5]",
    ],
  );
});

Deno.test("redact() takes out a secret that is a part of another, and the other as a whole", async () => {
  const long = `${PASSWORD}-and-${random.text("base62", 12)}`;
  assertEquals(
    await redacted([`A_PASSWORD=${PASSWORD}`, `B_PASSWORD=${long}`]),
    ["A_PASSWORD=[secret: password #1]", "B_PASSWORD=[secret: password #2]"],
  );
});

Deno.test("redact() knows a secret in JSON strings and URLs", async () => {
  const password = 'Maple"tundra' + "42/x";
  const texts = [
    `password: '${password}'`,
    JSON.stringify({ line: password }),
    `https://host/?p=${encodeURIComponent(password)}`,
  ];
  assertEquals(await redacted(texts), [
    "password: '[secret: password #1]'",
    '{"line":"[secret: password #1]"}',
    "https://host/?p=[secret: password #1]",
  ]);
});

/** Marks of quotations, diffs and comments before the lines of a key. */
const MARKS = [
  "> ",
  ">",
  "> > ",
  "+",
  "-",
  "+ ",
  "- ",
  "# ",
  "#",
  " * ",
  "// ",
];

Deno.test("redact() gives a private key one number, with escaped ends, numbers of lines and marks before lines too, and takes out single lines of it", async () => {
  const lines = Array.from({ length: 12 }, () => random.text("base64", 64));
  const key = [
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    ...lines,
    "-----END RSA " + "PRIVATE KEY-----",
  ];
  const numbered = key.map((line, at) =>
    `${String(at + 7).padStart(6)}→${line}`
  );
  assertEquals(
    await redacted([
      key.join("\n"),
      JSON.stringify(key.join("\n")),
      numbered.join("\n"),
      ...MARKS.map((mark) => key.join(`\n${mark}`)),
      `what does ${lines[3]} mean?`,
    ]),
    [
      "[secret: private key #1]",
      '"[secret: private key #1]"',
      "     7→[secret: private key #1]",
      ...MARKS.map(() => "[secret: private key #1]"),
      "what does [secret: private key #1] mean?",
    ],
  );
});

Deno.test("redact() changes nothing that was not learned", async () => {
  const redactor = new SecretRedactor(openScanner(), new Placeholders());
  await redactor.learn(["nothing here"]);
  assertEquals(
    redactor.redact(`\u{feff}\ud800 ${GITHUB}\0`),
    `\u{feff}\ud800 ${GITHUB}\0`,
  );
  assertEquals(redactor.counts, new Map());
});

/** Finds every word, so that a text has as many secrets as it has words. */
const EVERY_WORD = {
  scan: (strings: readonly string[]) =>
    Promise.resolve(
      strings.flatMap((text, string): Finding[] =>
        Array.from(text.matchAll(/\S+/g), ({ 0: value, index: start }) => (
          {
            kind: "word",
            rule: "word",
            value,
            string,
            start,
            end: start + value.length,
          }
        ))
      ),
    ),
};

Deno.test("redact() takes linear time with tens of thousands of secrets", async () => {
  const words = Array.from({ length: 40_000 }, () => random.text("base62", 40));
  const redactor = new SecretRedactor(EVERY_WORD, new Placeholders());
  const start = performance.now();
  for (let at = 0; at < words.length; at += 1000) {
    await redactor.learn([words.slice(at, at + 1000).join(" ")]);
  }
  const text = redactor.redact(words.join(" "));
  assert(performance.now() - start < 30_000);
  assertEquals(redactor.counts.get("word"), words.length);
  assert(text.endsWith("[secret: word #40000]"));
});

Deno.test("learn() refuses more secrets than fit in memory", async () => {
  const redactor = new SecretRedactor(EVERY_WORD, new Placeholders());
  const words = Array.from({ length: MAX_FORMS + 1 }, (_, n) => `word${n}`);
  const error = await assertRejects(
    () => redactor.learn([words.join(" ")]),
    SpreadError,
    "Cannot take the secrets out: they and their escaped forms are more than 100000, or more than 16 MiB",
  );
  assertEquals(error.code, "PAYLOAD_TOO_LARGE");
});

Deno.test("redact() takes out a secret of megabytes, in time", async () => {
  const text = ("eyJ" + "hbGciOi.eyJ").repeat(300_000);
  const redactor = new SecretRedactor(openScanner(), new Placeholders());
  await redactor.learn([text]);
  const start = performance.now();
  const redacted = redactor.redact(`x ${text}`);
  assertEquals(performance.now() - start < 30_000, true);
  assertEquals(redacted.includes("eyJ" + "hbGciOi.eyJ".repeat(2)), false);
});

Deno.test("redact() gives a secret one number in all its forms, also with unseen characters in it", async () => {
  const value = `Zu7"kL/q9x`;
  const redactor = new SecretRedactor(
    openScanner({ values: [value] }),
    new Placeholders(),
  );
  const texts = [
    `\x1b[31mZu7\x1b[0m"kL/q9x, Zu7\\"kL/q9x`,
    `${new TextEncoder().encode(value).toBase64()} Zu7%22kL%2Fq9x`,
    `Zu7\u200b"kL/q9\u200bx`,
  ];
  await redactor.learn(texts);
  const one = "[secret: environment value #1]";
  assertEquals(texts.map((text) => redactor.redact(text)), [
    `\x1b[31m${one}, ${one}`,
    `${one} ${one}`,
    one,
  ]);
  // Learned elsewhere, where its name told it.
  const password = "Quiet" + "Map9!le";
  await redactor.learn([`DB_PASSWORD=${password}`]);
  assertEquals(
    redactor.redact(`Quiet\x1b[1m${password.slice(5)}`),
    "[secret: password #1]",
  );
});

Deno.test("redact() takes out the base64 of a value of the project's files, whatever rule found the value first", async () => {
  const table: [value: string, plain: string, encoded: string][] = [
    [PASSWORD, "DB_PASSWORD=", "in base64: "],
    [PASSWORD, "DB_PASSWORD=", "DB_PASSWORD="],
    [GITHUB, "", "in base64: "],
  ];
  for (const [value, before, beforeEncoded] of table) {
    const texts = [
      before + value,
      beforeEncoded + new TextEncoder().encode(value).toBase64(),
    ];
    for (const order of [texts, texts.toReversed()]) {
      const redactor = new SecretRedactor(
        openScanner({ values: [value] }),
        new Placeholders(),
      );
      for (const text of order) await redactor.learn([text]);
      const [plain, encoded] = texts.map((text) => redactor.redact(text));
      const one = /\[secret: .* #1\]$/;
      assertEquals(plain!.replace(one, "…"), `${before}…`);
      assertEquals(encoded!.replace(one, "…"), `${beforeEncoded}…`);
    }
  }
});
