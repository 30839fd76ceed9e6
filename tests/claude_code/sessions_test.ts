/**
 * `sessions-share` and `sessions-receive` in the real client: a conversation of one client is
 * chosen, taken over, and goes on in another, in another home and folder.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { projectName } from "../../lib/claude/config_folder.ts";
import { listFiles } from "../support/files.ts";
import { bash, runBlock, say, type Step } from "./_model.ts";
import type { Person } from "./_person.ts";
import type { Session } from "./_session.ts";
import { Screen } from "./_screen.ts";
import { askAsTold, assertDone, toldBy } from "./_told.ts";
import { test } from "./_world.ts";

/** A word that stands nowhere else. */
const WORD = "marmalade-lighthouse";

/** Has a conversation, and returns its id. */
async function talk(person: Person, about = WORD): Promise<string> {
  const session = await person.ask(`Where is the ${about}?`, [
    say(`The ${about} is in ${person.project}, beside the window.`),
  ], { flags: [] });
  return session.id;
}

const GITHUB = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";
const PASSWORD = "brisk" + "Otter41lantern";
const ENV_VALUE = "vault" + "7Xq2Lm9Tz4Rk";

/** The same with secrets: typed, printed by a tool, and said. */
async function talkOfSecrets(person: Person): Promise<string> {
  await person.write("project/.env", `SERVICE=${ENV_VALUE}\n`);
  const session = await person.ask(`Where is the ${WORD}? Use ${GITHUB}`, [
    bash("cat .env"),
    say(
      `The ${WORD} is in ${person.project}, by DB_PASSWORD=${PASSWORD} alone.`,
    ),
  ]);
  assertStringIncludes(session.calls[0]!.result, ENV_VALUE);
  return session.id;
}

/** Checks that no secret is in any file in a person's home, nor in what their model was sent. */
async function assertNoSecrets({ home, model }: Person): Promise<void> {
  const files = (await listFiles(home)).filter((name) => /jsonl?$/.test(name));
  const texts = files.map((name) => Deno.readTextFile(`${home}/${name}`));
  const all = [...await Promise.all(texts), JSON.stringify(model.turns)];
  for (const secret of [GITHUB, PASSWORD, ENV_VALUE]) {
    assert(!all.some((text) => text.includes(secret)), secret);
  }
  assert(all.some((text) => text.includes("[secret: GitHub token #1]")));
}

/** The id of the session that the last command has installed. */
function installedBy({ calls }: Session, nth = 0): string {
  const text = calls.at(-1)!.result;
  const found = [...text.matchAll(/claude --resume ([\w-]+)$/gm)];
  assert(found[nth] !== undefined, text);
  return found[nth][1]!;
}

/** Steps of a model that asks nobody, and then says that somebody has agreed. */
const UNASKED: Step[] = [runBlock(0), runBlock(1), say("Type it.")];

/** Resumes a session with the client alone, and checks that it knows the conversation. */
async function assertGoesOn(
  blake: Person,
  alex: Person,
  id: string,
  about = WORD,
): Promise<void> {
  const session = await blake.ask("Go on", [say("Gladly.")], {
    flags: ["--resume", id],
  });
  assertEquals([session.code, session.text], [0, "Gladly."]);
  const request = JSON.stringify(session.turns.at(-1)!.request);
  assertStringIncludes(request, `Where is the ${about}?`);
  assertStringIncludes(request, `The ${about} is in ${blake.project}`);
  assertStringIncludes(request, "[Claude Spread] The conversation above");
  assert(!request.includes(alex.project), request);
}

function transcript({ home, project }: Person, id: string): string {
  return `${home}/.claude/projects/${projectName(project)}/${id}.jsonl`;
}

test("sessions-share and sessions-receive hand a conversation over without its secrets, which goes on in the other client", async (environment) => {
  const alex = await environment.person("alex", { home: "the home of Alex" });
  const blake = await environment.person("blake");
  const id = await talkOfSecrets(alex);
  const other = await talk(alex, "other-thing");
  const listed = await alex.ask("/claude-spread:sessions-share", UNASKED);
  assertEquals(listed.denials, []);
  assertStringIncludes(listed.calls[0]!.result, WORD);
  assertStringIncludes(listed.calls[0]!.result, `ID ${other}`);
  assertStringIncludes(listed.calls[1]!.result, "the user has not been asked");
  assertEquals(await alex.shares(), []);
  const shared = await alex.ask(
    `/claude-spread:sessions-share --session ${id}`,
    [
      runBlock(0),
      say("It is shared."),
    ],
  );
  assertDone(shared, ["Bash"]);
  const { command, invite } = toldBy(shared);
  assertEquals(command, `/claude-spread:sessions-receive ${invite}`);

  const looked = await blake.ask(
    `/claude-spread:sessions-receive ${invite}`,
    UNASKED,
  );
  assertEquals(looked.denials, []);
  assert(!looked.skill.includes(invite!), looked.skill);
  assertStringIncludes(looked.calls[0]!.result, WORD);
  assert(!looked.calls[0]!.result.includes(other), "not offered");
  assertStringIncludes(looked.calls[1]!.result, "the user has not been asked");
  const received = await blake.ask(
    `/claude-spread:sessions-receive --pick 1 ${invite}`,
    [runBlock(0), say("Type what it says.")],
  );
  assertDone(received, ["Bash"]);
  assertStringIncludes(
    received.calls[0]!.result,
    "secrets taken out by the sender: ",
  );
  const installed = installedBy(received);
  await assertGoesOn(blake, alex, installed);
  await assertNoSecrets(blake);

  const [record] = await alex.shares();
  const [receiver] = record!.receivers as { took: { id: string } }[];
  assertEquals([record!.state, receiver!.took.id], ["ended", id]);

  const undone = await blake.ask("/claude-spread:sessions-receive --undo", [
    runBlock(0),
    say("It goes on."),
  ]);
  // It has gone on since, so that it is not taken away without a word.
  assertStringIncludes(
    undone.calls[0]!.result,
    "the conversation has continued since",
  );
  assert((await Deno.stat(transcript(blake, installed))).isFile);
});

test(
  "sessions-receive takes what was typed behind --pick, through a relay, where nobody can be asked",
  async (environment) => {
    const env = { CLAUDE_SPREAD_RELAY: await environment.relay() };
    const alex = await environment.person("alex", { env });
    const blake = await environment.person("blake", { env });
    const ids = [await talk(alex, "first-thing"), await talk(alex)];
    const typed = `--session ${ids.join(",")} --relay our words`;
    const shared = await alex.ask(`/claude-spread:sessions-share ${typed}`, [
      runBlock(0),
      say("It is shared."),
    ]);
    assertDone(shared, ["Bash"]);
    const words = `--relay --room ${toldBy(shared).room} our words`;
    const received = await blake.ask(
      `/claude-spread:sessions-receive --pick 2,1 ${words}`,
      [runBlock(0), say("Type what it says.")],
    );
    assertDone(received, ["Bash"]);
    await assertGoesOn(blake, alex, installedBy(received));
    await assertGoesOn(blake, alex, installedBy(received, 1), "first-thing");
    const undone = await blake.ask(
      "/claude-spread:sessions-receive --undo --force",
      [runBlock(0), say("It is gone.")],
    );
    assertDone(undone, ["Bash"]);
  },
  { only: { age: "newest", why: "a relay is the same to both" } },
);

test(
  "sessions-share and sessions-receive ask in one turn, on a terminal, and the running session leaves without its passphrase",
  async (environment) => {
    const alex = await environment.person("alex");
    const blake = await environment.person("blake");
    const secret = "kitten waltz 42";
    const alexSees = await Screen.open(alex, [
      say(`The ${WORD} is in ${alex.project}, beside the window.`),
    ]);
    await alexSees.until(/^❯/m);
    await alexSees.type(`Where is the ${WORD}?`);
    await alexSees.until(/beside the window/);
    alex.model.play([
      runBlock(0),
      askAsTold(),
      runBlock(1),
      say("That is done."),
    ]);
    // There is one session only, and yet a choice.
    await alexSees.type(`/claude-spread:sessions-share ${secret}`);
    await alexSees.until(
      /Which conversations may leave[\s\S]*1\. [\s\S]*Share nothing/,
    );
    assertEquals(await alex.shares(), []);
    await alexSees.choose(1);
    const shown = await alexSees.until(/That is done\.|Do you want/);
    assert(!/Do you want/.test(shown), shown);
    assertStringIncludes(shown, "/claude-spread:sessions-receive <the same");

    const blakeSees = await Screen.open(blake, [
      runBlock(0),
      askAsTold(),
      runBlock(1),
      say("Type what it says."),
    ]);
    await blakeSees.until(/^❯/m);
    await blakeSees.type(`/claude-spread:sessions-receive ${secret}`);
    await blakeSees.until(
      /Which conversations from[\s\S]*1\. [\s\S]*Install nothing/,
    );
    await blakeSees.choose(1);
    const told = await blakeSees.until(/Type what it says|Do you want/);
    assert(!/Do you want/.test(told), told);
    assert(/claude --resume [\w-]+/.test(told), told);

    const { stdout } = await blake.spread([
      "sessions",
      "list",
      "--json",
      `--project=${blake.project}`,
    ]);
    const received = stdout.split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line))
      .find(({ title }) => String(title).includes("(received)"));
    assert(received !== undefined, stdout);
    const text = await Deno.readTextFile(transcript(blake, received.id));
    assert(!text.includes(secret), "the passphrase left");
    assertStringIncludes(text, "[redacted]");
    await assertGoesOn(blake, alex, received.id);
  },
  { onScreen: true },
);

test(
  "sessions-share shares nothing, when the person chooses nothing or answers nothing",
  async (environment) => {
    const alex = await environment.person("alex");
    await talk(alex);
    const steps = [runBlock(0), askAsTold(), runBlock(1), say("That is done.")];
    const asked = /Share nothing[\s\S]*Enter to select/;
    const screen = await Screen.open(alex, steps);
    await screen.until(/^❯/m);
    await screen.type("/claude-spread:sessions-share");
    await screen.until(asked);
    await screen.key("Escape");
    await screen.until(/[Dd]eclined to answer/);
    assertEquals(await alex.shares(), []);
    alex.model.play(steps);
    await screen.type("/claude-spread:sessions-share");
    await screen.until(asked);
    await screen.choose(await countSessions(alex) + 1);
    const text = await screen.until(/That is done\./);
    assertStringIncludes(text, "nothing is shared, as the user chose");
    assertEquals(await alex.shares(), []);
  },
  { onScreen: true },
);

/** Number of sessions to choose from: those of the person, the running one included. */
async function countSessions({ home, project }: Person): Promise<number> {
  const folder = `${home}/.claude/projects/${projectName(project)}`;
  const names = await Array.fromAsync(Deno.readDir(folder));
  return names.filter(({ name }) => name.endsWith(".jsonl")).length;
}
