/**
 * Work with files that git changes on their way: filters, which must never run, line ends and
 * encodings; and with names and sizes that not every machine takes.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { Repository } from "../support/repository.ts";
import { Bench } from "./_checkout.ts";
import { assertSame, behind, handOver, pack } from "./_hand_over.ts";

/** An origin with these files, and two clones of it. */
async function furnish(
  bench: Bench,
  files: Record<string, string | Uint8Array>,
) {
  const origin = await bench.init("origin");
  await origin.write(files);
  await origin.commitAll();
  const receiver = await bench.clone(origin, "receiver");
  const sender = await bench.clone(origin, "sender");
  return { origin, receiver, sender };
}

// Breaks when one place of settings is forgotten, or a file is sent that a filter would change.
Deno.test("packWork() runs no filter, whichever settings name it, and leaves its files behind", async () => {
  await using bench = await Bench.make();
  // Git compares their content, because their times are others.
  const names = ["old.e", "old.g", "old.l", "old.w"];
  const old = Object.fromEntries(names.map((name) => [name, "1\n"]));
  const { sender, receiver } = await furnish(bench, {
    ".gitattributes":
      "*.bin filter=lfs\n*.l filter=local\n*.g filter=global\n" +
      "*.w filter=tree\n*.e filter=env\n*.n filter=nobody\n",
    "kept.bin": "version https://git-lfs.github.com/spec/v1\n",
    ...old,
  });
  const mark = `${bench.folder}/mark`;
  const evil = (name: string) =>
    ["clean", "smudge", "process"].map((key) =>
      [`filter.${name}.${key}`, `touch '${mark}'; cat`] as const
    );
  for (const [key, value] of [...evil("lfs"), ...evil("local")]) {
    await sender.git("config", key, value);
  }
  await sender.git("config", "filter.lfs.required", "true");
  await sender.git("config", "extensions.worktreeConfig", "true");
  for (const [key, value] of evil("tree")) {
    await sender.git("config", "--worktree", key, value);
  }
  const settings = `${bench.folder}/settings`;
  for (const [key, value] of evil("global")) {
    await sender.git("config", "--file", settings, key, value);
  }
  const env: Record<string, string> = {
    GIT_CONFIG_GLOBAL: settings,
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "filter.env.clean",
    GIT_CONFIG_VALUE_0: `touch '${mark}'; cat`,
  };
  const added = ["new.bin", "new.e", "new.g", "new.l", "new.n", "new.w"];
  for (const name of added) await sender.write({ [name]: "1\n" });
  await sender.write({ ...old, "kept.bin": "content\n", "own": "1\n" });
  const { packed, opened } = await handOver(bench, sender, receiver, { env });
  assertEquals(
    behind(packed),
    ["kept.bin", ...added].map((name) => `${name}: filter`),
  );
  await assertRejects(() => Deno.stat(mark), Deno.errors.NotFound);
  assertEquals(await opened.status(), ["? own"]);
});

// Breaks when files are sent as they are on the disk, rather than as git would store them.
Deno.test("packWork() sends what git would store, with line ends and encodings as settings and attributes have them", async () => {
  const attributes = "*.crlf eol=crlf\n*.lf eol=lf\n*.id ident\n" +
    "*.utf16 text working-tree-encoding=UTF-16LE\n*.bin -text\n";
  const utf16 = (text: string) =>
    new Uint8Array(
      new Uint16Array([...text].map((c) => c.charCodeAt(0))).buffer,
    );
  for (const autocrlf of ["true", "input", "false"]) {
    await using bench = await Bench.make();
    const { sender, receiver } = await furnish(bench, {
      ".gitattributes": attributes,
      "a.txt": "1\n2\n",
      "b.id": "$Id$\n",
    });
    for (const checkout of [sender, receiver]) {
      await checkout.git("config", "core.autocrlf", autocrlf);
      await checkout.git("config", "core.safecrlf", "true");
    }
    await sender.write({
      "a.txt": "1\r\n2\r\n3\r\n",
      "b.id": "$Id: 0123456789 $\n2\n",
      "mixed.txt": "1\r\n2\n",
      "new.bin": "1\r\n",
      "new.crlf": "1\r\n2\r\n",
      "new.lf": "1\n",
      "new.utf16": utf16("1\n2\n"),
    });
    const { packed, opened } = await handOver(bench, sender, receiver);
    // The same, added by git itself in a copy.
    const copy = Repository.at(`${bench.folder}/copy`);
    await Deno.rename(sender.folder, copy.folder);
    await copy.git("config", "core.safecrlf", "false");
    await copy.git("add", "-A");
    const tree = await copy.git("write-tree");
    const sent = await opened.git("rev-parse", `${packed.header.work}^{tree}`);
    assertEquals(sent, tree, autocrlf);
    await copy.git("rm", "-rqf", ".");
    await copy.git("read-tree", "--reset", "-u", tree);
    for (const name of ["a.txt", "b.id", "new.bin", "new.crlf", "new.utf16"]) {
      assertEquals(
        await Deno.readFile(`${opened.folder}/${name}`),
        await Deno.readFile(`${copy.folder}/${name}`),
        `${autocrlf} ${name}`,
      );
    }
  }
});

// Breaks when names go through a decoder on their way from index to index.
Deno.test(
  "packWork() keeps names in the history that are not UTF-8, and leaves changes of such files behind",
  {
    // Other systems have no such names.
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    await using bench = await Bench.make();
    const { origin, sender } = await furnish(bench, { "a": "1\n" });
    for (const folder of [origin.folder, sender.folder]) {
      await shell(
        folder,
        "printf 1 > \"$(printf 'kept\\377')\"; printf 1 > \"$(printf 'gone\\377')\"",
      );
      await Repository.at(folder).git("add", "-A");
      await Repository.at(folder).git(
        "-c",
        "user.useConfigOnly=false",
        "commit",
        "-qm",
        "odd",
        "--date=@1700000000",
      );
    }
    const receiver = await bench.clone(origin, "receiver2");
    await sender.git("fetch", "-q", "origin");
    await sender.git("reset", "-q", "--hard", "origin/main");
    await shell(
      sender.folder,
      "rm \"$(printf 'gone\\377')\"; printf 1 > \"$(printf 'new\\376')\"",
    );
    await sender.write({ "a": "2\n" });
    const { packed, opened } = await handOver(bench, sender, receiver);
    assertEquals(behind(packed), ["gone\ufffd: name", "new\ufffd: name"]);
    assertEquals(
      await opened.git("ls-files", "-s"),
      await sender.git("ls-files", "-s"),
    );
    assertEquals((await opened.status()).length, 1);
  },
);

async function shell(cwd: string, script: string): Promise<void> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", script],
    cwd,
    env: { LC_ALL: "C" },
  }).output();
  assertEquals(success, true);
}

Deno.test("packWork() names files that some disks cannot hold together", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench, { "Name": "1\n" });
  await sender.write({
    "name": "2\n",
    "caf\u00e9": "1\n",
    "cafe\u0301": "2\n",
    "cafe": "3\n",
  });
  const { packed, opened } = await handOver(bench, sender, receiver);
  assertEquals(packed.twins, [["cafe\u0301", "caf\u00e9"], ["Name", "name"]]);
  await assertSame(opened, sender);
});

const MEBIBYTE = 1024 * 1024;

// Breaks when a limit is off by one, or counts files that are tracked.
Deno.test("packWork() leaves untracked files of more than 1 MiB behind, and those beyond 20 MiB together", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench, { "tracked": "1\n" });
  const full = new Uint8Array(MEBIBYTE);
  await sender.write({
    "tracked": new Uint8Array(MEBIBYTE + 1),
    "large": new Uint8Array(MEBIBYTE + 1),
    "z": "1",
  });
  const names = Array.from({ length: 20 }, (_, i) => `f${i + 10}`);
  for (const name of names) await sender.write({ [name]: full });
  const packed = await pack(bench, sender);
  assertEquals(behind(packed), ["large: large", "z: total"]);
  assertEquals(packed.header?.files, 21);
});

Deno.test(
  "packWork() leaves links that lead out behind, and repositories, pipes and files that cannot be read",
  {
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    await using bench = await Bench.make();
    const { sender, receiver } = await furnish(bench, {
      "d/a": "1\n",
      "pipe": "1\n",
      "to link": "1\n",
      "d/to folder": "1\n",
    });
    await Deno.mkdir(`${sender.folder}/other/.git`, { recursive: true });
    await sender.write({ "e/a": "other\n" });
    await (await bench.init("sender/own")).git(
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "1",
    );
    const links = [
      ["absolute", "/etc/hostname"],
      ["d/up", "../../x"],
      ["git", ".git/config"],
      ["fine", "d/a"],
      ["nowhere", "missing"],
    ];
    for (const [path, target] of links) {
      await Deno.symlink(target!, `${sender.folder}/${path}`);
    }
    await Deno.remove(`${sender.folder}/to link`);
    await Deno.symlink("/", `${sender.folder}/to link`);
    await shell(sender.folder, "rm pipe && mkfifo pipe && mkfifo new-pipe");
    const { packed, opened } = await handOver(bench, sender, receiver);
    assertEquals(behind(packed), [
      "own/: repository",
      "absolute: link",
      "d/up: link",
      "git: link",
      "to link: link",
      "pipe: unreadable",
    ]);
    assertEquals(await opened.status(), ["? e/a", "? fine", "? nowhere"]);
    // A folder that became a link has gone, whatever is at the end of the link.
    await Deno.rename(`${sender.folder}/d`, `${sender.folder}/e/d`);
    await Deno.symlink("e/d", `${sender.folder}/d`);
    const again = await pack(bench, sender);
    assertEquals(again.header?.files, 9);
  },
);

// Breaks when a file that was there a moment ago must still be as it was.
Deno.test("packWork() sends files as they are when git reads them", async () => {
  await using bench = await Bench.make();
  const { sender, receiver } = await furnish(bench, {
    "a": "1\n",
    "b": "1\n",
    "c": "1\n",
  });
  const { folder } = sender;
  await sender.write({ "a": "2\n", "b": "2\n", "c": "2\n", "new": "1\n" });
  const real = bench.startGit();
  const startGit: typeof real = (args, env) => {
    if (args.includes("--replace")) {
      for (const name of ["b", "c", "new"]) {
        Deno.removeSync(`${folder}/${name}`);
      }
      Deno.writeTextFileSync(`${folder}/a`, "3\n");
      Deno.mkdirSync(`${folder}/c`);
    }
    return real(args, env);
  };
  const packed = await bench.pack(sender, { startGit });
  if (packed.header === null) throw new Error("There is no work");
  assertEquals([packed.header.files, behind(packed)], [3, []]);
  await Deno.remove(`${folder}/c`);
  await assertSame(await bench.open(packed, receiver), sender);
});

Deno.test("packWork() refuses a filter that cannot be turned off", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench, { "a": "1\n" });
  await sender.git("config", "filter.a=b.clean", "cat");
  await assertRejects(
    () => pack(bench, sender),
    SpreadError,
    'a filter in the settings of git has "=" in its name',
  );
});

Deno.test("packWork() refuses commits whose files cannot be opened elsewhere", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench, { "a": "1\n" });
  await Deno.symlink("/etc/hostname", `${sender.folder}/out`);
  await sender.commitAll();
  await assertRejects(
    () => pack(bench, sender),
    SpreadError,
    'Cannot send the commits: "out" in them cannot be opened elsewhere: it is a link that leads out of the checkout',
  );
  await Deno.remove(`${sender.folder}/out`);
  await sender.commitAll();
  assertEquals((await pack(bench, sender)).header?.commits, 2);
});

// Breaks when the bundle is written without a look at its size.
Deno.test("packWork() refuses work of more than 200 MiB, and leaves nothing of it", async () => {
  await using bench = await Bench.make();
  const { sender } = await furnish(bench, { "a": "1\n" });
  await sender.write({ "a": "2\n" });
  const real = bench.startGit();
  const piece = new Uint8Array(MEBIBYTE);
  const startGit: typeof real = (args, env) => (
    // As much as git would make of large files, which takes it a while.
    args.includes("bundle")
      ? {
        answer: () => Promise.resolve(null),
        async *output() {
          for (let i = 0; i < 200; i++) yield await Promise.resolve(piece);
        },
      }
      : real(args, env)
  );
  await assertRejects(
    () => pack(bench, sender, { startGit }),
    SpreadError,
    "Cannot send the work: it is larger than 200 MiB",
  );
  const spool = `${bench.folder}/state/spool`;
  assertEquals(await Array.fromAsync(Deno.readDir(spool)), []);
});
