/**
 * Commands, skills and options that documents mention: all of them are in the table of commands.
 *
 * @module
 */

import {
  type CommandName,
  COMMANDS,
  type Option,
  type Skill,
  SKILL_NAMES,
  SKILL_WORDS,
  SKILLS,
} from "../../scripts/cli/commands.ts";
import { walk } from "./markdown.ts";

/** A skill by the name that is typed, also in the short form of tables, and the rest of the line. */
const TYPED_SKILL = /(?:\/claude-spread|…):([a-z-]+)([^\n]*)/g;

/** A command in code, and the rest of its line up to another program. */
const TYPED_COMMAND = /(?<![\w/.:-])claude-spread +([a-z-]+[^\n|)]*)/g;

const OPTION = /(?<=\s|^)--([a-z][a-z-]*)/g;

/** Options of other programs that stand in code by themselves. */
const FOREIGN =
  /^(allow-read|allow-write|format|frozen|network|safe-mode|teleport)$/;

/** A remark beside a typed line stands behind several blanks. */
const REMARK = / {3,}.*/;

/**
 * Finds what a document mentions and the table lacks.
 *
 * @returns One sentence for each; empty when there is none.
 */
export function findUnknown(markdown: string): string[] {
  const unknown: string[] = [];
  for (const { entering, node } of walk(markdown)) {
    const { type, literal } = node;
    if (!entering || !literal) continue;
    for (const [, name, rest] of literal.matchAll(TYPED_SKILL)) {
      unknown.push(...unknownInSkill(name!, rest!));
    }
    if (!type.startsWith("code")) continue;
    for (const [, line] of literal.matchAll(TYPED_COMMAND)) {
      unknown.push(...unknownInCommand(line!));
    }
    if (literal.startsWith("--")) unknown.push(...unknownAlone(literal));
  }
  return unknown;
}

function unknownInSkill(name: string, rest: string): string[] {
  const skills = Object.keys(SKILLS) as Skill[];
  const skill = skills.find((skill) => (SKILL_NAMES[skill] ?? skill) === name);
  if (skill === undefined) return [`no skill is called ${name}`];
  const known = new Set(optionsOf(skill));
  return optionsIn(rest).filter((option) => !known.has(option))
    .map((option) => `nobody can type --${option} after ${name}`);
}

/** Options that a person may type after a skill. */
function optionsOf(skill: Skill): string[] {
  const own = SKILL_WORDS[skill] ?? [];
  const names: readonly CommandName[] = SKILLS[skill];
  const others = names.flatMap((name) => {
    const options: Record<string, Option> = COMMANDS[name].options;
    return Object.keys(options).filter((option) => {
      const { typed } = options[option]!;
      return typed === true || typed?.includes(skill);
    });
  });
  return [...own, ...others];
}

/** @param line A command line without the name of the program. */
function unknownInCommand(line: string): string[] {
  const [first, second] = line.split(" ");
  // With no command there is help.
  if (first!.startsWith("-")) return [];
  const name = [`${first} ${second}`, first!].find((name) => name in COMMANDS);
  if (name === undefined) {
    return isGroup(first!) && !/^[a-z]/.test(second ?? "")
      ? []
      : [`no command is called ${first}`];
  }
  const { options } = COMMANDS[name as CommandName];
  return optionsIn(line).filter((option) => !(option in options))
    .map((option) => `${name} has no --${option}`);
}

/** @param line Options in the text, without the command that they are for. */
function unknownAlone(line: string): string[] {
  const known = new Set(
    Object.values(COMMANDS).flatMap(({ options }) => Object.keys(options)),
  );
  for (const word of Object.values(SKILL_WORDS).flat()) known.add(word);
  return optionsIn(line)
    .filter((option) => !known.has(option) && !FOREIGN.test(option))
    .map((option) => `no command has --${option}`);
}

/** Whether there are commands of two words that begin with this one. */
function isGroup(word: string): boolean {
  return Object.keys(COMMANDS).some((name) => name.startsWith(`${word} `));
}

function optionsIn(line: string): string[] {
  return Array.from(
    line.replace(REMARK, "").matchAll(OPTION),
    ([, name]) => name!,
  );
}
