/**
 * The skill `memory-share`: lists the memory of the project, then shares it, either the document
 * that Claude has written from it or, with `--raw`, the files themselves.
 *
 * @module
 */

import { flagsFor, type Means, shareFile, tellPreview } from "./means.ts";
import type { TypedLine } from "./typed/line.ts";
import { wordsFor } from "./typed/input.ts";

/** Lists the memory; with `--share`, shares it. */
export async function share(means: Means): Promise<void> {
  if (means.flags.has("share")) return await start(means);
  const line = await means.input.peek();
  const isPreview = line.args.some(({ arg }) => arg === "--preview");
  await bundle(means, line, isPreview ? [] : ["--preview"]);
  if (isPreview) {
    // Nothing can be shared with this line any more.
    await means.input.take();
    return tellPreview(means);
  }
  means.terminal.tell(
    isRaw(line)
      ? "to Claude: the user shares these files as they are; go on with --share"
      : "to Claude: the user shares a document that you write from these files",
  );
}

async function start(means: Means): Promise<void> {
  const { input, session } = means;
  const line = await input.take();
  const file = session.written(`memory-SESSION.${isRaw(line) ? "json" : "md"}`);
  if (isRaw(line)) await bundle(means, line, ["--force", `--output=${file}`]);
  await shareFile(means, "memory", file, wordsFor(line, "serve"));
}

function isRaw({ args }: TypedLine): boolean {
  return args.some(({ arg }) => arg === "--raw");
}

/** Bundles files of the types that the user typed; by default all but those about a person. */
async function bundle(
  means: Means,
  line: TypedLine,
  args: string[],
): Promise<void> {
  const typed = wordsFor(line, "bundle");
  const isChosen = typed.args.some((arg) => /^--(only|except)=/.test(arg));
  if (!isChosen && isRaw(line)) args.push("--except=user");
  const { run } = await import("../memory/bundle.ts");
  await run(flagsFor("bundle", means, args, typed), means);
  if (isChosen || !isRaw(line)) return;
  means.terminal.say(
    "memories about a person (type user) are left out; to share them too, type --raw --only user,feedback,project,reference,untyped",
  );
}
