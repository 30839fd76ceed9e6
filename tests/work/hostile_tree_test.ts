/**
 * Received work whose files would lead elsewhere, or run something.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { utf8 } from "../../lib/bytes.ts";
import { Stage } from "./_stage.ts";

Deno.test("work is refused for names that lead elsewhere, and nothing of it stays", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const names: [path: string, words: RegExp][] = [
    // Git's own check of objects knows these.
    [".git/hooks/post-checkout", /hasDotgit|\.git/],
    [".GIT/config", /\.git/i],
    ["a/.git/config", /\.git/],
    ["git~1/config", /\.git/],
    [".git /config", /\.git/],
    [".g\u200cit/config", /\.git/],
    ["../outside", /'\.\.'/],
    ["a/../../outside", /'\.\.'/],
    ["./here", /'\.'/],
    // Ours knows the others.
    [".git:x/config", /\.git/],
    ["git~2", /its name is that of git's own folder/],
    ["a\\..\\b", /its name has a backslash/],
    ["a\nb", /its name has control characters/],
    ["a\x1b[2Jb", /its name has control characters/],
    ["a\u009b2Jb", /its name has control characters/],
    ["x".repeat(1025), /its name is too long/],
    [`${`${"d".repeat(128)}/`.repeat(8)}f`, /its name is too long/],
  ];
  for (const [path, words] of names) {
    await stage.refuses(path, await workshop.file(path), words);
  }
  const entries: [
    what: string,
    name: string | Uint8Array<ArrayBuffer>,
    words: RegExp,
  ][] = [
    ["not UTF-8", new Uint8Array([0x61, 0xff]), /its name is not UTF-8/],
    ["absolute", "/etc/cron.d/x", /full pathnames|fullPathname/],
    ["with slashes", "a/../b", /full pathnames|fullPathname/],
    ["empty", utf8(""), /badTree/],
  ];
  for (const [what, name, words] of entries) {
    const hash = await workshop.blob("x");
    const payload = await workshop.files(await workshop.tree({ name, hash }));
    await stage.refuses(what, payload, words);
  }
  await stage.isUntouched();
});

Deno.test("work is refused for links out of the checkout, in any of its three commits", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const links: [path: string, target: string][] = [
    ["l", "/etc/passwd"],
    ["l", "../x"],
    ["a/l", "../../x"],
    ["a/l", "../b/../../x"],
    ["l", ".git/config"],
    ["l", "a/.GIT/hooks"],
    ["l", "git~1"],
    ["l", "C:/x"],
    ["l", "..\\x"],
    // The system ends it at NUL.
    ["l", "..\0/inside"],
    ["l", "x".repeat(5000)],
  ];
  const words = /it is a link that leads out of the checkout/;
  for (const [path, target] of links) {
    const payload = await workshop.file(path, target, "120000");
    await stage.refuses(`${path} -> ${target}`, payload, words);
  }
  // The second leads up from where the first leads, although it seems to stay inside.
  const up = await workshop.blob("../..");
  const chain = await workshop.blob("a/b/c/../../x");
  const inner = await workshop.tree({ mode: "120000", name: "c", hash: up });
  const b = await workshop.tree({ mode: "40000", name: "b", hash: inner });
  const folder = await workshop.tree(
    { mode: "40000", name: "a", hash: b },
    { mode: "120000", name: "z", hash: chain },
  );
  await stage.refuses("chain", await workshop.files(folder), words);
  const bad = async () =>
    await workshop.tree({
      mode: "120000",
      name: "l",
      hash: await workshop.blob("/etc"),
    });
  const { baseTree } = workshop;
  const [inHead, inStaged] = [
    await workshop.three(await bad(), await bad(), baseTree),
    await workshop.three(baseTree, await bad(), baseTree),
  ];
  await stage.refuses("in the commit", inHead, words);
  await stage.refuses("in the index", inStaged, words);
  await stage.isUntouched();
});

Deno.test("work is refused when a name is also that of a link, in the same or in other letters", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const below = async () =>
    await workshop.tree({ name: "f", hash: await workshop.blob("x") });
  const link = async (name: string) => ({
    mode: "120000",
    name,
    hash: await workshop.blob("b"),
  });
  const same = await workshop.tree(await link("a"), {
    mode: "40000",
    name: "a",
    hash: await below(),
  });
  await stage.refuses("same", await workshop.files(same), /duplicateEntries/);
  const twins: [one: string, other: string][] = [
    ["A", "a"],
    ["\u00c9", "e\u0301"],
  ];
  for (const [one, other] of twins) {
    const tree = await workshop.tree(
      ...[await link(one), { mode: "40000", name: other, hash: await below() }]
        .sort((a, b) => utf8(a.name)[0]! - utf8(b.name)[0]!),
    );
    const words = /some disks take ".+" in it for the link/;
    await stage.refuses(one, await workshop.files(tree), words);
  }
  // Files that a disk takes for one another concern only those who have such a disk.
  const files = async () => {
    const hash = await workshop.blob("x");
    return await workshop.files(
      await workshop.tree({ name: "README", hash }, { name: "readme", hash }),
    );
  };
  await stage.ours.git("config", "core.ignoreCase", "false");
  assertEquals((await stage.look(await files())).facts.files.length, 2);
  await stage.ours.git("config", "core.ignoreCase", "true");
  const words = /this disk cannot hold both "(README|readme)" and/;
  await stage.refuses("twins", await files(), words, "WORK_UNUSABLE");
});

Deno.test("work is refused for submodules that would run something, and taken for harmless ones", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const settings: [fields: string, words: RegExp][] = [
    [
      "path = a\n\turl = https://example.invalid/a\n\tupdate = !touch x",
      /gitmodulesUpdate/,
    ],
    ["path = a\n\turl = -u./x", /gitmodulesUrl/],
    ["path = -a\n\turl = https://example.invalid/a", /gitmodulesPath/],
  ];
  const withModules = async (fields: string) => {
    const text = `[submodule "a"]\n\t${fields}\n`;
    const modules = { name: ".gitmodules", hash: await workshop.blob(text) };
    const link = { mode: "160000", name: "a", hash: "1".repeat(40) };
    return await workshop.files(await workshop.tree(modules, link));
  };
  for (const [fields, words] of settings) {
    await stage.refuses(fields, await withModules(fields), words);
  }
  const harmless = await withModules(
    "path = a\n\turl = https://example.invalid/a",
  );
  const { facts } = await stage.look(harmless);
  assertEquals(facts.acting, [".gitmodules"]);
  await stage.isUntouched();
});

Deno.test("what is shown of hostile names and words steers no terminal", async () => {
  await using stage = await Stage.make();
  const { workshop } = stage;
  const head = await workshop.commit(
    workshop.baseTree,
    [workshop.base],
    "\x1b]0;owned\x07 \u202egnp.exe\x9b2J \r\nbody",
  );
  const hash = await workshop.blob("x");
  const tree = await workshop.tree({ name: "a\u202egnp.exe", hash });
  const staged = await workshop.commit(workshop.baseTree, [head]);
  const work = await workshop.commit(tree, [staged]);
  const payload = await workshop.payload({ head, staged, work });
  const { facts } = await stage.look(payload);
  assertEquals(
    facts.subjects.map(({ subject }) => /\p{Cc}|\p{Bidi_C}/u.test(subject)),
    [false],
  );
  // A file that is gone acts no more.
  assertEquals(facts.files.map(({ path, status }) => [path, status]), [
    ["a\u202egnp.exe", "A"],
    ["readme", "D"],
  ]);
});
