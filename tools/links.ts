/**
 * Checks the links between our documents: each leads to a file and a heading that exist, and each
 * "docs/x.md, section N" names a section that exists, in source files as well. Addresses elsewhere
 * are only read; nothing is opened.
 *
 * Usage: `deno run --allow-read --allow-run=git tools/links.ts`. Prints each broken link and exits
 * 1; prints nothing and exits 0 otherwise.
 *
 * @module
 */

import { resolvePath } from "./paths.ts";
import { walk } from "./transcripts/markdown.ts";

/** A document, as far as others refer to it. */
interface Document {
  links: string[];
  anchors: Set<string>;
  /** Numbers of its sections, which are in headings (`4.`), or begin a paragraph (`4.2.`). */
  sections: Set<string>;
}

/** Files that a link into our own repository would go around: a clone may be older. */
const OWN =
  /^https:\/\/github\.com\/NAMYUNWOO\/claudeSpread\/(blob|tree|raw)\//;

/** A link in HTML. */
const ATTRIBUTE = /\b(?:href|src|srcset)="([^"]*)"/g;

/** A reference to sections, after line breaks have become blanks. */
const SECTIONS =
  /([\w./-]+\.md)[`)\]]*, sections? ([\d.]*\d)(?:(?: and | to |, )([\d.]*\d))?/g;

const NUMBERED_PARAGRAPH = /(?<=\n\n)\d+\.\d+(?=\. )/g;

/** Files with references to documents that are examples. */
const EXAMPLES = /^testdata\/|^tools\/links_test\.ts$/;

/** Signs that stand between the lines of a comment. */
const LINE_BREAK = /\s*\n[ \t]*(?:\*|\/\/|#)?[ \t]*/g;

/**
 * Finds links that lead nowhere.
 *
 * @param texts Text of each file that may refer to documents, by its path from the root.
 * @param files Paths of all files.
 * @returns One sentence for each; empty when there is none.
 */
export function findBroken(
  texts: Map<string, string>,
  files: Set<string>,
): string[] {
  const documents = new Map(
    [...texts].filter(([path]) => path.endsWith(".md"))
      .map(([path, text]) => [path, read(text)]),
  );
  const broken: string[] = [];
  for (const [path, { links }] of documents) {
    for (const link of links) {
      const problem = problemOf(link, path, documents, files);
      if (problem !== null) broken.push(`${path}: ${link} ${problem}`);
    }
  }
  for (const [path, text] of texts) {
    broken.push(...brokenSections(path, text, documents));
  }
  return broken;
}

/** Reads a document. */
function read(markdown: string): Document {
  const document: Document = {
    links: [],
    anchors: new Set(),
    sections: new Set(markdown.match(NUMBERED_PARAGRAPH)),
  };
  let heading: string | null = null;
  for (const { entering, node } of walk(markdown)) {
    if (node.type === "heading") {
      if (!entering) addHeading(document, heading!);
      heading = entering ? "" : null;
    } else if (entering && node.destination) {
      document.links.push(node.destination);
    } else if (node.type.startsWith("html_")) {
      const found = node.literal!.matchAll(ATTRIBUTE);
      document.links.push(...Array.from(found, ([, link]) => link!));
    } else if (heading !== null) heading += node.literal ?? "";
  }
  return document;
}

/** Adds a heading by GitHub's rule: small letters, without punctuation, and a number if it is not the first. */
function addHeading({ anchors, sections }: Document, heading: string): void {
  const name = heading.trim().toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-");
  let anchor = name;
  for (let i = 1; anchors.has(anchor); i++) anchor = `${name}-${i}`;
  anchors.add(anchor);
  const number = /^(\d+(?:\.\d+)*)\.? /.exec(heading)?.[1];
  if (number !== undefined) sections.add(number);
}

/** The problem with a link; `null` for none. */
function problemOf(
  link: string,
  from: string,
  documents: Map<string, Document>,
  files: Set<string>,
): string | null {
  if (/^[a-z]+:/i.test(link)) return problemElsewhere(link);
  const [place, anchor] = link.split("#");
  const path = place === "" ? from : resolvePath(from, decodeURI(place!));
  const isThere = files.has(path) ||
    [...files].some((file) => file.startsWith(`${path.replace(/\/$/, "")}/`));
  if (!isThere) return "leads to no file";
  if (anchor === undefined) return null;
  const isHeading = documents.get(path)?.anchors.has(decodeURI(anchor));
  return isHeading ? null : "leads to no heading";
}

function problemElsewhere(link: string): string | null {
  if (OWN.test(link)) return "should be a path";
  const url = URL.parse(link);
  if (url?.protocol === "mailto:") return null;
  return url?.protocol === "https:" && url.hostname.includes(".")
    ? null
    : "is not an https address";
}

function brokenSections(
  path: string,
  text: string,
  documents: Map<string, Document>,
): string[] {
  const references = text.replace(LINE_BREAK, " ").matchAll(SECTIONS);
  return [...references].flatMap(([, place, ...numbers]) => {
    const document = documents.get(place!) ??
      documents.get(resolvePath(path, place!));
    if (document === undefined) return [`${path}: ${place} is not a document`];
    return numbers.filter((number) =>
      number !== undefined && !document.sections.has(number)
    ).map((number) => `${path}: ${place} has no section ${number}`);
  });
}

/** Texts that refer to documents, and paths of all files that git knows. */
async function readTracked(): Promise<[Map<string, string>, Set<string>]> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z"],
  }).output();
  const files = new TextDecoder().decode(stdout).split("\0").filter(Boolean);
  const texts = new Map<string, string>();
  for (const path of files) {
    if (!/\.(md|ts|sh|py)$/.test(path) || EXAMPLES.test(path)) continue;
    texts.set(path, await Deno.readTextFile(path));
  }
  return [texts, new Set(files)];
}

if (import.meta.main) {
  const broken = findBroken(...await readTracked());
  for (const problem of broken) console.error(problem);
  Deno.exit(broken.length === 0 ? 0 : 1);
}
