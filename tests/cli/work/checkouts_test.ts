/** Received work, opened beside checkouts with settings and layouts of all kinds. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Repository } from "../../support/repository.ts";
import { namesOf, Received } from "./_received.ts";

/** Opens, looks at the files, and finds nothing changed when it is taken away. */
async function opensIn(
  received: Received,
  checkout: Repository,
  env: Record<string, string> = {},
): Promise<string> {
  const before = await namesOf(checkout);
  const opened = await received.work(["open", "--json"], {
    cwd: checkout.folder,
    env,
  });
  assertEquals(opened.code, 0, opened.stderr);
  const worktree = Repository.at(String(opened.events.at(-1)!.worktree));
  const status = await worktree.git("status", "--porcelain");
  const text = await Deno.readTextFile(`${worktree.folder}/new.txt`);
  const undone = await received.work(["undo"]);
  assertEquals(undone.code, 0, undone.stderr);
  assertEquals(await namesOf(checkout), before);
  return `${status}|${text}`;
}

const SENT = {
  committed: { "new.txt": "committed\n", "deep/new": "deep\n" },
  staged: { "new.txt": "staged\n" },
  disk: { "new.txt": "on the\ndisk\n", "untracked.txt": "untracked\n" },
};
const STATUS = "MM new.txt\n?? untracked.txt";

Deno.test("work opens beside checkouts with other line ends, without links, sparse, bare, and in a hook", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const id = await received.receive(SENT);
  const payload = await Deno.readFile(`${machine.state}/work/${id}.work`);
  const settings: [name: string, value: string, text: string][] = [
    ["core.safecrlf", "true", "on the\r\ndisk\r\n"],
    ["core.symlinks", "false", "on the\ndisk\n"],
    ["core.worktree", machine.path("elsewhere"), "on the\ndisk\n"],
    ["status.showUntrackedFiles", "no", "on the\ndisk\n"],
  ];
  await Deno.mkdir(machine.path("elsewhere"));
  for (const [name, value, text] of settings) {
    const copy = await shop.clone(machine.path(`copy ${crypto.randomUUID()}`));
    await copy.git("config", name, value);
    if (name === "core.safecrlf") {
      await copy.git("config", "core.autocrlf", "true");
    }
    const status = name.startsWith("status") ? "MM new.txt" : STATUS;
    assertEquals(
      await opensIn(received, copy),
      `${status}|${text}`,
      `${name}=${value}`,
    );
    await received.keep(payload);
  }
  const sparse = await shop.clone(machine.path("sparse"));
  await sparse.git("sparse-checkout", "set", "nothing");
  const all = `${STATUS}|on the\ndisk\n`;
  assertEquals(await opensIn(received, sparse), all);
  await received.keep(payload);
  await Deno.mkdir(machine.path("layout"));
  await shop.git(
    "clone",
    "-q",
    "--bare",
    shop.folder,
    machine.path("layout/.bare"),
  );
  const bare = Repository.at(machine.path("layout/.bare"));
  await bare.git("worktree", "add", "-q", "../main", "main");
  assertEquals(
    await opensIn(received, Repository.at(machine.path("layout/main"))),
    all,
  );
  await received.keep(payload);
  // As in a hook: git's own variables name the files of the checkout.
  const index = await Deno.readFile(`${shop.folder}/.git/index`);
  const env = {
    GIT_DIR: `${shop.folder}/.git`,
    GIT_INDEX_FILE: `${shop.folder}/.git/index`,
    GIT_WORK_TREE: shop.folder,
    GIT_PREFIX: "",
  };
  assertEquals(await opensIn(received, shop, env), all);
  assertEquals(await Deno.readFile(`${shop.folder}/.git/index`), index);
});

Deno.test("work without a commit of its own or on the whole history is told from the rest", async () => {
  await using received = await Received.make();
  const { shop } = received;
  // Nothing but changes that are not committed.
  await received.receive({ disk: { "new.txt": "on the\ndisk\n" } });
  assertEquals(await opensIn(received, shop), "?? new.txt|on the\ndisk\n");
  // The whole history.
  await received.receive(SENT, { isWhole: true });
  const shown = await received.work(["show", "--summary"]);
  assertStringIncludes(
    shown.stderr,
    "3 files changed (+4 −0), the whole history",
  );
  assertEquals(await opensIn(received, shop), `${STATUS}|on the\ndisk\n`);
});
