/**
 * `bin/claude-spread` and the parser of the commands (`scripts/cli/flags.ts`) read a command line
 * alike.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type CommandName,
  COMMANDS,
  type Option,
} from "../../../scripts/cli/commands.ts";
import { type Flags, parseFlags } from "../../../scripts/cli/flags.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { type Granted, Grants } from "../../support/granted.ts";
import { testOnMachine as test } from "../../support/launcher.ts";

/** Commands whose arguments name files. */
const WITH_FILES = [
  "serve",
  "receive",
  "bundle",
  "install",
  "sessions list",
  "sessions export",
  "sessions install",
  "work show",
  "work save",
] as const satisfies CommandName[];

const word = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[ab ,.=\n'"/-]{1,6}$/) },
  fc.constantFrom("-", "--", "", "--once", "-x.md", "wss://r.example"),
  fc.constantFrom("HTTP://r", "wss:/r", "session", "memory", "*", "~/a", "--o"),
);

/** An option as a person may write it, with its value or without. */
function written(name: string, { value, short }: Option) {
  const names = [`--${name}`, ...short === undefined ? [] : [`-${short}`]];
  if (value === undefined) return fc.constantFrom(...names.map((n) => [n]));
  return fc.oneof(
    fc.tuple(fc.constantFrom(...names), word).map(([n, text]) => [n, text]),
    fc.tuple(fc.constantFrom(...names), word).map(([n, text]) => [
      `${n}=${text}`,
    ]),
    fc.constantFrom(...names.map((n) => [n])),
    ...short === undefined ? [] : [word.map((text) => [`-${short}${text}`])],
  );
}

/** A command line of a command. */
const line = fc.constantFrom(...WITH_FILES).chain((command) => {
  const options: [string, Option][] = Object.entries(COMMANDS[command].options);
  const part = fc.oneof(
    word.map((text) => [text]),
    ...options.map(([name, option]) => written(name, option)),
  );
  return fc.array(part, { maxLength: 6 }).map((parts) => ({
    command,
    args: parts.flat(),
  }));
});

/** The same line as the parser has understood it, in the plainest form. */
function plainly(command: CommandName, flags: Flags): string[] {
  const options: [string, Option][] = Object.entries(COMMANDS[command].options);
  return [
    ...options.filter(([name]) => flags.has(name)).map(([name, { value }]) =>
      value === undefined ? `--${name}` : `--${name}=${flags.optional(name)}`
    ),
    "--",
    ...flags.operands,
  ];
}

/** Returns the options that the parser reads; `null` when it refuses it. */
function parse(command: CommandName, args: string[]): Flags | null {
  try {
    return parseFlags(command, args);
  } catch (error) {
    assert(error instanceof SpreadError);
    return null;
  }
}

function permitted({ reads, writes, flags, engine }: Granted) {
  return { reads: reads.toSorted(), writes: writes.toSorted(), flags, engine };
}

test("claude-spread grants what the parser understands, in whatever order and form it is written", async (machine) => {
  for (const name of ["a", "b", "a b"]) await machine.write(name, "");
  const grants = await Grants.on(machine);
  let understood = 0;
  await fc.assert(
    fc.asyncProperty(line, async ({ command, args }) => {
      const flags = parse(command, args);
      if (flags === null) return;
      understood++;
      const words = command.split(" ");
      const granted = await grants.of([...words, ...args]);
      assertEquals(granted.args, [...words.slice(1), ...args]);
      const plain = await grants.of([...words, ...plainly(command, flags)]);
      assertEquals(permitted(granted), permitted(plain));
      // An operand may be FILE, and the last one is.
      const file = flags.operands.at(-1) ?? "";
      if (command === "serve" && /^[^-,][^,]*$/.test(file)) {
        assert(granted.reads.includes(file), file);
      }
    }),
    { numRuns: 400 },
  );
  assert(understood > 100, `only ${understood} lines were understood`);
});
