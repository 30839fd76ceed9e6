import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SpreadError } from "../../../lib/errors.ts";
import type { Skill } from "../../cli/commands.ts";
import { parseTypedLine } from "./line.ts";

/** A parsed line in short form. */
function read(line: string, skill: Skill) {
  const { args, passphrase, address } = parseTypedLine(line, skill);
  return [args.map(({ arg }) => arg), passphrase, address];
}

function refuse(line: string, skill: Skill, message: string): SpreadError {
  const error = assertThrows(() => read(line, skill), SpreadError, message);
  assertEquals(error.code, "USAGE");
  return error;
}

Deno.test("parseTypedLine() takes flags first, and the rest for the passphrase", () => {
  const table: [string, string[], string | null][] = [
    ["", [], null],
    ["  \t ", [], null],
    ["pass", [], "pass"],
    [" our secret  words ", [], "our secret  words"],
    ["--relay", ["--relay"], null],
    ["--relay  my  pass", ["--relay"], "my  pass"],
    ["--relay wss://a.example/x pass", ["--relay=wss://a.example/x"], "pass"],
    ["--relay=wss://a.example pass", ["--relay=wss://a.example"], "pass"],
    ["--relay a.example", ["--relay"], "a.example"],
    ["--once --keep-open 5 p", ["--once", "--keep-open=5"], "p"],
    ["--keep-open=5 --once p", ["--keep-open=5", "--once"], "p"],
    ["--passphrase-file ~/x", ["--passphrase-file=~/x"], null],
    ["--with-work p", ["--with-work"], "p"],
    ["--with-work --include a.env,b c d", [
      "--with-work",
      "--include=a.env,b",
    ], "c d"],
    ["--include 'a b.env' --with-work", [
      "--include=a b.env",
      "--with-work",
    ], null],
    ['--passphrase-file "/a b/x" ', ["--passphrase-file=/a b/x"], null],
    ["--passphrase-file 'a b' --once", [
      "--passphrase-file=a b",
      "--once",
    ], null],
    ['--include="a b.txt" pass', ["--include=a b.txt"], "pass"],
    ["--passphrase-file='/a b/x'", ["--passphrase-file=/a b/x"], null],
    ['--relay="wss://a.example" pass', ["--relay=wss://a.example"], "pass"],
    ['--to="cedar" --once', ["--to=cedar", "--once"], null],
    ['--include="a b"c d', ['--include="a'], 'b"c d'],
    ["--include= a", ["--include="], "a"],
    ["pass --relayed - -once", [], "pass --relayed - -once"],
    ["-- --relay", [], "--relay"],
    ["-- pass --once", [], "pass --once"],
    ['--once "pass --relay"', ["--once"], "pass --relay"],
    ["--once -- --x y", ["--once"], "--x y"],
    ["--", [], null],
    ["-x", [], "-x"],
  ];
  for (const [line, args, passphrase] of table) {
    assertEquals(read(line, "distill-share"), [args, passphrase, null], line);
  }
});

Deno.test("parseTypedLine() delivers whatever a passphrase is made of", () => {
  const words = [
    "two  words",
    `a "b" 'c'`,
    "$(id) `id` $HOME ${CLAUDE_PLUGIN_ROOT}",
    "say !x",
    "!x",
    "two\nlines",
    "no\u00a0break",
    "back\\slash \\ \\!",
    "비밀번호 한글",
    "me@example.org",
    "it's",
    '"open',
    "a\u0000b",
    "\u00a0x\u3000",
    "meet at 3:16",
    "a:1",
  ];
  for (const word of words) {
    assertEquals(read(word, "distill-share"), [[], word, null]);
    assertEquals(read(word, "distill-receive"), [[], word, null]);
  }
});

Deno.test("parseTypedLine() takes one pair of matching quotes off", () => {
  const table: [string, string][] = [
    ['"my pass"', "my pass"],
    ["'my pass'", "my pass"],
    [`"it's"`, "it's"],
    [`""my pass""`, `"my pass"`],
    [`"my" "pass"`, `my" "pass`],
    [`"my pass'`, `"my pass'`],
    ['"', '"'],
    ['""', ""],
    ['" a "', " a "],
    ['"two\nlines"', "two\nlines"],
    ['"--relay"', "--relay"],
    ['"@/etc/hostname"', "@/etc/hostname"],
    ['"alex 192.168.1.5:41234"', "alex 192.168.1.5:41234"],
  ];
  for (const [line, passphrase] of table) {
    assertEquals(read(line, "distill-share"), [[], passphrase, null]);
    assertEquals(read(line, "distill-receive"), [[], passphrase, null]);
  }
});

Deno.test("parseTypedLine() takes the sender's address off the end, when receiving", () => {
  const table: [string, string | null, string | null][] = [
    ["pass 192.168.1.5:41234", "pass", "192.168.1.5:41234"],
    ["two words  [fe80::1%eth0]:41234", "two words", "[fe80::1%eth0]:41234"],
    ['"my pass" walnut.local:41234', "my pass", "walnut.local:41234"],
    ["walnut:41234", null, "walnut:41234"],
    ["John 3:16", "John 3:16", null],
    ["pass 192.168.1.5", "pass 192.168.1.5", null],
    ["pass wss://x.example:443", "pass wss://x.example:443", null],
    ["k7m2xq-walnut-orbit", "k7m2xq-walnut-orbit", null],
  ];
  for (const [line, passphrase, address] of table) {
    assertEquals(read(line, "distill-receive"), [[], passphrase, address]);
  }
});

Deno.test("parseTypedLine() says what it cannot take", () => {
  const table: [string, string][] = [
    ["--nonsense pass", "There is no option --nonsense here"],
    ["--room k7m2xq pass", "There is no option --room here"],
    ["--output x pass", "There is no option --output here"],
    ["--relay\u00a0pass", "There is no option --relay\u00a0pass here"],
    ["---", "There is no option --- here"],
    ["--constructor", "There is no option --constructor here"],
    ["--keep-open", "--keep-open needs a value"],
    ["--with-works pass", "There is no option --with-works here"],
    ["--include", "--include needs a value"],
    ["pass walnut:41234", 'The receiver would take "walnut:41234"'],
  ];
  for (const [line, message] of table) refuse(line, "distill-share", message);
  assertEquals(
    refuse("--nonsense", "distill-receive", "There is no").hint,
    "Options are --from, --timeout, --relay, --room, --passphrase-file, --interface, " +
      "--insecure-relay, --legacy; write -- before a passphrase that begins with dashes",
  );
});

Deno.test("parseTypedLine() refuses an option after a passphrase, and repeats no word of that", () => {
  const table: [line: string, late: string, skill?: Skill][] = [
    ["our words --preview", "--preview"],
    ["our words --keep-open=5", "--keep-open"],
    ["our --once words", "--once"],
    ["our\n--once", "--once"],
    ["our words\u00a0--once", "--once"],
    ["--once our words --interface 10.0.0.1", "--interface"],
    ['"our words" --once', "--once"],
    ["our words —preview", "—preview"],
    ["–preview our words", "–preview"],
    ["our words ——relay=wss://a.example", "——relay"],
    ["our words --raw", "--raw", "memory-share"],
    ["our words --all", "--all", "sessions-share"],
  ];
  for (const [line, late, skill = "distill-share"] of table) {
    const { message, hint } = refuse(line, skill, "stands where");
    assertEquals(message, `${late} stands where the passphrase is`, line);
    assertEquals(
      hint,
      "Options come first; put quotes around a passphrase that contains such a word, on both sides",
    );
  }
  // Options of other skills are words like any other.
  assertEquals(read("our words --raw", "distill-share")[1], "our words --raw");
});

Deno.test("parseTypedLine() takes work for a distillation and for sessions, and for no other skill", () => {
  const args = ["--with-work", "--include=a.env"];
  const line = args.join(" ");
  for (const skill of ["distill-share", "sessions-share"] as const) {
    assertEquals(parseTypedLine(line, skill).args, [
      { for: ["serve"], arg: args[0] },
      { for: ["serve"], arg: args[1] },
    ]);
  }
  const others = ["memory-share", "distill-receive", "sessions-receive"];
  for (const skill of [...others, "work", "pair"] as Skill[]) {
    refuse(line, skill, "There is no option --with-work here");
    refuse("--include=a.env", skill, "There is no option --include here");
  }
});

Deno.test("parseTypedLine() tells which commands a flag is for", () => {
  const { args, passphrase } = parseTypedLine(
    "--raw --relay --only user,feedback --keep-secrets our words",
    "memory-share",
  );
  assertEquals(args, [
    { for: [], arg: "--raw" },
    { for: ["serve"], arg: "--relay" },
    { for: ["bundle"], arg: "--only=user,feedback" },
    { for: ["serve", "bundle"], arg: "--keep-secrets" },
  ]);
  assertEquals(passphrase, "our words");
});

Deno.test("parseTypedLine() gives sender and receiver the same words, or refuses", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.array(
      fc.constantFrom("--relay", "a", '"', "'", " ", "\n", "@", "--", "x:99"),
      { maxLength: 8 },
    ).map((parts) => parts.join("")),
  );
  fc.assert(fc.property(line, (typed) => {
    let shared;
    try {
      shared = read(typed, "distill-share");
    } catch (error) {
      if (!(error instanceof SpreadError)) throw error;
      return;
    }
    assertEquals(read(typed, "distill-receive"), shared);
  }));
});
