/**
 * The manual page: it is as `deno task manual` makes it, and readers of manual pages show it.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Command } from "../scripts/cli/commands.ts";
import { VISIBLE } from "../scripts/cli/help/help_text.ts";
import { needing } from "../tests/support/missing.ts";
import { PAGE, page } from "./manual.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const needsReader = needing("mandoc");

/** Shows a page, as a terminal without colors has it. */
async function show(text: string, ...args: string[]): Promise<string> {
  await using reader = new Deno.Command("mandoc", {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = reader.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { stdout, stderr } = await reader.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  // Bold and underlined characters are written twice.
  return new TextDecoder().decode(stdout).replace(/.[\b]/g, "");
}

/** A command with texts that roff would take for its own. */
const NASTY: [string, Command] = ["work --check", {
  script: "",
  summary: "'br is no break, .Sh no heading, \\fB no font",
  operands: "[No] | Fl . N -",
  about: '- is "standard input". .env is a file. ~/a^b `c` – é',
  options: {
    "keep-open": {
      help: ".It is -- no item\\e",
      value: "address",
      name: "Ar",
      short: "k",
    },
  },
  may: { env: [] },
}];

/** Another one, so that no option is one of most commands. */
const PLAIN: [string, Command] = ["plain", { ...NASTY[1], options: {} }];

// Breaks when a character of a text is not escaped, or an argument is taken for a macro.
Deno.test({
  name:
    "page() shows every text as it is written, whatever roff would make of it",
  ...needsReader,
  fn: async () => {
    const shown = await show(
      page([NASTY, PLAIN], "November 29, 2026"),
      ...["-T", "utf8", "-O", "width=78"],
    );
    const text = shown.replace(/\s+/g, " ");
    for (
      const part of [
        "claude-spread work --check [options] [No] | Fl . N -",
        "'br is no break, .Sh no heading, \\fB no font.",
        '- is "standard input". .env is a file. ~/a^b `c` – é',
        "-k, --keep-open [Ar] .It is -- no item\\e.",
      ]
    ) assertStringIncludes(text, part);
  },
});

// Breaks when the page holds what a reader of manual pages does not understand.
Deno.test({
  name:
    "the manual page has no fault that mandoc knows, and fits terminals of 80 and 40 columns",
  ...needsReader,
  fn: async () => {
    const text = await Deno.readTextFile(`${root}/${PAGE}`);
    assertEquals(await show(text, "-T", "lint", "-W", "warning"), "");
    for (const width of [80, 40]) {
      const shown = await show(text, "-T", "utf8", "-O", `width=${width}`);
      const long = shown.split("\n").filter((line) => line.length > width);
      // A name alone on its line cannot be broken.
      assertEquals(long.filter((line) => /\S \S/.test(line)), []);
    }
  },
});

// Breaks when a command or an option of the table is missing.
Deno.test({
  name: "the manual page explains every command and option that is for people",
  ...needsReader,
  fn: async () => {
    const text = await Deno.readTextFile(`${root}/${PAGE}`);
    const shown = await show(text, "-T", "utf8", "-O", "width=80");
    for (const [name, { options }] of VISIBLE) {
      const part = shown.split(`\n   ${name}\n`)[1]?.split(/\n(?: {3})?\w/)[0];
      assertStringIncludes(part ?? "", `claude-spread ${name}`);
      for (const [option, { internal }] of Object.entries(options)) {
        if (internal || option === "json" || option === "help") continue;
        assertStringIncludes(part!, `--${option}`);
      }
    }
  },
});

// Breaks when a page that is out of date passes, or keeps its date.
Deno.test("manual.ts --check names a page that differs; manual.ts makes it anew, once, with a new date", async () => {
  const folder = await Deno.makeTempDir({ prefix: "cs-manual-" });
  const path = `${folder}/${PAGE}`;
  const run = async (...flags: string[]) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--allow-read", "--allow-write"],
        ...[`--config=${root}/deno.json`, `${root}/tools/manual.ts`],
        ...[...flags, folder],
      ],
      env: { NO_COLOR: "1" },
    }).output();
    return [code, new TextDecoder().decode(stderr)];
  };
  const date = "January 2, 2020";
  await Deno.mkdir(`${folder}/docs`);
  await Deno.writeTextFile(path, page(VISIBLE, date));
  assertEquals(await run("--check"), [0, ""]);
  assertEquals(await run(), [0, ""]);
  assertEquals(await Deno.readTextFile(path), page(VISIBLE, date));

  await Deno.writeTextFile(path, page(VISIBLE.slice(1), date));
  assertEquals(await run("--check"), [
    1,
    "docs/claude-spread.1 differs: run deno task manual\n",
  ]);
  assertEquals(await run(), [0, ""]);
  const text = await Deno.readTextFile(path);
  const written = /^\.Dd (\w+ \d+, \d{4})$/m.exec(text)![1]!;
  assertEquals(written === date, false);
  assertEquals(text, page(VISIBLE, written));
  await Deno.remove(folder, { recursive: true });
});
