/**
 * The skills `distill-share` and `distill-receive`.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import type { SecretPlace } from "../../lib/secrets/places.ts";
import { skillCommand } from "../../lib/plugin_name.ts";
import { type Means, shareFile, startReceiving } from "./means.ts";
import { wordsFor } from "./typed/input.ts";

/** Shares the document that Claude has written, and removes it. */
export async function share(means: Means): Promise<void> {
  const typed = wordsFor(await means.input.take(), "serve");
  const file = means.session.written("distillation-SESSION.md");
  await shareFile(means, "distillation", file, typed).catch((error) => {
    throw forClaude(error);
  });
}

/** Has Claude take secrets out of the document; only the user can change what stands beside it. */
function forClaude(error: unknown): unknown {
  if (!SpreadError.is(error, "SECRETS_FOUND")) return error;
  const { code, message, fields } = error;
  // Those in commits have their hint already.
  if (fields.commits !== undefined) return error;
  const places = fields.places as SecretPlace[];
  const isInText = places.every(({ part }) => part === undefined);
  const does = isInText
    ? 'In the document, replace each secret with the place where it is stored, such as "the token is in .env", and run the same command again, once'
    : "End here: only the user can change the names that hold secrets";
  const hint = `${does}. To share it as it is, the user types ${
    skillCommand("distill-share")
  } --keep-secrets`;
  return new SpreadError(code, message, hint, { cause: error, fields });
}

/** Receives a document and prints it. */
export async function receive(means: Means): Promise<void> {
  const typed = wordsFor(await means.input.take(), "receive");
  await startReceiving(means, ["--kind=distillation"], typed);
}
