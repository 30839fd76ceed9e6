/**
 * Refuses a distillation with secrets before anything of it is announced.
 *
 * @module
 */

import { MAX_LISTED_FILES } from "../../../lib/distillation/document.ts";
import type { ProjectFacts } from "../../../lib/distillation/project_facts.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { mask } from "../../../lib/secrets/mask.ts";
import {
  linesOf,
  type SecretPlace,
  withMasks,
} from "../../../lib/secrets/places.ts";
import type { Scanner } from "../../../lib/secrets/scanner.ts";
import { formatCount } from "../../cli/screen/format.ts";
import {
  describePlaces,
  placesField,
  showRefused,
} from "../../cli/secrets/report.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { SettledOptions } from "../options.ts";
import { describeFile } from "./offer.ts";

/** All that leaves of a distillation. */
export interface LeavingTexts {
  text: string;
  name: string;
  facts: ProjectFacts | null;
}

/**
 * Searches all that would leave; a preview shows what is found.
 *
 * @throws {SpreadError} `SECRETS_FOUND`.
 */
export async function refuseSecrets(
  texts: LeavingTexts,
  { options, scanner, terminal }: {
    options: SettledOptions;
    scanner: Scanner | null;
    terminal: Terminal;
  },
): Promise<void> {
  if (scanner === null) return;
  const places = [
    ...linesOf(texts.text, await scanner.scan([texts.text], texts.name)),
    ...await placesInParts(texts, scanner),
  ];
  if (options.preview) showRefused(places, options, terminal);
  else if (places.length > 0) {
    const { file } = options;
    throw found(places, withMasks(file, await scanner.scan([file])));
  }
}

/** Finds secrets in what is sent beside the text. */
async function placesInParts(
  { name, facts }: LeavingTexts,
  scanner: Scanner,
): Promise<SecretPlace[]> {
  const { branch, remote } = facts?.git ?? {};
  const parts = [
    ["the file name", name],
    ["the name of the project", facts?.project],
    ["the branch", branch],
    ["the remote", remote],
    ...(facts?.changedFiles ?? []).slice(0, MAX_LISTED_FILES)
      .map((file) => ["the name of a changed file", file]),
  ].filter(([, text]) => text !== undefined) as [string, string][];
  const findings = await scanner.scan(parts.map(([, text]) => text), name);
  return findings.map(({ string, kind, rule, value }) => (
    { part: parts[string]![0], kind, rule, masked: mask(value) }
  ));
}

/** @param file Its secrets are masked. */
function found(places: SecretPlace[], file: string): SpreadError {
  const isInParts = places.some(({ part }) => part !== undefined);
  return new SpreadError(
    "SECRETS_FOUND",
    `Cannot share ${describeFile(file)}: it holds ${
      formatCount(places.length, "secret")
    } (${describePlaces(places)})`,
    `Replace each secret with the place where it is stored${
      isInParts
        ? ", rename what has a secret in its name, or leave --project out"
        : ""
    }; to share it as it is, add --keep-secrets`,
    { fields: placesField(places) },
  );
}
