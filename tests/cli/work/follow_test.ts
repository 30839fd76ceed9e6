/** Sessions and texts that are received again once the work beside them is open. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { projectName } from "../../../lib/claude/config_folder.ts";
import { assertSuccess } from "../../support/checks.ts";
import {
  conversation,
  sessionsOf,
  turnsIn,
  writeSession,
} from "../../support/conversations.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { Repository } from "../../support/repository.ts";

/** Alice with unpushed work in her folder, and Bob with a clone in his. */
class People implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;

  static async meet(): Promise<People> {
    const people = new People();
    const [alice, bob] = [await Machine.make(), await Machine.make()];
    people.alice = people.#stack.use(alice);
    people.bob = people.#stack.use(bob);
    const origin = await Repository.make(`${alice.folder}/origin`);
    await origin.commit("pushed");
    await origin.clone(alice.work);
    await origin.clone(bob.work);
    await Repository.at(alice.work).commit("unpushed");
    return people;
  }

  async share(args: string[]): Promise<Sharing> {
    const flags = ["--with-work", "--keep-open=10", "--generate"];
    return this.#stack.use(await this.alice.share([...flags, ...args]));
  }

  async receive({ words, address }: Sharing, args: string[]) {
    const ended = await this.bob.run("receive", [...args, words, address]);
    assertSuccess(ended);
    return ended;
  }

  /** Opens what Bob has received; returns its folder. */
  async open(): Promise<string> {
    const opened = await this.bob.run("work", ["open", "--json"]);
    assertSuccess(opened);
    return String(opened.events.at(-1)!.worktree);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

Deno.test("receive --pick installs a session for the work tree that is open, with its paths", async () => {
  await using people = await People.meet();
  const { alice, bob } = people;
  const session = conversation(
    "paths",
    `Look at ${alice.work}/unpushed`,
    "Done.",
  );
  await writeSession(alice, session);
  const sharing = await people.share(["--kind", "session", "--session", "all"]);
  const listed = await people.receive(sharing, ["--kind", "session", "--json"]);
  assertEquals(listed.events.filter(({ event }) => event === "work").length, 1);
  const worktree = await people.open();
  await people.receive(sharing, ["--kind", "session", "--pick", "1"]);
  assertEquals(await sessionsOf(bob), []);
  const folder = `${bob.home}/.claude/projects/${projectName(worktree)}`;
  const [installed] = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".jsonl"));
  const [first] = await turnsIn(`${folder}/${installed}`);
  assertEquals(first, `Look at ${worktree}/unpushed`);
  // A project that is named goes first.
  await people.receive(sharing, [
    "--kind",
    "session",
    "--pick",
    "1",
    "--project",
    ".",
  ]);
  assertEquals((await sessionsOf(bob)).length, 1);
});

Deno.test("a text that is received again speaks of the work tree that is open; a file keeps its bytes", async () => {
  await using people = await People.meet();
  const { alice, bob } = people;
  const text =
    `# State\n\nSee ${alice.work}/unpushed and ${alice.work}/pushed.\n`;
  const file = `${alice.folder}/state.md`;
  await Deno.writeTextFile(file, text);
  const sharing = await people.share([file]);
  const sent = (await people.receive(sharing, [])).text;
  assertStringIncludes(sent, `See ${alice.work}/unpushed`);
  const worktree = await people.open();
  const { text: local, stderr } = await people.receive(sharing, []);
  assertEquals(local, sent.replaceAll(alice.work, worktree));
  assertStringIncludes(
    stderr,
    `2 paths rewritten: ${alice.work} is ${worktree} here`,
  );
  await people.receive(sharing, ["--output", "exact.md"]);
  assertEquals(await Deno.readTextFile(bob.path("exact.md")), sent);
  // Once it is gone, the text is the sender's again.
  await bob.run("work", ["undo"]);
  assertEquals((await people.receive(sharing, [])).text, sent);
});
