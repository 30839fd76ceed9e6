/**
 * A memory without its secrets: placeholders stand for them, the same one for the same secret in all
 * files. A file whose name is secret is left out.
 *
 * @module
 */

import { mask } from "../secrets/mask.ts";
import {
  countKinds,
  linesOf,
  type SecretCount,
  type SecretPlace,
  withMasks,
} from "../secrets/places.ts";
import { Placeholders } from "../secrets/placeholders.ts";
import { SecretRedactor } from "../secrets/redactor.ts";
import type { Scanner } from "../secrets/scanner.ts";
import type { Finding } from "../secrets/spans.ts";
import type { SkippedFile } from "./folder.ts";
import { mapMemory } from "./frontmatter.ts";
import { type Selection, selectMemories } from "./select.ts";

/** A memory as it may leave. */
export interface SafeMemory {
  project: string;
  /** Texts by name: those selected. */
  files: Map<string, string>;
  /** Files whose names hold secrets, which are masked there. */
  leftOut: SkippedFile[];
  /** Secrets that were taken out of the texts. */
  places: SecretPlace[];
  secrets: SecretCount[];
}

/** The choice among the files of a memory. */
export interface MemoryChoice extends Selection {
  /** Names of files that are left out for other reasons. */
  missing?: string[];
  /** Whether secrets stay where they are. */
  keepSecrets: boolean;
}

/**
 * Selects memories and takes their secrets out. A secret that is found in one file is taken out of
 * all others too.
 *
 * @param scanner `null` for no search.
 * @param placeholders Those of the share.
 * @throws {SpreadError} `PAYLOAD_TOO_LARGE` when there are more secrets than a redactor takes.
 */
export async function selectSafely(
  { project, files }: { project: string; files: Map<string, string> },
  { missing = [], keepSecrets, ...selection }: MemoryChoice,
  scanner: Scanner | null,
  placeholders: Placeholders = new Placeholders(),
): Promise<SafeMemory> {
  if (scanner === null) {
    const selected = selectMemories(files, selection, missing);
    return { project, files: selected, leftOut: [], places: [], secrets: [] };
  }
  const redactor = new SecretRedactor(scanner, placeholders);
  await redactor.learn([project, ...files.keys()]);
  for (const [name, text] of files) await redactor.learn([text], name);
  const leftOut = keepSecrets ? new Map() : secretNames(files, redactor);
  const named = new Map(
    Array.from(files).filter(([name]) => !leftOut.has(name)),
  );
  const left = [...missing, ...leftOut.keys()];
  const selected = selectMemories(named, selection, left);
  const places = Array.from(selected).flatMap(([file, text]) =>
    linesOf(text, redactor.placesIn(text), { file })
  );
  const change = (text: string) => keepSecrets ? text : redactor.redact(text);
  for (const [name, text] of selected) {
    selected.set(name, mapMemory(text, change));
  }
  return {
    project: change(project),
    files: selected,
    leftOut: [...leftOut.values()],
    places,
    secrets: countKinds(places),
  };
}

/** Finds the secrets in a received memory, in its names too. */
export async function findInMemory(
  files: Iterable<[name: string, text: string]>,
  scanner: Scanner,
): Promise<SecretPlace[]> {
  const places: SecretPlace[] = [];
  for (const [name, text] of files) {
    const named = await scanner.scan([name]);
    const about = { file: withMasks(name, named) };
    for (const { kind, rule, value } of named) {
      const masked = mask(value);
      places.push({ ...about, part: "its name", kind, rule, masked });
    }
    places.push(...linesOf(text, await scanner.scan([text]), about));
  }
  return places;
}

/** Files whose names hold secrets, which another name or text may have told. */
function secretNames(
  files: Map<string, string>,
  redactor: SecretRedactor,
): Map<string, SkippedFile> {
  const secret = new Map<string, SkippedFile>();
  for (const name of files.keys()) {
    const found = [...redactor.placesIn(name)];
    if (found.length === 0) continue;
    const why = `its name holds a secret (${found[0]!.kind})`;
    secret.set(name, { name: withMasks(name, found), why });
  }
  return secret;
}

/**
 * Masks the secrets in names that are shown.
 *
 * @param scanner `null` for no search.
 */
export async function maskNames(
  names: string[],
  scanner: Scanner | null,
): Promise<string[]> {
  if (scanner === null) return names;
  const found = await findingsIn(names, scanner);
  return names.map((name, index) => withMasks(name, found.get(index) ?? []));
}

async function findingsIn(
  names: string[],
  scanner: Scanner,
): Promise<Map<number, Finding[]>> {
  return Map.groupBy(await scanner.scan(names), ({ string }) => string);
}
