/**
 * Words about secrets: where they stand, how many there are, and what was not searched.
 *
 * @module
 */

import { ALLOW_FILE } from "../../../lib/secrets/project/allow.ts";
import {
  countKinds,
  type SecretCount,
  type SecretPlace,
} from "../../../lib/secrets/places.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { formatCount } from "../screen/format.ts";
import type { Terminal } from "../terminal.ts";

/** Most places in one event. */
const MAX_PLACES = 1000;

/** Most places shown to a person by a preview, by a warning or an error. */
const MAX_PREVIEWED = 200;
const MAX_WARNED = 10;

/** Names a place: `line 12: GitHub token ghp_…9f2a`. */
function describePlace(
  { file, part, line, kind, masked }: SecretPlace,
): string {
  const where = [
    file && `"${cleanLine(file, 80)}"`,
    part,
    line && `line ${line}`,
  ].filter(Boolean).join(", ");
  return `${where}: ${kind} ${masked}`;
}

/** Names the first of some places, in one line. */
export function describePlaces(places: SecretPlace[]): string {
  const named = places.slice(0, MAX_WARNED).map(describePlace);
  const more = places.length - named.length;
  return named.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** Most kinds in one line: a sender may state any. */
const MAX_KINDS = 10;

/** Counts secrets: `3 secrets: GitHub token ×2, password`. */
export function describeCounts(counts: SecretCount[], done = ""): string {
  const total = counts.reduce((sum, { places }) => sum + places, 0);
  const kinds = counts.map(({ kind, places }) =>
    places === 1 ? kind : `${kind} ×${places}`
  );
  const named = kinds.slice(0, MAX_KINDS);
  const more = kinds.length - named.length;
  if (more > 0) named.push(formatCount(more, "more kind"));
  return `${formatCount(total, "secret")}${done}: ${named.join(", ")}`;
}

/** Fields of an event for places. */
export function placesField(
  places: SecretPlace[],
): { places: SecretPlace[]; count: number } {
  return { places: places.slice(0, MAX_PLACES), count: places.length };
}

/** Outcome of the search in what leaves. */
export interface SecretsReport {
  /** Secrets that placeholders stand for. */
  taken_out?: SecretCount[];
  /** Files that stay behind, with the reason. */
  left_out?: { name: string; why: string }[];
  /** Places that the project's allow file lets pass. */
  allowed?: number;
  /** The reason why not all could be searched: it is not text, or too long. */
  unsearched?: "binary" | "large";
}

const UNSEARCHED = {
  binary: "what is shared is not text, so not every secret in it can be found",
  large: "only the first 16 MiB were searched for secrets",
};

/** Says what the search for secrets has changed, and what it could not. */
export function sayReport(
  { taken_out = [], left_out = [], allowed = 0, unsearched }: SecretsReport,
  terminal: Terminal,
): void {
  if (taken_out.length > 0) {
    terminal.say(describeCounts(taken_out, " taken out"));
  }
  for (const { name, why } of left_out) {
    terminal.warn(`"${cleanLine(name, 80)}" is left out: ${why}`);
  }
  if (allowed > 0) {
    const [look, is] = allowed === 1 ? ["looks", "is"] : ["look", "are"];
    terminal.say(
      `${
        formatCount(allowed, "place")
      } that ${look} like a secret ${is} allowed by ${ALLOW_FILE}`,
    );
  }
  if (unsearched !== undefined) terminal.warn(UNSEARCHED[unsearched]);
}

/** Returns the parts of a report that say something; `undefined` when none does. */
export function tellingPart(report: SecretsReport): SecretsReport | undefined {
  const fields = Object.entries(report).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value)
  );
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

/** Shows every place to a person and, as an event, to a program. */
export function showPlaces(
  places: SecretPlace[],
  { keepSecrets }: { keepSecrets: boolean },
  terminal: Terminal,
): void {
  terminal.event("secrets", placesField(places));
  if (places.length === 0) return terminal.say("no secret was found");
  const counts = describeCounts(countKinds(places));
  terminal.say(keepSecrets ? `${counts}; --keep-secrets keeps them` : counts);
  for (const place of places.slice(0, MAX_PREVIEWED)) {
    terminal.say(`  ${describePlace(place)}`);
  }
  const more = places.length - MAX_PREVIEWED;
  if (more > 0) terminal.say(`  and ${formatCount(more, "more place")}`);
}

/** Shows the places for which a share would be refused, and says so. */
export function showRefused(
  places: SecretPlace[],
  { keepSecrets }: { keepSecrets: boolean },
  terminal: Terminal,
): void {
  showPlaces(places, { keepSecrets }, terminal);
  if (places.length > 0 && !keepSecrets) {
    terminal.say("without --keep-secrets a share with secrets is refused");
  }
}

/** Says which secrets the sender's command has taken out. */
export function sayTakenOut(counts: SecretCount[], terminal: Terminal): void {
  terminal.say(describeCounts(counts, " taken out by the sender"));
}

/** Warns of secrets in what was received. */
export function warnOfReceived(
  places: SecretPlace[],
  terminal: Terminal,
): void {
  if (places.length === 0) return;
  terminal.event("secrets", placesField(places));
  terminal.warn(
    `${formatCount(places.length, "secret")} in what was received: ${
      describePlaces(places)
    }`,
  );
}
