/** Our passphrases in transcripts, wherever else they stand; `passphrase_places_test.ts` has the places. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { OPEN_OPTIONS, redact, typed } from "../../testing/passphrases.ts";
import { PassphraseRedactor } from "./passphrases.ts";

Deno.test("PassphraseRedactor.redact() finds what was typed everywhere else", () => {
  const line = { message: { content: typed('--relay "my old horse"') } };
  assertEquals(
    redact("I share with my old horse.", line),
    "I share with [redacted].",
  );
  assertEquals(redact('{"p":"my old horse"}', line), '{"p":"[redacted]"}');
});

Deno.test("PassphraseRedactor.redact() takes no value of our options for a secret elsewhere", () => {
  const line =
    "claude-spread serve --kind session --session 0b9e5a3c --project \"/home/alex/my app\" --typed='/home/alex/.claude/plugins/data/x' --output /tmp/a.session 'my old horse' --port 41234";
  assertEquals(
    redact("my old horse: /home/alex/my app/a.md, /tmp/a.session", line),
    "[redacted]: /home/alex/my app/a.md, /tmp/a.session",
  );
  assertEquals(
    redact(line).slice(0, 75),
    line.slice(0, 75),
  );
  assert(!redact(line).includes("horse"), redact(line));
});

Deno.test("PassphraseRedactor.redact() finds invites and their words, once they were shown", () => {
  const line = ["claude-spread: type k7m2xq-niece-broke-zippy-iron"];
  assertEquals(
    redact("use k7m2xq-niece-broke-zippy-iron or niece-broke-zippy-iron", line),
    "use [redacted] or [redacted]",
  );
});

Deno.test("PassphraseRedactor.redact() finds the words that a person was told to have typed", () => {
  for (
    const line of [
      "type:\n\n    /claude-spread:sessions-receive niece-broke-zippy-iron\n",
      "/claude-spread:distill-receive --relay wss://relay.example.org --room k7m2xq niece-broke-zippy-iron",
      "type:\n\n    /claude-spread:pair niece-broke-zippy-iron\n",
    ]
  ) {
    assertEquals(
      redact("it is niece-broke-zippy-iron", line),
      "it is [redacted]",
    );
  }
});

Deno.test("PassphraseRedactor.redact() finds forms that the client, shells and JSON give a passphrase", () => {
  const line = typed(`it's \\!so "odd"`);
  for (
    const form of [
      `it's !so "odd"`,
      `it'\\''s \\!so "odd"`,
      `it's \\\\!so \\"odd\\"`,
    ]
  ) {
    assert(!redact(`a ${form} b`, line).includes("odd"), form);
  }
});

Deno.test("PassphraseRedactor.redact() finds secrets that overlap", () => {
  const lines = [typed("my old horse"), typed("old horse and cart")];
  assertEquals(redact("x my old horse and cart x", ...lines), "x [redacted] x");
});

Deno.test("PassphraseRedactor.redact() does not take what follows a command in a text for a secret elsewhere", () => {
  const line = "Type /claude-spread:stop and then go on with it";
  assertEquals(
    redact("and then go on with it", line),
    "and then go on with it",
  );
});

Deno.test("PassphraseRedactor.redact() leaves short plain words elsewhere: they are ordinary text", () => {
  assertEquals(redact("run the tests", typed("tests")), "run the tests");
  assertEquals(redact("x pw-1 x", typed("pw-1")), "x [redacted] x");
  assertEquals(redact("x apw-1b x", typed("pw-1")), "x apw-1b x");
});

Deno.test("PassphraseRedactor finds every telling passphrase, whatever its characters", () => {
  const passphrase = fc.string({
    unit: "grapheme",
    minLength: 12,
    maxLength: 60,
  })
    .map((text) => text.trim().replace(/^[-"']+/, "x"))
    .filter((text) =>
      text.length >= 12 && !/[<\n]/.test(text) && /\s/.test(text) &&
      !/^\S*:/.test(text)
    );
  fc.assert(fc.property(passphrase, (text) => {
    const found = redact(`say ${text} to me`, typed(text));
    assertEquals(found, "say [redacted] to me");
  }));
});

Deno.test("PassphraseRedactor takes time that grows as the text does, whatever it is, of messages and files", () => {
  const unended = Array.from(
    { length: 20_000 },
    (_, n) => `claude-spread a <<X${n}\n`,
  );
  const hostile = [
    "claude-spread serve <<'X'\n".repeat(20_000),
    "<command-name>/claude-spread:a</command-name><command-args>".repeat(5_000),
    "Base directory for this skill: " + "\nARGUMENTS: ".repeat(50_000),
    "CLAUDE_SPREAD_PASSPHRASE='".repeat(20_000),
    "claude-spread serve " + "'a".repeat(50_000),
    "claude-spread serve " + "\\\n ".repeat(50_000),
    "claude-spread serve " + '"\\'.repeat(50_000),
    "claude-spread/".repeat(50_000),
    "claude-spread serve " + "<<<".repeat(50_000),
    "claude-spread receive <<< ".repeat(20_000),
    "claude-spread " + "echo 'a' ".repeat(50_000),
    "claude-spread " + "echo | ".repeat(50_000) + "/".repeat(50_000),
    "CLAUDE_SPREAD_PASSPHRASE " + "\\".repeat(100_000),
    "CLAUDE_SPREAD_PASSPHRASE=" + "a'".repeat(50_000),
    "sessions-receive --a ".repeat(20_000),
    'claude-spread "passphrase":"' + "\\".repeat(100_000),
    "/claude-spread:a " + "a-".repeat(100_000),
    "a2aaaa-" + "aa-".repeat(100_000),
    unended.join(""),
    '/sessions-receive "a" '.repeat(20_000),
  ];
  for (const text of hostile) {
    const quarter = text.slice(0, text.length / 4);
    // As long as the whole takes, so that a busy machine slows both down alike.
    const isLinear = () => {
      const quarters = [1, 2, 3, 4].reduce((ms) => ms + timeOf(quarter), 0);
      return timeOf(text) < 2.5 * quarters + 500;
    };
    assert(isLinear() || isLinear() || isLinear(), text.slice(0, 40));
  }
});

Deno.test("PassphraseRedactor takes no more time for a text with heredocs than for another one of ours", () => {
  const length = 100_000;
  const repeated = (unit: string) => unit.repeat(length / unit.length);
  const plain = timeOf(repeated("claude-spread a "));
  for (
    const unit of [
      "claude-spread a <<a ",
      "claude-spread a << ",
      `claude-spread ${"a".repeat(90)}<<a `,
      "claude-spread a ".repeat(60) + "<<a ".repeat(200),
    ]
  ) {
    // A look at all signs after each of them would take 50 times as long.
    const ms = timeOf(repeated(unit));
    assert(ms < 10 * plain + 500, `${unit}: ${ms} ms, not ${plain} ms`);
  }
});

function timeOf(text: string): number {
  const start = performance.now();
  redact(text, text);
  const secrets = new PassphraseRedactor(OPEN_OPTIONS);
  secrets.learn(text, true);
  secrets.redactLines(text);
  return performance.now() - start;
}

Deno.test("PassphraseRedactor.redact() finds words that were suggested for mistyped ones", () => {
  for (
    const line of [
      'spread: hint: Did you mean "niece-broke-zippy-iron"? A passphrase of your own …',
      '{"event":"failed","hint":"Did you mean \\"k7m2xq-niece-broke-zippy-iron\\"?"}',
      'Did you mean "niece-brook-zippy-iron", "niece-broke-zippy-iron" or "niece-broom-zippy-iron"?',
    ]
  ) {
    assert(!redact(line).includes("zippy"), redact(line));
    assertEquals(
      redact("it is niece-broke-zippy-iron", line),
      "it is [redacted]",
    );
  }
  const other = 'git: Did you mean "commit-graph"?';
  assertEquals(redact(other), other);
});

Deno.test("PassphraseRedactor.redact() finds words with hyphens that were typed with blanks", () => {
  assertEquals(
    redact(
      "it is niece-broke-zippy-iron",
      "/claude-spread:distill-receive Niece broke zippy iron",
    ),
    "it is [redacted]",
  );
});

Deno.test("PassphraseRedactor.redact() finds the passphrase of a command line elsewhere, without options and FILE", () => {
  const words = "niece-broke-zippy-iron";
  const table: [secret: string, line: string][] = [
    ["old-horse-9", "serve old-horse-9 notes.md"],
    ["my old horse", "serve 'my old horse' --relay wss://a.example notes.md"],
    ["old horse", "serve --once -- 'old horse' --relay"],
    ["old-horse-9", "receive -o out.md old-horse-9"],
    ["old-horse-9", "receive old-horse-9 --output=out.md 10.0.0.1:4242"],
    [words, "receive niece broke zippy iron -o out.md"],
    [words, "receive Niece broke zippy iron 10.0.0.1:4242"],
    [words, "receive niece–broke–zippy–iron"],
    [words, "receive 'niece, broke, zippy, iron'"],
    [words, "pair --interface 10.0.0.1 niece broke zippy iron"],
    [words, `receive "claude-spread receive ${words}"`],
  ];
  for (const [secret, line] of table) {
    const text = `it is ${secret}, not out.md or notes.md`;
    assertEquals(
      redact(text, `claude-spread ${line}`),
      "it is [redacted], not out.md or notes.md",
      line,
    );
  }
});

Deno.test("PassphraseRedactor.redact() takes no FILE for a secret, where no passphrase stands before it", () => {
  const line = "claude-spread serve --once docs/notes.md";
  assertEquals(redact("see docs/notes.md", line), "see docs/notes.md");
});

Deno.test("PassphraseRedactor.redact() finds the words that a person typed at a prompt", () => {
  const screen =
    "Words from the sender: niece-broke-zippy-iron\nspread: found a";
  assertEquals(
    redact(screen),
    "Words from the sender: [redacted]\nspread: found a",
  );
  assertEquals(redact("niece-broke-zippy-iron", screen), "[redacted]");
});
