/**
 * The changelog: what it says about a version, and how "Unreleased" becomes the section of one.
 *
 * Usage: `deno task notes TAG`. Prints the section of the present version, if that is the one that
 * the tag names; otherwise it says why not and exits 1.
 *
 * @module
 */

import { presentVersion, readPlaces } from "./versions.ts";

/** The heading of what the next release will bring. */
const UNRELEASED = "Unreleased";

/** The line of that heading, as {@linkcode readSection} finds it. */
const HEADING = new RegExp(`^## ${UNRELEASED}(?!\\S).*$`, "m");

/**
 * Reads the text under a heading.
 *
 * @param name A version, or "Unreleased" by default.
 * @returns The text without its heading; `null` when there is no such section.
 */
export function readSection(
  changelog: string,
  name: string = UNRELEASED,
): string | null {
  const [, ...sections] = changelog.split(/^## /m);
  const found = sections.find((section) => section.split(/\s/, 1)[0] === name);
  return found?.replace(/^.*\n?/, "").trim() ?? null;
}

/** Whether more than one section is "Unreleased", as after a merge. */
export function isAmbiguous(changelog: string): boolean {
  return HEADING.test(changelog.replace(HEADING, ""));
}

/** Whether a section has nothing but headings. */
export function isEmpty(section: string): boolean {
  return section.replaceAll(/^#.*$/gm, "").trim() === "";
}

/**
 * Makes the section of a version from "Unreleased", which is empty then.
 *
 * @param date The day of the release, as `2026-01-31`.
 */
export function releaseSection(
  changelog: string,
  version: string,
  date: string,
): string {
  return changelog.replace(
    HEADING,
    () => `## ${UNRELEASED}\n\n## ${version} (${date})`,
  );
}

/** @returns The notes, or why there are none. */
function readNotes(tag: string): [notes: string | null, reason: string] {
  const version = presentVersion(readPlaces("."));
  if (tag !== `v${version}`) {
    return [null, `The tag is "${tag}", the version ${version}`];
  }
  const notes = readSection(Deno.readTextFileSync("CHANGELOG.md"), version);
  if (notes !== null && !isEmpty(notes)) return [notes, ""];
  return [null, `CHANGELOG.md says nothing about ${version}`];
}

if (import.meta.main) {
  const [notes, reason] = readNotes(Deno.args[0] ?? "");
  if (notes === null) console.error(`notes: error: ${reason}`);
  else console.log(notes);
  Deno.exit(notes === null ? 1 : 0);
}
