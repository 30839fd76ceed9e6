/**
 * Checks that all places that name our version agree: Claude Code updates by `plugin.json`, the
 * marketplace shows its own, and the relay reports that of `deno.json`.
 *
 * Usage: `deno run --allow-read tools/versions.ts [folder]`. Prints each difference and exits 1;
 * prints nothing and exits 0 otherwise.
 *
 * @module
 */

/** Files that name the version. */
const PLACES = [
  "deno.json",
  ".claude-plugin/plugin.json",
  ".claude-plugin/marketplace.json",
];

/**
 * Finds versions that differ from the one in `deno.json`.
 *
 * @param texts Text of each of the three files, by path.
 * @returns One sentence for each; empty when there is none.
 */
export function findDifferences(texts: Map<string, string>): string[] {
  const versions = PLACES.map((path) => [path, versionIn(texts.get(path)!)]);
  const [, right] = versions[0]!;
  return versions.filter(([, version]) => version !== right)
    .map(([path, version]) => `${path} says ${version}, deno.json ${right}`);
}

function versionIn(text: string): string {
  const value = JSON.parse(text);
  return String(value.plugins?.[0]?.version ?? value.version);
}

if (import.meta.main) {
  const root = Deno.args[0] ?? ".";
  const texts = new Map(
    PLACES.map((path) => [path, Deno.readTextFileSync(`${root}/${path}`)]),
  );
  const differences = findDifferences(texts);
  for (const difference of differences) console.error(difference);
  Deno.exit(differences.length === 0 ? 0 : 1);
}
