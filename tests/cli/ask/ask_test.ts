/**
 * Asking for words and passphrases on a real terminal, which the program `script` makes.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { widthOf } from "../../../scripts/cli/screen/width.ts";
import { Machine } from "../../support/machine.ts";
import { root } from "../../support/places.ts";
import {
  ESC,
  noTerminal,
  runOnTerminal,
  type TerminalOptions,
  withoutColors,
} from "../../support/pseudo_terminal.ts";

const ASK = [
  Deno.execPath(),
  "run",
  "--quiet",
  "--no-prompt",
  "--cached-only",
  `--config=${root}/deno.json`,
  `${root}/tests/cli/ask/_ask.ts`,
];

/** Asks, and says whether the terminal is as it was afterwards. */
async function asked(
  what: string,
  options: TerminalOptions & { signal?: string },
) {
  await using machine = await Machine.make();
  const { signal } = options;
  // Sent once the terminal is in raw mode.
  const sending = signal === undefined ? "" : `{
  until stty -a </dev/tty | grep -q -e -icanon; do sleep 0.1; done
  kill -${signal} $(cat pid)
} &`;
  const script = `trap : INT
before=$(stty -g)
${sending}
sh -c 'echo $$ >pid; exec "$@"' ask ${ASK.join(" ")} ${what}
code=$?
[ "$before" = "$(stty -g)" ] && echo "terminal restored"
exit $code`;
  const ended = await runOnTerminal(machine, ["sh", "-c", script], options);
  const output = await Deno.readTextFile(machine.path("out")).catch(() => "");
  return { ...ended, output };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: noTerminal !== null, fn });
}

const PROMPT = "Words from the sender:";
const WORDS = "niece-broke-zippy-iron";

function assertRestored(text: string): void {
  assertStringIncludes(text, "terminal restored");
  // Pasted text comes without marks again.
  assert(text.lastIndexOf(`${ESC}[?2004l`) > text.lastIndexOf(`${ESC}[?2004h`));
}

test("askWords() completes words, corrects one, and gives the terminal back", async () => {
  const { code, text } = await asked("words", {
    typed: [
      [PROMPT, "niec-brok\t"],
      ["niece-broke-", "zipppy "],
      ["zippy? ", "\t"],
      ["broke-zippy ", "iro\r"],
    ],
  });
  assertEquals(code, 0, text);
  assertStringIncludes(text, 'answer "niece-broke-zippy iron"');
  assertRestored(text);
});

test("askWords() gives the terminal back before the command goes on, so that Ctrl+C ends it", async () => {
  const { code, text } = await asked("words wait", {
    typed: [[PROMPT, `${WORDS}\r`], ["answer", "\x03"]],
  });
  assertEquals(code, 130, text);
  assertRestored(text);
});

test("askWords() takes an invite that is pasted with its whole line", async () => {
  const pasted =
    `On the other machine, type  /claude-spread:distill-receive ${WORDS}`;
  const { code, text } = await asked("words", {
    typed: [[PROMPT, `${ESC}[200~${pasted}\r${ESC}[201~`], [
      "broke-zippy-iron",
      "\r",
    ]],
  });
  assertEquals(code, 0, text);
  assertStringIncludes(text, `answer ${JSON.stringify(pasted)}`);
  assertRestored(text);
});

test("askWords() keeps to a terminal of 20 columns", async () => {
  const { code, text } = await asked("words", {
    columns: 20,
    typed: [[PROMPT, `k7m2xq-neice-`], ["niece? ", "\t"], [
      "k7m2xq-niece-",
      "broke-zippy-iron\r",
    ]],
  });
  assertEquals(code, 0, text);
  assertStringIncludes(text, 'answer "k7m2xq-niece-broke-zippy-iron"');
  const drawn = text.slice(text.indexOf("> "), text.indexOf("answer"))
    .replaceAll(new RegExp(`${ESC}\\[[?\\d]*[a-zA-Z]`, "g"), "").split(
      /[\r\n]/,
    );
  assert(drawn.length > 10, text);
  assertEquals(drawn.filter((line) => widthOf(line) >= 20), []);
  assertRestored(text);
});

for (
  const [how, keys] of [["Ctrl+C", "\x03"], [
    "Ctrl+D on an empty line",
    "\x15\x04",
  ]] as const
) {
  test(`askWords() stops at ${how}`, async () => {
    const { code, text } = await asked("words", {
      typed: [[PROMPT, "niec-"], ["niece-", keys]],
    });
    assertEquals(code, 130, text);
    assertStringIncludes(withoutColors(text), "spread: Stopped");
    assert(!text.includes("answer"), text);
    assertRestored(text);
  });
}

test("askPassphrase() shows stars, and asks again until both are the same", async () => {
  const { code, text } = await asked("twice", {
    typed: [
      ["Passphrase: ", "secrët öne\r"],
      ["Repeat it: ", "secret\r"],
      ["passphrases differ", "secrët tvo\x7f\x7fwo\rsecrët two\r"],
    ],
  });
  assertEquals(code, 0, text);
  assertStringIncludes(text, 'answer "secrët two"');
  assertStringIncludes(text, "**********");
  assert(!text.slice(0, text.indexOf("answer")).includes("secr"), text);
  assertRestored(text);
});

test("askPassphrase() asks a receiver once, and keeps standard output for the document", async () => {
  const { code, text, output } = await asked("passphrase >out", {
    typed: [["Passphrase: ", " my  own \r"]],
  });
  assertEquals(code, 0, text);
  assertEquals(output, 'answer " my  own "\n');
  assert(!text.includes("again"), text);
});

for (const signal of ["INT", "TERM", "HUP"]) {
  test(`askPassphrase() gives the terminal back at SIG${signal}`, async () => {
    const { code, text } = await asked("twice", { signal });
    assertEquals(code, 130, text);
    assertStringIncludes(withoutColors(text), "spread: Stopped");
    assertRestored(text);
  });
}

for (
  const [what, message, hint] of [
    [
      "words",
      "The sender's words are missing, and there is no terminal",
      "Type them after the command",
    ],
    [
      "twice",
      "Cannot ask for the passphrase without a terminal",
      "--passphrase-file",
    ],
  ] as const
) {
  Deno.test(`asking for ${what} says what to do without a terminal`, async () => {
    const [program, ...args] = [...ASK, what];
    const { code, stderr } = await new Deno.Command(program!, {
      args,
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stderr);
    assertEquals(code, 2, text);
    assertStringIncludes(withoutColors(text), `spread: error: ${message}`);
    assertStringIncludes(text, hint);
    assertStringIncludes(text, "CLAUDE_SPREAD_PASSPHRASE");
  });
}
