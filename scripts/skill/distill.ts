/**
 * The skills `distill-share` and `distill-receive`.
 *
 * @module
 */

import { type Means, shareFile, startReceiving } from "./means.ts";
import { wordsFor } from "./typed_input.ts";

/** Shares the document that Claude has written, and removes it. */
export async function share(means: Means): Promise<void> {
  const typed = wordsFor(await means.input.take(), "serve");
  const file = means.session.written("distillation-SESSION.md");
  await shareFile(means, "distillation", file, typed);
}

/** Receives a document and prints it. */
export async function receive(means: Means): Promise<void> {
  const typed = wordsFor(await means.input.take(), "receive");
  await startReceiving(means, ["--kind=distillation"], typed);
}
