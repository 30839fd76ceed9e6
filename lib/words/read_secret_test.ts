import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { shortWords } from "../crypto/eff_short_words.ts";
import { type MistakenWords, readSecret } from "./read_secret.ts";

const WORDS = "niece-broke-zippy-iron";
const CODE = "k7m2xq";
const INVITE = `${CODE}-${WORDS}`;

/** Words that {@linkcode readSecret} found: room code, words, and what was pasted with them. */
function wordsIn(text: string): string | null {
  const secret = readSecret(text);
  if (secret.kind !== "words") return null;
  const { roomCode, words, relay, address } = secret;
  return [
    roomCode === null ? words : `${roomCode}-${words}`,
    relay === undefined ? "" : `relay ${relay}`.trim(),
    address,
  ].filter(Boolean).join(", ");
}

const decorated = (await Deno.readTextFile(
  new URL("../../testdata/decorated_invites.txt", import.meta.url),
)).split("\n").filter((line) => line !== "" && !line.startsWith("#"));

Deno.test("readSecret() takes every invite as people paste it (testdata/decorated_invites.txt)", () => {
  assertEquals(decorated.length, 6);
  assertEquals(decorated.map(wordsIn), decorated.map(() => INVITE));
});

for (
  const text of [
    INVITE,
    "K7M2XQ-Niece-Broke-ZIPPY-iron",
    " k7m2xq niece broke zippy iron\r\n",
    "k7m2xq – niece — broke‑zippy‐iron",
    "k7m2xq\u00a0niece\u3000broke\u2009zippy\u202firon",
    "k7m2xq\u2212niece\u2212broke\u2212zippy\u2212iron",
    "k7m2xq-niece-broke-\nzippy-iron",
    "\ufeffk7m2xq\u200b-niece-bro\u00adke-zippy-iron\u200e",
    "**`k7m2xq-niece-broke-zippy-iron`**!",
    "«k7m2xq-niece-broke-zippy-iron»,",
    "(k7m2xq-niece-broke-zippy-iron)…",
    "> k7m2xq-niece-broke-zippy-iron",
    "'k7m2xq' 'niece' 'broke' 'zippy' 'iron'",
    "k7m2xq, niece, broke, zippy, iron",
    "ｋ７ｍ２ｘｑ－ｎｉｅｃｅ－ｂｒｏｋｅ－ｚｉｐｐｙ－ｉｒｏｎ",
    "On the other machine, type  /claude-spread:distill-receive k7m2xq-niece-broke-zippy-iron",
    "$ claude-spread receive k7m2xq-niece-broke-zippy-iron",
    "PS C:\\> claude-spread.cmd receive K7M2XQ niece broke zippy iron",
    "npx claude-spread receive --timeout 60 --output notes.md k7m2xq-niece-broke-zippy-iron",
    "claude-spread receive k7m2xq-niece-broke-zippy-iron --kind memory",
    "type claude-spread pair --name oak k7m2xq-niece-broke-zippy-iron",
    "or in Claude Code: /claude-spread:pair k7m2xq-niece-broke-zippy-iron",
    "/claude-spread:memory-receive --room k7m2xq niece-broke-zippy-iron",
    "/claude-spread:memory-receive —room=K7M2XQ niece-broke-zippy-iron",
    "type:\n\n    /claude-spread:distill-receive k7m2xq-niece-broke-zippy-iron\n\nspread: it is open for 30 minutes",
  ]
) {
  Deno.test(`readSecret() finds the invite in ${JSON.stringify(text)}`, () => {
    assertEquals(wordsIn(text), INVITE);
  });
}

for (
  const [text, expected] of [
    [WORDS, WORDS],
    ["NIECE broke Zippy iron.", WORDS],
    [`9vxmod ${WORDS}`, `9vxmod-${WORDS}`],
    [`vxmodx-${WORDS}`, null],
    [`--room vxmodx ${WORDS}`, `vxmodx-${WORDS}`],
    ["yo-yo-niece-broke-zippy", "yoyo-niece-broke-zippy"],
    ["niece broke zippy yo yo", "niece-broke-zippy-yoyo"],
    [`${WORDS} 192.168.1.5:41234`, `${WORDS}, 192.168.1.5:41234`],
    [
      `\`/claude-spread:distill-receive ${WORDS} [fe80::1%eth0]:41234\`.`,
      `${WORDS}, [fe80::1%eth0]:41234`,
    ],
    [`claude-spread receive --relay ${INVITE}`, `${INVITE}, relay`],
    [
      `claude-spread receive --relay wss://R.example/Path ${INVITE}`,
      `${INVITE}, relay wss://R.example/Path`,
    ],
    [
      `claude-spread receive --relay 'wss://r.example/?a=1&b=2' ${INVITE}`,
      `${INVITE}, relay wss://r.example/?a=1&b=2`,
    ],
    [
      `claude-spread receive —relay=wss://r.example ${INVITE}`,
      `${INVITE}, relay wss://r.example`,
    ],
  ] as const
) {
  Deno.test(`readSecret() reads ${JSON.stringify(text)} as ${expected}`, () => {
    assertEquals(wordsIn(text), expected);
  });
}

Deno.test("readSecret() reads words back however they are joined and decorated", () => {
  const word = fc.constantFrom(...shortWords());
  const between = fc.constantFrom("-", " ", "_", "–", "  ", "\u00a0", ", ");
  const around = fc.constantFrom("", "`", '"', "'", " ", ".", "**", "\u200b");
  fc.assert(
    fc.property(
      fc.tuple(word, word, word, word),
      between,
      around,
      fc.boolean(),
      (words, join, mark, isLoud) => {
        const text = mark + words.join(join) + mark;
        const typed = isLoud ? text.toUpperCase() : text;
        assertEquals(wordsIn(typed), words.join("-"));
      },
    ),
  );
});

for (
  const passphrase of [
    "",
    "pass",
    "007",
    "our secret words",
    "  Two  Blanks ",
    "test 4c0d6f1e-9a37-4b5c-8f00-2f9f6a1f8a11",
    "k7m2xq",
    "my k7m2xq-niece-broke-zippy-iron",
    "niece-broke",
    "niece broke my heart",
    "niece broke zippy iron and then some",
    "niece broke zippy extraordinarily",
    "/claude-spread:distill-receive our secret",
    "claude-spread receive",
    "--relay wss://relay.example.org",
    "cafe\u0301 \u200b",
    "niece-broke-zippy-iron ".repeat(300),
    "\ud800",
  ]
) {
  const shown = JSON.stringify(passphrase).slice(0, 60);
  Deno.test(`readSecret() leaves ${shown} a passphrase, byte for byte`, () => {
    assertEquals(readSecret(passphrase), { kind: "typed", passphrase });
  });
}

Deno.test("readSecret() never changes a passphrase, and always ends", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(..."-- \n`wss://room7:") }),
  );
  fc.assert(fc.property(text, (typed) => {
    const secret = readSecret(typed);
    if (secret.kind === "typed") assertEquals(secret.passphrase, typed);
  }));
});

for (
  const [text, words, roomCode, isReserved] of [
    ["niece-broke-zipy-iron", "niece broke zipy iron", null, false],
    ["Niece brøke zippy iron", "niece brøke zippy iron", null, false],
    ["niece-broke-zippy", "niece broke zippy", null, false],
    ["niecebroke zippy iron", "niecebroke zippy iron", null, false],
    ["niece-broke-zip-py-iron", "niece broke zip py iron", null, false],
    ["niece-broke-zippy-iron-iron", "niece broke zippy iron iron", null, false],
    [
      "k7m2x-niece-broke-zippy-iron",
      "k7m2x niece broke zippy iron",
      null,
      false,
    ],
    [`vxmodx-${WORDS}`, "vxmodx niece broke zippy iron", null, false],
    ["k7m2xq-niece-broke-zipy-irn", "niece broke zipy irn", CODE, true],
    ["k7m2xq-a-b-c-d", "a b c d", CODE, true],
    [
      "k7m2xq-our-own-secret-words-here",
      "our own secret words here",
      CODE,
      true,
    ],
    ["k7m2xq-niece-broke-zippy", "niece broke zippy", CODE, false],
    [
      "--room k7m2xq niece broke zipy iron",
      "niece broke zipy iron",
      CODE,
      false,
    ],
  ] as const
) {
  Deno.test(`readSecret() finds the mistake in "${text}"`, () => {
    const expected: MistakenWords = {
      kind: "mistake",
      words: words.split(" "),
      roomCode,
      isReserved,
    };
    assertEquals(readSecret(text), expected);
  });
}

for (
  const [text, relay] of [
    ["drop-z4jre-mk42q-aa3nh-khg42-k9qpw-axa93"],
    [" Drop z4jre mk42q aa3nh khg42 k9qpw axa93.\r\n"],
    ["**`DROP\u2011Z4JRE\u2011MK42Q\u2011AA3NH\u2011KHG42\u2011K9QPW\u2011AXA93`**"],
    ["dropz4jremk42qaa3nhkhg42k9qpwaxa93"],
    ["drop-z4jre-mk42q-aa3nh-\n khg42-k9qpw-axa93"],
    ["z4jre-mk42q-aa3nh-khg42-k9qpw-axa93"],
    ["drpo-z4jre-mk42q-aa3nh-khg42-k9qpw-axa93"],
    ["/claude-spread:distill-receive drop-z4jre-mk42q-aa3nh-khg42-k9qpw-axa93"],
    [
      "> claude-spread receive —relay wss://r.example/x drop-z4jre-mk42q-aa3nh-khg42-k9qpw-axa93",
      "wss://r.example/x",
    ],
  ] as [string, string?][]
) {
  Deno.test(`readSecret() finds the code of a drop in ${JSON.stringify(text)}`, () => {
    const characters = "z4jremk42qaa3nhkhg42k9qpwaxa93";
    assertEquals(readSecret(text), { kind: "code", characters, relay });
  });
}

for (
  const [text, isCode] of [
    ["drop-z4jre-mk42q-aa3nh-khg42-k9qpw", true],
    ["drop-z4jre-mk42q-aa3nh-khg42-k9qpw-axa9333", true],
    // A terminal has broken the line.
    ["claude-spread receive drop-z4jre-mk42q", true],
    ["drop-z4jre-mk42q-aa", true],
    ["drop-z4jre", true],
    ["drop-z4jre-mk42-aa3nh", true],
    ["drop-z4jre-mk42qq-aa3nh", true],
    ["drop-z4jre-mk4-aa3nh", false],
    ["drop-birds", false],
    ["drop-v2", false],
    ["drop table users2 now", false],
    ["drop these three small brown birds again", false],
    ["drop it 3 times", false],
    ["z4jre-mk42q-aa3nh-khg42-k9qpw", false],
    ["our z4jre-mk42q-aa3nh-khg42-k9qpw-axa93 is old", false],
  ] as const
) {
  Deno.test(`readSecret() takes "${text}" for ${isCode ? "a code" : "no code"}`, () => {
    assertEquals(readSecret(text).kind === "code", isCode);
  });
}
