/** Our passphrases in transcripts: every place in which the real Claude Code keeps them. */

import { assertEquals } from "@std/assert";
import { OPEN_OPTIONS, redact, typed } from "../../testing/passphrases.ts";
import { PassphraseRedactor } from "./passphrases.ts";

const PLACES: [what: string, text: string, redacted: string][] = [
  ["arguments", typed("my old horse"), typed("[redacted]")],
  [
    "arguments behind options",
    typed("--relay --once my old horse"),
    typed("--relay --once [redacted]"),
  ],
  [
    "arguments behind a relay's address",
    typed('--relay wss://relay.example.org "my old horse"'),
    typed("--relay wss://relay.example.org [redacted]"),
  ],
  [
    "the code of a drop, in an event",
    '{"event":"left","code":"drop-wc63z-05769-ajt2e-z6gta-phvpe-b1kjf","size":8}',
    '{"event":"left","code":"[redacted]","size":8}',
  ],
  [
    "the code of a drop as it is shown, with the relay",
    "type:\n\n    claude-spread receive --relay ws://r:1 drop-wc63z-05769-ajt2e-z6gta-phvpe-b1kjf\n",
    "type:\n\n    claude-spread receive --relay ws://r:1 [redacted]\n",
  ],
  [
    "the code of a drop in anybody's words",
    "Take DROP\u2011WC63Z 05769 ajt2e-z6gta_phvpe\nb1kjf, or drop these three small brown birds again",
    "Take [redacted], or drop these three small brown birds again",
  ],
  ["a short passphrase", typed("pw"), typed("[redacted]")],
  ["several lines", typed("--relay\nold\nhorse"), typed("--relay\n[redacted]")],
  [
    "arguments before the name",
    "<command-args>horse</command-args>\n<command-name>/memory-receive</command-name>",
    "<command-args>[redacted]</command-args>\n<command-name>/memory-receive</command-name>",
  ],
  [
    "a prompt as it was queued",
    "/claude-spread:sessions-share --all old\nhorse",
    "/claude-spread:sessions-share --all [redacted]",
  ],
  ["a short name", "/distill-receive horse", "/distill-receive [redacted]"],
  [
    "the text of a skill",
    "Base directory for this skill: /p/claude-spread/skills/distill-share\n\nShare.\n\n\nARGUMENTS: --relay my old horse",
    "Base directory for this skill: /p/claude-spread/skills/distill-share\n\nShare.\n\n\nARGUMENTS: --relay [redacted]",
  ],
  [
    "a heredoc",
    "claude-spread serve --typed - --json <<'CS_END'\n--relay my old horse\nCS_END\necho done",
    "claude-spread serve --typed - --json <<'CS_END'\n--relay [redacted]\nCS_END\necho done",
  ],
  [
    "a heredoc after other signs",
    'claude-spread take a<b "<<, c" <<-"E" | cat\nmy old horse\n\tE\n',
    'claude-spread take a<b "<<, c" <<-"E" | cat\n[redacted]\n\tE\n',
  ],
  [
    "a command line",
    "claude-spread receive --output notes.md old-horse && ls",
    "claude-spread receive --output notes.md [redacted] && ls",
  ],
  [
    "a command line that makes a pair",
    "claude-spread pair --relay wss://a.example niece-broke-zippy-iron && ls",
    "claude-spread pair --relay wss://a.example [redacted] && ls",
  ],
  [
    "a command that makes a pair, in Claude Code",
    "/claude-spread:pair niece-broke-zippy-iron",
    "/claude-spread:pair [redacted]",
  ],
  [
    "a command line that makes a pair, with blanks between the words",
    "claude-spread pair --name cedar niece broke zippy iron; ls",
    "claude-spread pair --name cedar [redacted]; ls",
  ],
  [
    "a command line that makes a pair, mistyped",
    "claude-spread pair k7m2xq-nieces-broke-zippy-iron 10.0.0.1:80",
    "claude-spread pair [redacted]",
  ],
  [
    "a variable",
    "CLAUDE_SPREAD_PASSPHRASE='my old horse' claude",
    "CLAUDE_SPREAD_PASSPHRASE='[redacted]' claude",
  ],
  [
    "a value in settings",
    '{"env": {"CLAUDE_SPREAD_PASSPHRASE": "my old horse"}}',
    '{"env": {"CLAUDE_SPREAD_PASSPHRASE": "[redacted]"}}',
  ],
  [
    "a value in settings inside JSON",
    '{\\"CLAUDE_SPREAD_PASSPHRASE\\":\\"my old horse\\"}',
    '{\\"CLAUDE_SPREAD_PASSPHRASE\\":\\"[redacted]\\"}',
  ],
  [
    "a variable of PowerShell",
    "$env:CLAUDE_SPREAD_PASSPHRASE = 'my old horse'",
    "$env:CLAUDE_SPREAD_PASSPHRASE = '[redacted]'",
  ],
  [
    "a variable of fish",
    'set -x CLAUDE_SPREAD_PASSPHRASE "my old horse"',
    'set -x CLAUDE_SPREAD_PASSPHRASE "[redacted]"',
  ],
  [
    "a variable with escaped blanks",
    "CLAUDE_SPREAD_PASSPHRASE=my\\ old\\ horse claude",
    "CLAUDE_SPREAD_PASSPHRASE=[redacted] claude",
  ],
  [
    "a here-string",
    "claude-spread receive --passphrase-file - <<< 'my old horse' && ls",
    "claude-spread receive --passphrase-file - <<< [redacted] && ls",
  ],
  [
    "what is piped",
    "printf '%s' 'my old horse' | /opt/bin/claude-spread receive --passphrase-file -",
    "printf '%s' [redacted] | /opt/bin/claude-spread receive --passphrase-file -",
  ],
  [
    "a command line of several lines",
    "claude-spread receive \\\n  --output notes.md \\\n  old-horse\nls",
    "claude-spread receive [redacted]\nls",
  ],
  [
    "a command line of the compiled program",
    "./claude-spread-linux-x64 receive 'my old horse'",
    "./claude-spread-linux-x64 receive [redacted]",
  ],
  [
    "a command line of the script",
    "deno run -A ~/claude-spread/scripts/receive.ts 'my old horse'",
    "deno run -A ~/claude-spread/scripts/receive.ts [redacted]",
  ],
  [
    "an event",
    '{"event":"ready","passphrase":"niece-broke","room":"k7m2xq"} claude-spread',
    '{"event":"ready","passphrase":"[redacted]","room":"k7m2xq"} claude-spread',
  ],
  [
    "an event inside JSON",
    '{"stdout":"claude-spread {\\"invite\\":\\"horse\\"}"}',
    '{"stdout":"claude-spread {\\"invite\\":\\"[redacted]\\"}"}',
  ],
  [
    "words for somebody to type",
    "Type /claude-spread:distill-receive horse on the other",
    "Type /claude-spread:distill-receive [redacted]",
  ],
];

for (const [what, text, redacted] of PLACES) {
  Deno.test(`PassphraseRedactor.redact() takes out ${what}`, () => {
    const secrets = new PassphraseRedactor(OPEN_OPTIONS);
    assertEquals(secrets.redact(text), redacted);
    assertEquals(secrets.count, 1);
    assertEquals(secrets.redact(redacted), redacted);
  });
}

const OPEN: string[] = [
  typed(""),
  typed("--relay --keep-open 5"),
  "claude-spread stop",
  "there are no pairs; claude-spread pair makes one",
  "Type claude-spread pair there, with the same words",
  "Run claude-spread pair again, for new words",
  "claude-spread pair --name cedar --relay",
  "claude-spread status --json && ls",
  "echo 'my old horse' | wc; printf x | claude-spread.log",
  "deno run -A serve.ts public",
  "CLAUDE_SPREAD_PASSPHRASE: it is read when Claude starts",
  'export CLAUDE_SPREAD_PASSPHRASE="$(cat ~/words)"; if (env.CLAUDE_SPREAD_PASSPHRASE === "x")',
  "See /claude-spread:distill-share\nand its README",
  "Nothing of ours: <command-name>/init</command-name><command-args>fast</command-args>",
];

for (const text of OPEN) {
  Deno.test(`PassphraseRedactor.redact() leaves ${JSON.stringify(text)} as it is`, () => {
    assertEquals(redact(text, { text }), text);
  });
}
