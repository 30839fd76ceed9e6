/** Work whose work tree, branch or checkout has the place or the name of that of other work. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Repository } from "../../support/repository.ts";
import { Received } from "./_received.ts";

const ONE = { committed: { one: "1" } };
const TWO = { committed: { two: "2" } };

const exists = (path: string) => Deno.lstat(path).then(() => true, () => false);

/** Undoes work, whatever would be lost; says so in these words. */
async function undone(
  received: Received,
  id: string,
  words: string,
): Promise<void> {
  const { code, stderr } = await received.work(["undo", id, "--force"]);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, words);
}

// Breaks when a place or a name is enough to take a work tree away.
Deno.test("work undo leaves other work alone that has got its place or its branch", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const first = await received.receive(ONE);
  const taken = await received.open();
  await shop.git("worktree", "remove", "--force", taken.folder);
  await shop.git("branch", "-D", "claude-spread/from-alex");
  const second = await received.receive(TWO);
  const opened = await received.open("--id", second);
  assertEquals(opened.folder, taken.folder);
  await undone(received, first, "is removed; it was not open");
  assertEquals(await exists(`${opened.folder}/two`), true);
  assertEquals(
    (await shop.git("for-each-ref", `refs/claude-spread/${first}`)).trim(),
    "",
  );

  // Moved away, and its place is taken.
  const elsewhere = machine.path("elsewhere");
  await shop.git("worktree", "move", opened.folder, elsewhere);
  const third = await received.receive(ONE);
  const inPlace = await received.open("--id", third);
  assertEquals(inPlace.folder, opened.folder);
  await undone(received, second, `is gone, with ${elsewhere}`);
  assertEquals(await exists(`${inPlace.folder}/one`), true);
});

// Breaks when a branch tells whose checkout it is.
Deno.test("work undo takes nothing from another checkout, where other work has the same branch", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const clone = await shop.clone(machine.path("clone"));
  const first = await received.receive(ONE);
  await received.work(["open"], { cwd: clone.folder });
  await received.receive(TWO);
  const opened = await received.open();
  await Deno.remove(clone.folder, { recursive: true });
  await undone(received, first, "is forgotten; its checkout is gone");
  assertEquals(await exists(`${opened.folder}/two`), true);
  assertEquals((await received.work(["undo"])).code, 0);
});

// Breaks when git's own list of changes is all that is looked at.
Deno.test("work undo asks for files at which git does not look", async () => {
  await using received = await Received.make();
  await received.receive(ONE);
  const opened = await received.open();
  const how = { "a.txt": "--skip-worktree", "one": "--assume-unchanged" };
  for (const [path, flag] of Object.entries(how)) {
    await opened.git("update-index", flag, path);
    await Deno.writeTextFile(`${opened.folder}/${path}`, "mine");
  }
  const { code, stderr } = await received.work(["undo"]);
  assertEquals(code, 6);
  assertStringIncludes(stderr, "lost: 2 files at which git does not look");
});

// Breaks when a folder is made before it is looked at, or a hint forgets what was typed.
Deno.test("work open makes no folder in the checkout, and its hint opens in the folder that was named", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  await received.receive();
  const inside = await received.work(["open", "x/y"]);
  assertStringIncludes(
    inside.stderr,
    "error: Cannot open the work: the folder",
  );
  assertEquals(await exists(`${shop.folder}/x`), false);
  const control = await received.work(["open", "../a\nb"]);
  assertStringIncludes(control.stderr, "error: The name of the folder has");
  const refused = await received.work(["open", "../it's here"], {
    agrees: false,
  });
  const [, hint] = /add --yes: (claude-spread work open .*)/.exec(
    refused.stderr,
  )!;
  // As a shell reads it.
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\n' ${hint!.replace("claude-spread work", "")}`],
  }).output();
  const typed = new TextDecoder().decode(stdout).trimEnd().split("\n");
  const opened = await received.work(typed, { agrees: false });
  assertEquals(opened.code, 0, opened.stderr);
  const there = Repository.at(machine.path("it's here"));
  assertEquals(
    await there.git("branch", "--show-current"),
    "claude-spread/from-alex",
  );
});
