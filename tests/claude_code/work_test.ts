/**
 * Unfinished work in the real client: it comes along with a document and with a session, is opened
 * on the person's word alone, and Claude goes on in it.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SHARE } from "./_distill.ts";
import { runBlock, say, type Step } from "./_model.ts";
import type { Person } from "./_person.ts";
import { Screen } from "./_screen.ts";
import { askAsTold, assertDone, toldBy } from "./_told.ts";
import { test, type World } from "./_world.ts";

/** A word in the instructions that come along, which stands nowhere else. */
const INSTRUCTION = "obey-the-velvet-orchard";

async function git(person: Person, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
  const line = ["git", ...identity, ...args];
  const { code, stdout, stderr } = await person.run(line);
  assertEquals([code, args[0]], [0, args[0]], stderr);
  return stdout.trim();
}

/** Two people with checkouts of one repository, and the first one's unfinished work. */
async function meet(environment: World): Promise<[Person, Person]> {
  const alex = await environment.person("alex");
  // In auto mode a server would decide what is asked, and there is none here.
  const settings = { permissions: { defaultMode: "default" } };
  const blake = await environment.person("blake", { settings });
  const origin = `${environment.folder}/origin.git`;
  await git(alex, "init", "-q", "--bare", "-b", "main", origin);
  await git(alex, "clone", "-q", origin, alex.project);
  await alex.write("project/lamp.txt", "It is dark.\n");
  await git(alex, "add", "-A");
  await git(alex, "commit", "-q", "-m", "A lamp");
  await git(alex, "push", "-q", "origin", "HEAD:main");
  await git(blake, "clone", "-q", origin, blake.project);
  await alex.write("project/CLAUDE.md", `${INSTRUCTION}\n`);
  await git(alex, "add", "-A");
  await git(alex, "commit", "-q", "-m", "Rules");
  await alex.write("project/lamp.txt", "It glows.\n");
  return [alex, blake];
}

/** Everything of a checkout that must stay as it is. */
async function stateOf(person: Person): Promise<string> {
  const lines = [["rev-parse", "HEAD"], ["status", "--porcelain"]];
  const said = await Promise.all(lines.map((line) => git(person, ...line)));
  return said.join("\n");
}

/** Folders of received work that is open, oldest first. */
async function openOf(person: Person): Promise<string[]> {
  const text = await git(person, "worktree", "list", "--porcelain");
  const all = [...text.matchAll(/^worktree (.*)$/gm)].map(([, path]) => path!);
  return all.filter((path) => path !== person.project);
}

/** Uses a tool on a file of the opened work, whose folder the command has named. */
function there(tool: string, name: string, input = {}): Step {
  return ({ request }) => {
    const said = JSON.stringify(request.messages);
    const named =
      /where texts name the sender's folder, use (\S+?) instead; write there/
        .exec(
          said,
        );
    if (named === null) throw new Error(`No folder named in ${said}`);
    return { tool, input: { ...input, file_path: `${named[1]}/${name}` } };
  };
}

/** The person allows what the client asks for. */
async function allow(screen: Screen, what: RegExp): Promise<void> {
  await screen.until(what);
  await screen.key("Enter");
}

/** Whether the model was sent the instructions that came along. */
function isInstructed({ model }: Person): boolean {
  return JSON.stringify(model.turns).includes(INSTRUCTION);
}

test(
  "distill-receive and sessions-receive open unfinished work on the person's word alone, and Claude and the session go on there",
  async (environment) => {
    const [alex, blake] = await meet(environment);
    const before = await stateOf(blake);
    await using talking = alex.converse();
    await talking.ask("Where is the lamp?", [
      say(`In ${alex.project}/lamp.txt, beside the window.`),
    ]);
    const shared = await talking.ask(
      "/claude-spread:distill-share --with-work",
      SHARE,
    );
    assertDone(shared, ["Write", "Bash"]);
    assertStringIncludes(
      shared.calls[1]!.result,
      "with the work: 1 commit and 1 uncommitted file, on main",
    );
    const screen = await openRefused(blake, toldBy(shared).command);
    assertEquals(await openOf(blake), []);

    await goOnThere(blake, screen, toldBy(shared).command);
    const [worktree = ""] = await openOf(blake);
    assertEquals(
      await Promise.all(
        ["lamp", "door"].map((name) =>
          Deno.readTextFile(`${worktree}/${name}.txt`)
        ),
      ),
      ["It glows.\n", "Open.\n"],
    );
    assertEquals(await stateOf(blake), before);

    const offered = await talking.ask(
      "/claude-spread:sessions-share --with-work --session this",
      [runBlock(0), say("It is shared.")],
    );
    assertDone(offered, ["Bash"]);
    const id = await takeSession(blake, screen, toldBy(offered).command);
    const opened = (await openOf(blake)).find((path) => path !== worktree)!;
    const session = await blake.ask("Go on", [say("Gladly.")], {
      flags: ["--resume", id],
      cwd: opened,
    });
    assertEquals([session.code, session.text], [0, "Gladly."]);
    const request = JSON.stringify(session.turns.at(-1)!.request);
    assertStringIncludes(request, `In ${opened}/lamp.txt, beside the window.`);
    // Which is why the skill names such files before.
    assert(isInstructed(blake), "a session there reads its instructions");
    assert(!request.includes(alex.project), request);
    assertEquals(await stateOf(blake), before);
  },
  { onScreen: true },
);

/** Claude does not wait for the answer, which then is no. */
async function openRefused(blake: Person, command: string): Promise<Screen> {
  const screen = await Screen.open(blake, [
    runBlock(0),
    runBlock(1),
    runBlock(2),
    askAsTold(),
    runBlock(2),
    say("That is done."),
  ]);
  await screen.until(/^❯/m);
  await screen.type(command);
  const asked = await screen.until(/Open it[\s\S]*Not now[\s\S]*Enter to sel/);
  assertStringIncludes(asked, 'Open the unfinished work on "project" from ');
  assertStringIncludes(asked, "1 file in it acts by itself");
  const words = asked.replace(/[\s│]+/g, " ");
  assert(/obeys these files .* there: "CLAUDE\.md"\./.test(words), asked);
  assertStringIncludes(asked, "error: Nothing was done: the user has not been");
  assertEquals(await openOf(blake), []);
  await screen.key("Down");
  await screen.key("Enter");
  const text = await screen.until(/That is done\./);
  assertStringIncludes(text, "nothing is opened, as the user chose");
  return screen;
}

/** The person has it opened; Claude writes and reads there, once the person allows it. */
async function goOnThere(
  blake: Person,
  screen: Screen,
  command: string,
): Promise<void> {
  blake.model.play([
    runBlock(0),
    runBlock(1),
    askAsTold(),
    runBlock(2),
    there("Write", "door.txt", { content: "Open.\n" }),
    there("Read", "lamp.txt"),
    say("It goes on."),
  ]);
  await screen.type(command);
  await screen.until(/Not now[\s\S]*Enter to select/);
  await screen.key("Enter");
  await allow(screen, /Do you want to create door\.txt/);
  await allow(screen, /Read file[\s\S]*Do you want to proceed/);
  const text = await screen.until(/It goes on\./);
  assert(/opened in \S*\/project-from-\w+, on branch/.test(text), text);
  assert(!isInstructed(blake), "its instructions were read to the model");
}

/** The person has the work opened, then chooses the session; returns its id. */
async function takeSession(
  blake: Person,
  screen: Screen,
  command: string,
): Promise<string> {
  blake.model.play([
    runBlock(0),
    runBlock(2),
    askAsTold(),
    runBlock(3),
    runBlock(0),
    askAsTold(),
    runBlock(1),
    say("Type what it says."),
  ]);
  await screen.type(command);
  await screen.until(/Not now[\s\S]*Enter to select/);
  await screen.key("Enter");
  await screen.until(/Install nothing[\s\S]*Enter to select/);
  await screen.choose(1);
  const text = await screen.until(/Type what it says\./);
  const id = /claude --resume ([\w-]+)/.exec(text)?.[1];
  assert(id !== undefined, text);
  return id;
}
