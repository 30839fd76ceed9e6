/**
 * Random histories: what was pushed, committed, staged and left unstaged, with names and contents
 * over which programs stumble.
 *
 * @module
 */

import fc from "fast-check";
import type { Repository } from "../support/repository.ts";

/** A path that is written or goes. */
export interface Change {
  path: string;
  kind: "file" | "program" | "link" | "gone";
  content: string;
}

/** The steps that lead to a checkout. */
export interface History {
  base: Change[];
  commits: Change[][];
  staged: Change[];
  unstaged: Change[];
  intended: Change[];
  /** Whether the file that is intended is gone again. */
  vanished: boolean;
}

/** Few names, so that files, folders and links take each other's places. */
const PATHS = [
  "a",
  "a/b",
  "a/b/c",
  "d",
  "d/e f",
  "-x",
  "--all",
  "q\"uote's",
  " blank ",
  "ü/日本.txt",
  ".hidden",
  "x.ign",
  "ign/y",
  "$(touch mark)",
  "*",
  ":(top)z",
];

/** Contents that git or a decoder might change. */
const CONTENTS = [
  "",
  "1\n",
  "two\nlines",
  "line\r\nends\r\n",
  "\0binary\xff",
  "x".repeat(5000),
];

/** Targets of links: inside of the checkout wherever the link is, or to nothing. */
const TARGETS = ["kept", "missing", "a"];

const path = fc.constantFrom(...PATHS);

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      path,
      kind: fc.constantFrom("file" as const, "program" as const),
      content: fc.constantFrom(...CONTENTS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path,
      kind: fc.constant("link" as const),
      content: fc.constantFrom(...TARGETS, "/etc/hostname", "../../out"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      path,
      kind: fc.constant("gone" as const),
      content: fc.constant(""),
    }),
  },
);

/** Names that cannot come along: only for files that no commit has. */
const oddChange: fc.Arbitrary<Change> = fc.record({
  path: fc.constantFrom("line\nfeed", "back\\slash", "\x1b[31m"),
  kind: fc.constant("file" as const),
  content: fc.constantFrom(...CONTENTS),
});

/** Links that may be committed and pushed lead nowhere else, or the commits could not be sent. */
const committed = change.map((one) => (
  one.kind === "link" && !TARGETS.includes(one.content)
    ? { ...one, content: "kept" }
    : one
));

const some = (one: fc.Arbitrary<Change>, maxLength = 6) =>
  fc.array(one, { maxLength });

/** Random histories. */
export const history: fc.Arbitrary<History> = fc.record({
  base: some(committed, 10),
  commits: fc.array(some(committed, 4), { maxLength: 2 }),
  staged: some(fc.oneof({ weight: 6, arbitrary: change }, oddChange)),
  unstaged: some(fc.oneof({ weight: 6, arbitrary: change }, oddChange)),
  intended: some(
    change.filter(({ path, kind }) => !/ign/.test(path) && kind !== "gone"),
    1,
  ),
  vanished: fc.boolean(),
});

/** Makes changes in the files of a checkout. */
export async function apply(
  { folder }: Repository,
  changes: Change[],
): Promise<void> {
  for (const { path, kind, content } of changes) {
    const full = `${folder}/${path}`;
    await clearWay(folder, path);
    if (kind === "gone") continue;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    if (kind === "link") await Deno.symlink(content, full);
    else {
      const bytes = Uint8Array.from(content, (char) => char.charCodeAt(0));
      await Deno.writeFile(full, bytes);
      await Deno.chmod(full, kind === "program" ? 0o755 : 0o644);
    }
  }
}

/** Removes what is at a path, and files where folders are to be; links are not followed. */
async function clearWay(folder: string, path: string): Promise<void> {
  const parts = path.split("/");
  for (let i = 1; i <= parts.length; i++) {
    const at = `${folder}/${parts.slice(0, i).join("/")}`;
    const info = await Deno.lstat(at).catch(() => null);
    if (info === null) return;
    if (i === parts.length || !info.isDirectory) {
      await Deno.remove(at, { recursive: true });
    }
  }
}
