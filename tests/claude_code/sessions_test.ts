/**
 * `sessions-share` and `sessions-receive` in the real client: a conversation of one client is
 * chosen, taken over, and goes on in another, in another home and folder.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { projectName } from "../../lib/claude/config_folder.ts";
import { runBlock, say, type Step } from "./_model.ts";
import type { Person, Session } from "./_person.ts";
import { Screen } from "./_screen.ts";
import { test } from "./_world.ts";

/** What cannot be anything else. */
const WORD = "marmalade-lighthouse";

type Event = Record<string, unknown>;

/** Has a conversation, and returns its id. */
async function talk(person: Person, about = WORD): Promise<string> {
  const session = await person.ask(`Where is the ${about}?`, [
    say(`The ${about} is in ${person.project}, beside the window.`),
  ], { flags: [] });
  return session.id;
}

function assertDone(session: Session, commands: number): void {
  const { calls, denials, code } = session;
  assertEquals([code, denials], [0, []]);
  assertEquals(calls.map(({ tool }) => tool), Array(commands).fill("Bash"));
  for (const { result, isError } of calls) assert(!isError, result);
}

/** The events of the last command. */
function lastEvents({ calls }: Session): Event[] {
  return calls.at(-1)!.result.split("\n").filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

function eventOf(session: Session, name: string): Event {
  const found = lastEvents(session).find(({ event }) => event === name);
  assert(found !== undefined, session.calls.at(-1)!.result);
  return found;
}

/** Puts ids in where the skill says so. */
function choosing(block: number, ...ids: string[]): Step {
  return runBlock(block, (command) => command.replace("IDS", ids.join(",")));
}

/** What the sender's model does: lists, and offers what was chosen. */
function share(...ids: string[]): Step[] {
  return [runBlock(0), choosing(1, ...ids), say("It is shared.")];
}

/** The same, when the person has typed what to offer. */
const SHARE_TYPED: Step[] = [
  runBlock(0),
  runBlock(1, (command) => command.replace("--session IDS ", "")),
  say("It is shared."),
];

function take(...ids: string[]): Step[] {
  return [runBlock(0), choosing(1, ...ids), say("Type what it says.")];
}

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

test("sessions-share and sessions-receive hand a conversation over, which goes on in the other client", async (environment) => {
  const alex = await environment.person("alex", { home: "the home of Alex" });
  const blake = await environment.person("blake");
  const id = await talk(alex);
  const other = await talk(alex, "other-thing");
  const shared = await alex.ask("/claude-spread:sessions-share", share(id));
  assertDone(shared, 2);
  assertStringIncludes(shared.calls[0]!.result, WORD);
  assertStringIncludes(shared.calls[0]!.result, other);
  const { invite, name, commands, once } = eventOf(shared, "ready");
  assertEquals([name, once], ["1 session", true]);
  assertEquals(commands, [`/claude-spread:sessions-receive ${invite}`]);

  const received = await blake.ask(
    `/claude-spread:sessions-receive ${invite}`,
    take(id),
  );
  assertDone(received, 2);
  assert(!received.skill.includes(String(invite)), received.skill);
  assertStringIncludes(received.calls[0]!.result, WORD);
  assert(!received.calls[0]!.result.includes(other), "not offered");
  const delivered = eventOf(received, "delivered");
  assertEquals(delivered.resume, `claude --resume ${delivered.id}`);
  assertEquals(delivered.choice, id);
  await assertGoesOn(blake, alex, String(delivered.id));

  const [record] = await alex.shares();
  const [receiver] = record!.receivers as { took: { id: string } }[];
  assertEquals([record!.state, receiver!.took.id], ["ended", id]);

  const undone = await blake.ask("/claude-spread:sessions-receive --undo", [
    runBlock(2),
    say("It goes on."),
  ]);
  // It has gone on since, so that it is not taken away without a word.
  assertEquals(eventOf(undone, "failed").error, "SESSION_CHANGED");
  const file = transcript(blake, String(delivered.id));
  assert((await Deno.stat(file)).isFile);
});

test("sessions-receive takes what was typed behind --pick, through a relay, where nobody can be asked", async (environment) => {
  const env = { CLAUDE_SPREAD_RELAY: await environment.relay() };
  const alex = await environment.person("alex", { env });
  const blake = await environment.person("blake", { env });
  const ids = [await talk(alex, "first-thing"), await talk(alex)];
  const typed = `--session ${ids.join(",")} --relay our words`;
  const shared = await alex.ask(
    `/claude-spread:sessions-share ${typed}`,
    SHARE_TYPED,
  );
  assertDone(shared, 2);
  const { room, name } = eventOf(shared, "ready");
  assertEquals(name, "2 sessions");
  const words = `--relay --room ${room} our words`;
  const looked = await blake.ask(`/claude-spread:sessions-receive ${words}`, [
    runBlock(0),
    say("Type --pick N and the same words."),
  ]);
  assertDone(looked, 1);
  const { sessions } = eventOf(looked, "catalogue");
  assertEquals((sessions as { id: string }[]).map(({ id }) => id), ids);
  const received = await blake.ask(
    `/claude-spread:sessions-receive --pick 2,1 ${words}`,
    [runBlock(0), say("Type what it says.")],
  );
  assertDone(received, 1);
  const delivered = lastEvents(received)
    .filter(({ event }) => event === "delivered");
  assertEquals(delivered.map(({ choice }) => choice), ids.toReversed());
  await assertGoesOn(blake, alex, String(delivered[0]!.id));
  await assertGoesOn(blake, alex, String(delivered[1]!.id), "first-thing");
  const undone = await blake.ask("/claude-spread:sessions-receive --undo", [
    runBlock(2, (command) => `${command} --force`),
    say("It is gone."),
  ]);
  assertDone(undone, 1);
});

const option = (label: string) => ({ label, description: "What it is" });

function askWhich(labels: string[]): Step {
  return () => ({
    tool: "AskUserQuestion",
    input: {
      questions: [{
        question: "Which sessions?",
        header: "Sessions",
        multiSelect: false,
        options: labels.map(option),
      }],
    },
  });
}

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
      askWhich(["This session", "Another"]),
      runBlock(1, (command) => command.replace("IDS", thisSession(alex))),
      say("It is shared."),
    ]);
    await alexSees.type(`/claude-spread:sessions-share ${secret}`);
    await alexSees.until(/Which sessions\?[\s\S]*This session/);
    assertEquals(await alex.shares(), []);
    await alexSees.key("Enter");
    const shown = await alexSees.until(/It is shared\.|Do you want/);
    assert(!/Do you want/.test(shown), shown);

    const blakeSees = await Screen.open(blake, [
      runBlock(0),
      askWhich(["The first", "None"]),
      choosing(1, thisSession(alex)),
      say("Type what it says."),
    ]);
    await blakeSees.until(/^❯/m);
    await blakeSees.type(`/claude-spread:sessions-receive ${secret}`);
    await blakeSees.until(/Which sessions\?[\s\S]*The first/);
    await blakeSees.key("Enter");
    const told = await blakeSees.until(/Type what it says|Do you want/);
    assert(!/Do you want/.test(told), told);

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

/** The one session that a person has. */
function thisSession({ home, project }: Person): string {
  const folder = `${home}/.claude/projects/${projectName(project)}`;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".jsonl"));
  assertEquals(names.length, 1);
  return names[0]!.slice(0, -".jsonl".length);
}
