/**
 * Makes the transcripts in `README.md` and `docs/`: runs the commands that they show, between two
 * people in a network of their own, and puts what was printed into the documents.
 *
 * Usage: `deno task transcripts [--check]`. With `--check` it changes nothing, prints what differs
 * and exits 1. Linux only.
 *
 * @module
 */

import { root } from "../tests/support/places.ts";
import { withTranscripts } from "./transcripts/blocks.ts";
import { memories } from "./transcripts/memory.ts";
import { relay } from "./transcripts/relay.ts";
import { secrets } from "./transcripts/secrets.ts";
import { sessions } from "./transcripts/sessions.ts";
import { skills } from "./transcripts/skills.ts";
import { Stage } from "./transcripts/stage.ts";
import { terminal } from "./transcripts/terminal.ts";

const SCENARIOS = [terminal, skills, secrets, memories, sessions, relay];

/** Plays all scenarios. @returns The transcripts, by their names. */
export async function makeTranscripts(): Promise<Record<string, string>> {
  const made = await Promise.all(SCENARIOS.map(async (play) => {
    await using stage = await Stage.make();
    return await play(stage);
  }));
  return Object.assign({}, ...made);
}

/** The documents, by their paths from the root. */
export async function readDocuments(): Promise<Map<string, string>> {
  const paths = ["README.md"];
  for await (const { name } of Deno.readDir(`${root}/docs`)) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  return new Map(
    await Promise.all(
      paths.sort().map(async (path) =>
        [path, await Deno.readTextFile(`${root}/${path}`)] as const
      ),
    ),
  );
}

/** Documents that differ once transcripts are in them, and what is wrong, in sentences. */
export function compare(
  documents: Map<string, string>,
  transcripts: Record<string, string>,
): { changed: Map<string, string>; problems: string[] } {
  const changed = new Map<string, string>();
  const problems: string[] = [];
  const unused = new Set(Object.keys(transcripts));
  for (const [path, before] of documents) {
    const remade = withTranscripts(before, transcripts);
    if (remade.text !== before) changed.set(path, remade.text);
    problems.push(...remade.problems.map((said) => `${path}, ${said}`));
    for (const name of remade.used) unused.delete(name);
  }
  problems.push(...Array.from(
    unused,
    (name) => `no document has the transcript ${name}`,
  ));
  return { changed, problems };
}

/** @returns The exit code. */
async function main(args: string[]): Promise<number> {
  const isCheck = args.includes("--check");
  const documents = await readDocuments();
  const { changed, problems } = compare(documents, await makeTranscripts());
  for (const [path, text] of changed) {
    if (isCheck) problems.push(`${path} differs: run deno task transcripts`);
    else await Deno.writeTextFile(`${root}/${path}`, text);
  }
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
