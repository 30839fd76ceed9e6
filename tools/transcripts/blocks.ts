/**
 * Transcripts in Markdown: blocks of code called `console`, each with a comment right before it
 * that names it, `<!-- transcript: NAME -->`. A block of commands alone needs none.
 *
 * @module
 */

/** A block of code called `console`. */
interface Block {
  /** Name in the comment before it; `null` without one. */
  name: string | null;
  /** Blanks before each of its lines, as in a list. */
  indent: string;
  /** Its first line, and the line after its last, from 0. */
  from: number;
  to: number;
}

const FENCE = /^( *)```console$/;
const COMMENT = /^ *<!-- transcript: (\S+) -->$/;
const PROMPT = /^\s*[$>] /;

/** The outcome of {@linkcode withTranscripts}. */
export interface Remade {
  text: string;
  /** One sentence for each block that no transcript fits. */
  problems: string[];
  /** Names of the transcripts that stand there. */
  used: string[];
}

/**
 * Puts transcripts into a document.
 *
 * @param transcripts By their names, without a line break at their ends.
 */
export function withTranscripts(
  text: string,
  transcripts: Record<string, string>,
): Remade {
  const lines = text.split("\n");
  const remade: Remade = { text, problems: [], used: [] };
  for (const block of findBlocks(lines).reverse()) {
    const { name, indent, from, to } = block;
    if (name === null) {
      if (hasOutput(lines.slice(from, to))) {
        remade.problems.push(`line ${from}: no comment names the transcript`);
      }
    } else if (transcripts[name] === undefined) {
      remade.problems.push(`line ${from}: no transcript is called ${name}`);
    } else {
      remade.used.push(name);
      lines.splice(from, to - from, ...indented(transcripts[name], indent));
    }
  }
  return { ...remade, text: lines.join("\n") };
}

function findBlocks(lines: string[]): Block[] {
  return lines.flatMap((line, i) => {
    const indent = FENCE.exec(line)?.[1];
    if (indent === undefined) return [];
    const before = lines.slice(0, i).findLast((line) => line.trim() !== "");
    const name = COMMENT.exec(before ?? "")?.[1] ?? null;
    const to = lines.indexOf(`${indent}\`\`\``, i);
    return [{ name, indent, from: i + 1, to: to === -1 ? lines.length : to }];
  });
}

function hasOutput(lines: string[]): boolean {
  return lines.some((line) => line.trim() !== "" && !PROMPT.test(line));
}

function indented(text: string, indent: string): string[] {
  return text.split("\n").map((line) => line === "" ? "" : indent + line);
}
