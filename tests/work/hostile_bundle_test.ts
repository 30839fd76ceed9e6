/**
 * Received work that is not what its description says, or is broken.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { utf8 } from "../../lib/bytes.ts";
import { Stage } from "./_stage.ts";

Deno.test("work is refused for a description that is broken, too long, or of another version", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const words = /its description is broken, or of another version/;
  const lines = [
    "",
    "\n",
    "no JSON\n",
    `${JSON.stringify({ x: "x".repeat(1024 * 1024) })}\n`,
    "[]\n",
    "\xff\n",
  ];
  for (const line of lines) {
    const payload = await workshop.files(workshop.baseTree, { line });
    await stage.refuses(line.slice(0, 20), payload, words);
  }
  const hash = "1".repeat(40);
  const fields: Record<string, unknown>[] = [
    { version: 2 },
    { format: "git" },
    { base: Array(101).fill(hash) },
    { base: ["--upload-pack=x"] },
    { work: hash.toUpperCase().replaceAll("1", "A") },
    { work: "HEAD" },
    { roots: Array(9).fill(hash) },
    { root: "/a\x1b[2J" },
    { project: "a\nb" },
    { branch: "x".repeat(256) },
    { commits: -1 },
    { left_out: Array(201).fill({ path: "a", reason: "large" }) },
  ];
  for (const header of fields) {
    const payload = await workshop.files(workshop.baseTree, { header });
    await stage.refuses(JSON.stringify(header).slice(0, 60), payload, words);
  }
  await stage.isUntouched();
});

Deno.test("work is refused for a bundle that begins otherwise than its description says", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const hash = "1".repeat(40);
  const many = Array.from(
    { length: 1_000_000 },
    (_, i) => `${hash} refs/heads/${i}\n`,
  )
    .join("");
  const heads: [
    what: string,
    change: (head: string) => string,
    words: RegExp,
  ][] = [
    ["another version", (head) => head.replace("v2", "v4"), /its version/],
    ["nothing", () => "", /its beginning|its version/],
    ["no end", (head) => head.trimEnd(), /its/],
    [
      "a filter",
      (head) => head.replace("v2", "v3").replace("\n", "\n@filter=blob:none\n"),
      /what it needs/,
    ],
    [
      "a million names",
      (head) => `${head.trimEnd()}\n${many}\n`,
      /its beginning/,
    ],
    [
      "one name more",
      (head) => `${head.trimEnd()}\n${hash} HEAD\n\n`,
      /its names/,
    ],
    [
      "a name twice",
      (head) => head.replace(/\n(.*work)\n/, "\n$1\n$1\n"),
      /its beginning/,
    ],
    ["a missing name", (head) => head.replace(/.*work\n/, ""), /its names/],
    [
      "another commit",
      (head) => head.replace(/[0-9a-f]{40}(?= .*work)/, hash),
      /its names/,
    ],
    [
      "another base",
      (head) => head.replace(/-[0-9a-f]{40}/, `-${hash}`),
      /the commits on which/,
    ],
    ["no base", (head) => head.replace(/-.*\n/, ""), /the commits on which/],
    [
      "a base more",
      (head) => head.replace("\n", `\n-${hash} x\n`),
      /the commits on which/,
    ],
  ];
  for (const [what, changeHead, words] of heads) {
    const payload = await workshop.files(workshop.baseTree, { changeHead });
    await stage.refuses(what, payload, words);
  }
  await stage.isUntouched();
});

Deno.test("work is refused for commits with other parents than it claims", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const { base, baseTree } = workshop;
  const words = /its commits are not those of its description/;
  const commit = (...parents: string[]) => workshop.commit(baseTree, parents);
  const other = async () => await workshop.commit(baseTree, [base], "other");
  const staged = await commit(base);
  const onBase = { head: base, staged, work: await commit(base) };
  await stage.refuses(
    "work on the base",
    await workshop.payload(onBase),
    words,
  );
  const merged = await commit(base, await other());
  const merge = { head: base, staged: merged, work: await commit(merged) };
  await stage.refuses("staged a merge", await workshop.payload(merge), words);
  const apart = await commit();
  const orphan = { head: base, staged: apart, work: await commit(apart) };
  await stage.refuses("staged apart", await workshop.payload(orphan), words);
  const notCommit = await workshop.blob("x");
  const blob = { head: base, staged: notCommit, work: notCommit };
  await stage.refuses("no commits", await workshop.payload(blob), words);
  await stage.isUntouched();
});

Deno.test("work is refused for a broken pack, or one without all that its commits need", async () => {
  await using stage = await Stage.make();
  const { workshop, ours } = stage;
  const file = async () =>
    await workshop.tree({ name: "a", hash: await workshop.blob("x") });
  const broken: [
    what: string,
    change: (pack: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
    words: RegExp,
  ][] = [
    ["cut", (pack) => pack.slice(0, -30), /early EOF|pack/],
    [
      "another checksum",
      (pack) => pack.map((byte, i) => i === pack.length - 1 ? byte ^ 1 : byte),
      /SHA1 mismatch|corrupted/,
    ],
    [
      "another byte",
      (pack) => pack.map((byte, i) => i === 40 ? byte ^ 255 : byte),
      /git says/,
    ],
    ["empty", () => utf8(""), /early EOF/],
    ["no pack", () => utf8("x".repeat(100)), /pack signature/],
  ];
  for (const [what, changePack, words] of broken) {
    await stage.refuses(
      what,
      await workshop.files(await file(), { changePack }),
      words,
    );
  }
  // Git takes no notice of what comes after a pack.
  const changePack = (pack: Uint8Array) => new Uint8Array([...pack, 1, 2, 3]);
  const more = await workshop.files(await file(), { changePack });
  assertEquals((await stage.look(more)).facts.files.length, 2);
  const missing = await workshop.tree({ name: "a", hash: "1".repeat(40) });
  await stage.refuses(
    "a blob is missing",
    await workshop.files(missing),
    /did not receive expected object/,
  );
  // A small pack whose object is a difference from one that nobody has.
  const long = "line\n".repeat(500);
  const [one, two] = [
    await workshop.blob(`${long}1`),
    await workshop.blob(`${long}2`),
  ];
  const pack = await workshop.repository.run(
    ["pack-objects", "--thin", "--revs", "--stdout", "-q"],
    utf8(`${two}\n--not\n${one}\n`),
  );
  const thin = await workshop.files(await file(), { pack });
  await stage.refuses("no base of a difference", thin, /git says/);
  await ours.git("fsck", "--strict");
  await stage.isUntouched();
});

Deno.test("work is not usable in another repository, or without the commit on which it builds", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const none = "1".repeat(40);
  const onNone = (roots: string[]) =>
    workshop.files(workshop.baseTree, {
      header: { base: [none], head: none, roots },
      changeHead: (head) => head.replace(/-[0-9a-f]{40}/, `-${none}`),
    });
  const code = "WORK_UNUSABLE";
  const apart = /is not a checkout of the same repository/;
  await stage.refuses("another", await onNone([none]), apart, code);
  const behind =
    /it builds on commit 111111111111, which this checkout does not/;
  await stage.refuses("newer", await onNone([workshop.base]), behind, code);
  await stage.isUntouched();
});
