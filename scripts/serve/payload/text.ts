/**
 * Texts to share, as they may leave: with the facts of the project in a distillation, without the
 * user's name in paths where that is asked for, and without secrets.
 *
 * A distillation with a secret is refused, because Claude can write it again. A memory gets
 * placeholders. Whatever is not text, or too long, is searched as far as it goes and refused like a
 * distillation; the report says so. It cannot be changed, so `--anonymous` refuses it.
 *
 * @module
 */

import { utf8 } from "../../../lib/bytes.ts";
import { usage } from "../../../lib/errors.ts";
import { addFacts, readDocument } from "../../../lib/distillation/document.ts";
import type { ProjectFacts } from "../../../lib/distillation/project_facts.ts";
import {
  BytesPayload,
  type Payload,
} from "../../../lib/files/payload/source.ts";
import {
  decodeText,
  MAX_SEARCHED_BYTES,
} from "../../../lib/secrets/decode_text.ts";
import { countKinds, linesOf } from "../../../lib/secrets/places.ts";
import { Placeholders } from "../../../lib/secrets/placeholders.ts";
import { SecretRedactor } from "../../../lib/secrets/redactor.ts";
import { mapStrings } from "../../../lib/text/map_strings.ts";
import { anonymizerOf } from "../../cli/secrets/anonymous.ts";
import {
  openProjectScanner,
  type ProjectScanner,
} from "../../cli/secrets/project.ts";
import {
  type SecretsReport,
  showPlaces,
  tellingPart,
} from "../../cli/secrets/report.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { SettledOptions } from "../options.ts";
import { refuseSecrets } from "./refuse_secrets.ts";

/** A text as it was named. */
export interface NamedText {
  payload: Payload;
  /** Name for the receiver. */
  name: string;
  facts: ProjectFacts | null;
  created: Date;
}

/** A text as it may leave. */
export interface SafeText {
  payload: Payload;
  name: string;
  facts: ProjectFacts | null;
  /** Outcome of the search; absent when there is nothing to say. */
  secrets?: SecretsReport;
}

/** The search for secrets; without a scanner there is none. */
interface Search {
  options: SettledOptions;
  scanner: ProjectScanner | null;
  terminal: Terminal;
}

/**
 * Prepares a distillation or a memory.
 *
 * @throws {SpreadError} `SECRETS_FOUND` for a distillation with secrets; `USAGE` when the project's
 *   allow file cannot be used, or `--anonymous` cannot change the text; as `readDocument()`.
 */
export async function prepareText(
  given: NamedText,
  options: SettledOptions,
  terminal: Terminal,
): Promise<SafeText> {
  // Secrets that are kept are searched for only in a preview.
  const scanner = options.keepSecrets && !options.preview
    ? null
    : await openProjectScanner(options.project ?? ".");
  const rename = anonymizerOf(options);
  const named = {
    ...given,
    name: rename(given.name),
    facts: given.facts && mapStrings(given.facts, rename),
  };
  const prepare = options.kind === "memory"
    ? prepareMemory
    : prepareDistillation;
  const { secrets, ...safe } = await prepare(named, {
    options,
    scanner,
    terminal,
  });
  if (scanner === null) return safe;
  const report = { ...secrets, allowed: scanner.allowed || undefined };
  return { ...safe, secrets: tellingPart(report) };
}

async function prepareDistillation(
  { payload, name, facts, created }: NamedText,
  search: Search,
): Promise<SafeText> {
  const { options } = search;
  const isWhole = facts !== null || options.removeFile;
  const { text, unsearched }: ReadText = isWhole
    ? { text: await readDocument(payload) }
    : await readText(payload, options);
  const renamed = anonymizerOf(options)(text);
  await refuseSecrets({ text: renamed, name, facts }, search);
  const document = facts === null ? renamed : addFacts(renamed, facts, created);
  const isSame = unsearched !== undefined || document === text;
  return {
    payload: isSame && !isWhole ? payload : new BytesPayload(utf8(document)),
    name,
    facts,
    secrets: { unsearched },
  };
}

async function prepareMemory(
  { payload, name, facts }: NamedText,
  search: Search,
): Promise<SafeText> {
  const { options, scanner, terminal } = search;
  const placeholders = new Placeholders();
  const redactor = scanner && new SecretRedactor(scanner, placeholders);
  const { openBundle, prepareBundle } = await import("./bundle.ts");
  const bundle = await openBundle(payload);
  const safe = bundle === null
    ? await prepareDocument({ payload, name }, search, redactor)
    : await prepareBundle(bundle, options, { scanner, placeholders, terminal });
  if (redactor === null || options.keepSecrets) {
    return { payload, name, facts, ...safe };
  }
  const parts: string[] = [];
  mapStrings([name, facts], (text) => (parts.push(text), text));
  await redactor.learn(parts, name);
  const redact = (text: string) => redactor.redact(text);
  return {
    payload,
    ...safe,
    name: redact(name),
    facts: mapStrings(facts, redact),
  };
}

/** A memory as a document: placeholders stand for its secrets. */
async function prepareDocument(
  { payload, name }: Pick<NamedText, "payload" | "name">,
  search: Search,
  redactor: SecretRedactor | null,
): Promise<Pick<SafeText, "secrets"> & { payload?: Payload }> {
  const { options, terminal } = search;
  const { text, unsearched } = await readText(payload, options);
  if (unsearched !== undefined) {
    // A placeholder could not stand in it.
    await refuseSecrets({ text, name, facts: null }, search);
    return { secrets: { unsearched } };
  }
  const { keepSecrets, preview } = options;
  const renamed = anonymizerOf(options)(text);
  await redactor?.learn([renamed, name], name);
  const places = [
    ...linesOf(renamed, redactor?.placesIn(renamed) ?? []),
    ...linesOf(name, redactor?.placesIn(name) ?? [])
      .map((place) => ({ ...place, line: undefined, part: "the file name" })),
  ];
  if (preview) showPlaces(places, options, terminal);
  const changed = keepSecrets || redactor === null
    ? renamed
    : redactor.redact(renamed);
  return {
    ...changed !== text && { payload: new BytesPayload(utf8(changed)) },
    secrets: { taken_out: keepSecrets ? [] : countKinds(places) },
  };
}

/** A text, as far as it is searched, and the reason why not all of it is. */
interface ReadText {
  text: string;
  unsearched?: SecretsReport["unsearched"];
}

/**
 * Reads a text, or as much of it as is searched.
 *
 * @throws {SpreadError} `USAGE` for what `--anonymous` cannot change.
 */
async function readText(
  payload: Payload,
  { anonymous }: Pick<SettledOptions, "anonymous">,
): Promise<ReadText> {
  const bytes = new Uint8Array(Math.min(payload.size, MAX_SEARCHED_BYTES));
  let length = 0;
  for await (const piece of payload.read(0)) {
    bytes.set(piece.subarray(0, bytes.length - length), length);
    length = Math.min(length + piece.length, bytes.length);
    if (length === bytes.length) break;
  }
  const { text, isBinary } = decodeText(bytes.subarray(0, length));
  const isLarge = payload.size > MAX_SEARCHED_BYTES;
  const unsearched = isBinary ? "binary" : isLarge ? "large" : undefined;
  if (anonymous && unsearched !== undefined) {
    throw usage(
      `--anonymous cannot change a file that is ${
        isBinary ? "not text" : "longer than 16 MiB"
      }`,
      "Share a text of at most 16 MiB, or leave --anonymous out",
    );
  }
  return { text, unsearched };
}
