/**
 * Completion scripts for shells, made from the table of commands.
 *
 * All three ask one list: lines of `COMMAND|WORD|VALUE`, where VALUE says what may follow WORD:
 * nothing, a word of a list, an ID, a file or a folder.
 *
 * @module
 */

import type { Command, Ids, Option } from "../commands.ts";
import { NAMES, VISIBLE } from "./help_text.ts";
import { mayLack } from "../flags.ts";

/** The shells that completion is made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];

/** Commands that print the IDs, one a line. */
const LIST_IDS: Record<Ids, string> = {
  shares:
    `claude-spread status --local --json 2>/dev/null | sed -n -e 's/^{"event":"share","state":"open","id":"\\([^"]*\\)".*/\\1/p' -e 's/^{"event":"drop","state":"unknown","id":"\\([^"]*\\)".*/\\1/p'`,
  pairs:
    `claude-spread pairs --json 2>/dev/null | sed -n 's/^{"event":"pair","name":"\\([^"]*\\)".*/\\1/p'`,
  sessions:
    `claude-spread sessions list --json 2>/dev/null | sed -n 's/^{"event":"session","id":"\\([^"]*\\)".*/\\1/p'`,
  work:
    `claude-spread work list --json 2>/dev/null | sed -n 's/^{"event":"work","id":"\\([^"]*\\)".*/\\1/p'`,
};

/** Returns the script for a shell, to be sourced. */
export function completionScript(shell: Shell): string {
  return shell === "fish" ? fishScript() : shell === "zsh" ? zsh() : bash();
}

/** Second words of commands that have some, by their first word. */
function secondWords(): Map<string, string[]> {
  const words = new Map<string, string[]>();
  for (const [name] of VISIBLE) {
    const [first, second] = name.split(" ") as [string, string?];
    if (second === undefined || second.startsWith("-")) continue;
    words.set(first, [...words.get(first) ?? [], second]);
  }
  return words;
}

/** Commands by the words that they begin with; an option makes `relay --check` of `relay`. */
function byWords(): [string, Command[]][] {
  return VISIBLE.filter(([name]) => !name.includes(" --")).map((
    [name, command],
  ) => [
    name,
    [
      command,
      ...VISIBLE.filter(([other]) => other.startsWith(`${name} --`))
        .map(([, variant]) => variant),
    ],
  ]);
}

/** Options that a person may type, with their short forms. */
function optionWords(commands: Command[]): string[] {
  const words = commands.flatMap(shownOptions).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`]
  );
  return [...new Set(words)];
}

function shownOptions({ options }: Command): [string, Option][] {
  return Object.entries(options).filter(([, { internal }]) => !internal);
}

/** The words that may come: those of a list, IDs, or the names of files or folders. */
type Words = { list: readonly string[] } | { ids: Ids } | "files" | "folders";

function wordsOfValue({ value, choices, ids }: Option): Words | null {
  // The value may be missing, so that anything may follow.
  if (value === undefined || mayLack(value)) return null;
  if (choices !== undefined) return { list: choices };
  if (ids !== undefined) return { ids };
  if (value === "read" || value === "folder") return "files";
  if (value === "project" || value === "memory") return "folders";
  return { list: [] };
}

function wordsOfOperand(name: string, command: Command): Words {
  if (command.ids !== undefined) return { ids: command.ids };
  if (name === "completion") return { list: SHELLS };
  if (name === "help") return { list: NAMES };
  return command.operand === undefined ? { list: [] } : "files";
}

/** The script for bash, which zsh runs too (through its `bashcompinit`). */
function bash(): string {
  const commands = byWords();
  return `# Completion of claude-spread for bash: source <(claude-spread completion bash)
_claude_spread() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  local name=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${reply({ list: [...NAMES, "--help", "--version"] })}
    return
  fi
${secondWordCases()}
  case "$name $before" in
${
    commands.flatMap(([name, [command]]) => valueCases(name, command!)).join(
      "\n",
    )
  }
  esac
  case $current in
  -*)
    case $name in
${
    commands.map(([name, variants]) =>
      `    '${name}') ${reply({ list: optionWords(variants) })} ;;`
    ).join("\n")
  }
    esac
    return
    ;;
  esac
  case $name in
${
    commands.map(([name, [command]]) =>
      `  '${name}') ${replyOperand(name, command!)} ;;`
    ).join("\n")
  }
  esac
}
complete -o default -F _claude_spread claude-spread
`;
}

/** Code that completes the second word, and adds it to the name of the command. */
function secondWordCases(): string {
  const cases = Array.from(secondWords(), ([first, seconds]) =>
    `  '${first}')
    if [ "$COMP_CWORD" -eq 2 ]; then
      ${reply({ list: seconds })}
      return
    fi
    name="$name \${COMP_WORDS[2]}"
    ;;`);
  return `  case $name in\n${cases.join("\n")}\n  esac`;
}

/** Code that completes the values of a command's options. */
function valueCases(name: string, command: Command): string[] {
  return shownOptions(command).flatMap(([option, entry]) => {
    const words = wordsOfValue(entry);
    if (words === null) return [];
    const short = entry.short === undefined
      ? ""
      : ` | '${name} -${entry.short}'`;
    return [`  '${name} --${option}'${short}) ${reply(words)} return ;;`];
  });
}

/** Code that offers operands: IDs only for the first, if files may follow it. */
function replyOperand(name: string, command: Command): string {
  const words = reply(wordsOfOperand(name, command));
  const first = name.split(" ").length + 1;
  return hasFileAfterId(command)
    ? `if [ "$COMP_CWORD" -le ${first} ]; then ${words} fi`
    : words;
}

function hasFileAfterId({ ids, operand }: Command): boolean {
  return ids !== undefined && operand !== undefined;
}

/** Code that offers words; without any, the shell offers files. */
function reply(words: Words): string {
  if (typeof words === "string" || "list" in words && words.list.length === 0) {
    return "";
  }
  const list = "ids" in words
    ? `"$(${LIST_IDS[words.ids]})"`
    : `'${words.list.join(" ")}'`;
  return `COMPREPLY=($(compgen -W ${list} -- "$current"));`;
}

function zsh(): string {
  return bash().replace(
    /^#.*\n/,
    `# Completion of claude-spread for zsh: source <(claude-spread completion zsh)
autoload -Uz compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
`,
  );
}

function fishScript(): string {
  const groups = Array.from(
    secondWords(),
    ([first, seconds]) =>
      `complete -c claude-spread -n __fish_use_subcommand -a ${first} -d ${
        quoted(seconds.join(", "))
      }`,
  );
  const lines = VISIBLE.flatMap(fishLines);
  return `# Completion of claude-spread for fish: claude-spread completion fish | source
complete -c claude-spread -f
${[...groups, ...lines].join("\n")}
`;
}

function fishLines([name, command]: [string, Command]): string[] {
  const [first, second = ""] = name.split(" ") as [string, string?];
  const isVariant = second !== "" && !second.startsWith("-");
  const seen = isVariant
    ? `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`
    : `__fish_seen_subcommand_from ${first}`;
  const about = quoted(command.summary);
  const start = isVariant
    ? `complete -c claude-spread -n '__fish_seen_subcommand_from ${first}' -a ${second} -d ${about}`
    : `complete -c claude-spread -n __fish_use_subcommand -a ${first} -d ${about}`;
  const options = shownOptions(command).map(([option, entry]) => {
    const short = entry.short === undefined ? "" : ` -s ${entry.short}`;
    return `complete -c claude-spread -n '${seen}' -l ${option}${short}${
      fishValue(wordsOfValue(entry))
    } -d ${quoted(entry.help)}`;
  });
  const operand = fishOperand(wordsOfOperand(name, command)) +
    (hasFileAfterId(command) ? " -F" : "");
  return [
    start,
    ...options,
    ...operand === ""
      ? []
      : [`complete -c claude-spread -n '${seen}'${operand}`],
  ];
}

/** A value must follow; `-x` offers no files instead of it. */
function fishValue(words: Words | null): string {
  if (words === null) return "";
  return `${words === "files" ? " -r" : " -x"}${fishOperand(words)}`;
}

function fishOperand(words: Words): string {
  if (words === "files") return " -F";
  if (words === "folders") return " -a '(__fish_complete_directories)'";
  if ("ids" in words) return ` -a ${quoted(`(${LIST_IDS[words.ids]})`)}`;
  return words.list.length === 0 ? "" : ` -a '${words.list.join(" ")}'`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
