/** How much the scanner finds of the corpus, and how little of innocent texts. */

import { assert, assertEquals } from "@std/assert";
import { openScanner } from "./scanner.ts";
import type { Finding } from "./spans.ts";
import { type Case, makeCases } from "./testing/corpus.ts";
import { makeInnocents, readInnocentLines } from "./testing/innocent.ts";

const MIN_KINDS = 60;
const MIN_RECALL = 0.97;
const MIN_PRECISION = 0.95;
const MIN_INNOCENT_LENGTH = 5_000_000;

/** Most characters that a finding may have beyond the secret; a cookie is taken as a whole. */
const MAX_EXCESS = 40;

const cases = makeCases();

/** The finding that covers the secret of a case, and little else. */
function coverOf(
  { start, end }: Case,
  findings: Finding[] = [],
): Finding | undefined {
  return findings.find((finding) =>
    finding.start <= start && finding.end >= end &&
    finding.end - finding.start <= end - start + MAX_EXCESS
  );
}

Deno.test("scan() finds invented secrets of many kinds in shell output, JSON and prose, and takes innocent texts for none", async () => {
  assert(new Set(cases.map(({ kind }) => kind)).size >= MIN_KINDS);
  const found = Map.groupBy(
    await openScanner().scan(cases.map(({ text }) => text)),
    ({ string }) => string,
  );
  const missed = cases.filter((one, index) => !coverOf(one, found.get(index)));
  const names = missed.map(({ kind, surroundings }) =>
    `${kind} in ${surroundings}`
  );
  const recall = 1 - missed.length / cases.length;
  assert(recall >= MIN_RECALL, `recall ${recall}:\n${names.join("\n")}`);

  const innocents = makeInnocents();
  const length = innocents.reduce((sum, { text }) => sum + text.length, 0);
  assert(length >= MIN_INNOCENT_LENGTH, `${length} innocent characters`);
  const alarms = await openScanner().scan(innocents.map(({ text }) => text));
  const places = alarms.map(({ rule, string, value }) =>
    `${rule} in ${innocents[string]!.name}: ${value.slice(0, 60)}`
  );
  const right = cases.length - missed.length;
  const precision = right / (right + alarms.length);
  assert(
    precision >= MIN_PRECISION,
    `precision ${precision}:\n${places.join("\n")}`,
  );
});

Deno.test("scan() takes no line of innocent.txt for a secret", async () => {
  const lines = readInnocentLines();
  const alarms = await openScanner().scan(lines.map(({ text }) => text));
  assertEquals(alarms.map(({ string }) => lines[string]!.text), []);
});

Deno.test("scan() names the vendor of a secret that has a form of its own", async () => {
  const kinds: Record<string, string> = {
    "GitHub classic token": "GitHub token",
    "AWS secret key": "AWS secret key",
    "Stripe webhook secret": "webhook secret",
    "OpenSSH private key": "private key",
    "Redis URL": "password in a URL",
    "database password in env": "password",
    "Datadog API key": "key",
  };
  const chosen = cases.filter(({ kind }) => Object.hasOwn(kinds, kind));
  const findings = await openScanner().scan(chosen.map(({ text }) => text));
  assertEquals(
    findings.map(({ kind }) => kind),
    chosen.map(({ kind }) => kinds[kind]),
  );
});
