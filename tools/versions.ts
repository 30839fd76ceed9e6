/**
 * The places that name our version, and whether they agree: Claude Code updates by `plugin.json`,
 * the marketplace shows its own, the relay reports that of `deno.json`, and who runs a relay takes
 * the tag and the image that `deploy/` and docs/self_hosting.md name. `deno task release` moves
 * them all.
 *
 * Usage: `deno run --allow-read tools/versions.ts [folder]`. Prints each difference and exits 1;
 * prints nothing and exits 0 otherwise.
 *
 * @module
 */

/** Files that name the version, each with the text right before it. */
export const PLACES: readonly (readonly [path: string, before: string])[] = [
  ["deno.json", '\n  "version": "'],
  [".claude-plugin/plugin.json", '\n  "version": "'],
  [".claude-plugin/marketplace.json", '\n      "version": "'],
  ["deploy/Containerfile", 'image.version="'],
  ["deploy/Containerfile", "/blob/v"],
  ["deploy/claude-spread-relay.service", "/blob/v"],
  ["deploy/compose.yaml", "image: claude-spread-relay:"],
  ["docs/self_hosting.md", "--branch v"],
];

/** Texts of the files of {@linkcode PLACES}, by path. */
export type Texts = Map<string, string>;

/** Reads the files of {@linkcode PLACES} in a checkout. */
export function readPlaces(root: string): Texts {
  return new Map(
    PLACES.map(([path]) => [path, Deno.readTextFileSync(`${root}/${path}`)]),
  );
}

/** The version in `deno.json`. */
export function presentVersion(texts: Texts): string {
  return JSON.parse(texts.get("deno.json")!).version;
}

/** Finds places whose version differs from that in `deno.json`, or that have none. */
export function findDifferences(texts: Texts): string[] {
  const right = presentVersion(texts);
  const differences = PLACES.flatMap(([path, before]) => {
    const versions = texts.get(path)!.match(versionAfter(before));
    if (versions === null) {
      return [`${path} has no version after "${before.trim()}"`];
    }
    return versions.filter((version) => version !== right)
      .map((version) => `${path} says ${version}, deno.json ${right}`);
  });
  return [...new Set(differences)];
}

/** Returns the texts with another version in every place. */
export function moveVersion(texts: Texts, version: string): Texts {
  const moved = new Map(texts);
  for (const [path, before] of PLACES) {
    const text = moved.get(path)!;
    moved.set(path, text.replaceAll(versionAfter(before), version));
  }
  return moved;
}

function versionAfter(before: string): RegExp {
  return new RegExp(`(?<=${RegExp.escape(before)})\\d[\\w.+-]*`, "g");
}

if (import.meta.main) {
  const differences = findDifferences(readPlaces(Deno.args[0] ?? "."));
  for (const difference of differences) console.error(difference);
  Deno.exit(differences.length === 0 ? 0 : 1);
}
