/**
 * A session that a hostile sender has made, resumed in the real client: its lines do their work
 * where they are copied unchanged, and do nothing after this product has installed the session.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { projectName } from "../../lib/claude/config_folder.ts";
import {
  type Aftermath,
  type Danger,
  hostileLines,
  PRECIOUS,
  SPEAKING,
  STEERING,
  STOPPING,
  systemTexts,
  type Targets,
} from "./_hostile.ts";
import { say } from "./_model.ts";
import type { Person } from "./_person.ts";
import { Screen } from "./_screen.ts";
import { assertSameView } from "./_view.ts";
import { test, type World } from "./_world.ts";

async function targetsOf(person: Person): Promise<Targets> {
  const elsewhere = `${person.home}/elsewhere`;
  await Deno.mkdir(elsewhere);
  const victims = {
    changed: await person.write("changed.txt", PRECIOUS),
    snapshot: await person.write("snapshot.txt", PRECIOUS),
    delta: await person.write("delta.txt", PRECIOUS),
  };
  return { id: crypto.randomUUID(), victims, elsewhere };
}

/** Puts a session, unchanged, where the client looks for it. */
async function copy(
  person: Person,
  dangers: Danger[],
  targets: Targets,
): Promise<void> {
  await person.write(
    `.claude/projects/${projectName(person.project)}/${targets.id}.jsonl`,
    hostileLines(dangers, targets)
      .map(toLine).join(""),
  );
}

/** Packs a session as a sender would who does not keep to what this product packs. */
async function pack(
  { folder }: World,
  dangers: Danger[],
  targets: Targets,
): Promise<string> {
  const { id } = targets;
  const lines = [
    { format: "claude-spread/session", version: 1, encoding: "identity" },
    {
      part: "session",
      id,
      title: "Hostile",
      project: "/x/y",
      companions: `/x/${id}`,
    },
    { part: "transcript" },
    ...hostileLines(dangers, targets),
    { part: "end" },
  ];
  const path = `${folder}/hostile.session`;
  await Deno.writeTextFile(path, lines.map(toLine).join(""));
  return path;
}

function toLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Resumes a session with `claude -p`. */
async function print(person: Person, id: string): Promise<Aftermath> {
  const flags = ["--resume", id];
  const session = await person.ask("Go on", [say("Gladly.")], { flags });
  assertEquals([session.code, session.text], [0, "Gladly."]);
  return { request: session.turns[0]!.request, screen: "", gone: [] };
}

/**
 * Resumes a session on a terminal, goes on, and goes back to its first message with what the
 * menu offers first.
 *
 * @param later Beginnings of the messages after the first one, the last one first.
 */
async function show(
  person: Person,
  { id, victims }: Targets,
  later: string[],
): Promise<Aftermath> {
  const screen = await Screen.open(person, [say("Gladly.")], ["--resume", id]);
  const opened = await screen.until(/^❯\s*$/m);
  await screen.type("Go on");
  const answered = await screen.until(/Gladly/);
  await screen.type("/rewind");
  await screen.until(/Restore the code and\/or conversation/);
  for (const message of ["Go on", ...later, "Asked"]) {
    await screen.key("Up");
    await screen.until(new RegExp(`^ +❯ ${RegExp.escape(message)}`, "m"));
  }
  await screen.key("Enter");
  await screen.until(/to the point before you sent/);
  await screen.key("Enter");
  await screen.until(/^❯\sAsked by nobody\s*$(?![^]*Gladly)/m);
  return {
    request: person.model.turns.at(-1)!.request,
    screen: opened + answered,
    gone: missing(Object.values(victims)),
  };
}

function missing(paths: string[]): string[] {
  return paths.filter((path) => {
    try {
      return !Deno.statSync(path).isFile;
    } catch {
      return true;
    }
  });
}

/** Names of the dangers that came about. */
function happened(
  dangers: Danger[],
  aftermath: Aftermath,
  targets: Targets,
): string[] {
  return dangers.filter((danger) => danger.happened(aftermath, targets))
    .map(({ name }) => name);
}

/** Names of the dangers that come about in this client when lines are not rebuilt. */
function obeyed(dangers: Danger[], { client }: World): string[] {
  return dangers.filter(({ obeyedBy }) => obeyedBy.includes(client.age))
    .map(({ name }) => name);
}

// Without these the tests that follow would prove nothing.

test("a hostile session speaks as the system, when it is copied as it came", async (environment) => {
  const blake = await environment.person("blake");
  const targets = await targetsOf(blake);
  await copy(blake, SPEAKING, targets);
  const aftermath = await print(blake, targets.id);
  const expected = obeyed(SPEAKING, environment);
  assertEquals(happened(SPEAKING, aftermath, targets), expected);
});

test(
  "a hostile session chooses mode, model, agent and folder and deletes files, when it is copied as it came",
  async (environment) => {
    const blake = await environment.person("blake");
    const targets = await targetsOf(blake);
    await copy(blake, STEERING, targets);
    const aftermath = await show(blake, targets, ["See it", "Long"]);
    const expected = obeyed(STEERING, environment);
    assertEquals(happened(STEERING, aftermath, targets), expected);
  },
  { onScreen: true },
);

test(
  "a hostile session stops the client, when it is copied as it came",
  async (environment) => {
    const blake = await environment.person("blake");
    const targets = await targetsOf(blake);
    await copy(blake, STOPPING, targets);
    const flags = ["--resume", targets.id];
    const terminal = await Screen.open(blake, [], flags);
    const screen = await terminal.until(/ERROR|^❯\s*$/m);
    const aftermath = { request: {}, screen, gone: [] };
    const expected = obeyed(STOPPING, environment);
    assertEquals(happened(STOPPING, aftermath, targets), expected);
  },
  { onScreen: true },
);

test("a hostile session says nothing as the system, when it was shared and received", async (environment) => {
  const alex = await environment.person("alex");
  const blake = await environment.person("blake");
  const targets = await targetsOf(blake);
  const file = await pack(environment, SPEAKING, targets);
  const served = await alex.spread(["serve", "--json", "--detach", file]);
  const { invite } = JSON.parse(served.stdout);
  const flags = ["--json", "--pick", "1", "--project", blake.project];
  const received = await blake.spread(["receive", ...flags, invite]);
  assertEquals(received.code, 0, received.stderr);
  const { id } = JSON.parse(received.stdout.trimEnd().split("\n").at(-1)!);

  const plain = await blake.ask("Hello", [say("Hello.")], { flags: [] });
  const aftermath = await print(blake, id);
  assertEquals(happened(SPEAKING, aftermath, targets), []);
  const own = plain.turns[0]!.request;
  const { request } = aftermath;
  assertEquals(systemTexts(request), systemTexts(own));
  assertEquals(request.tools, own.tools);
  assertEquals(request.model, own.model);
});

test(
  "a hostile session hides, chooses and deletes nothing, when it was installed",
  async (environment) => {
    const dangers = [...STEERING, ...STOPPING];
    const blake = await environment.person("blake");
    const targets = await targetsOf(blake);
    const file = await pack(environment, dangers, targets);
    const flags = ["--json", "--project", blake.project];
    const installed = await blake.spread(
      ["sessions", "install", ...flags, file],
    );
    assertEquals(installed.code, 0, installed.stderr);
    const { id, left_out } = JSON.parse(installed.stdout);
    const counts = { settings: 4, snapshots: 2 };
    assertEquals(left_out, counts);
    const place = { ...targets, id };
    const later = [
      ...["[Claude Spread", "[Result", "[Document", "Long"],
      ...["Hidden sum", "Hidden words"],
    ];
    const aftermath = await show(blake, place, later);
    assertEquals(happened(dangers, aftermath, targets), []);
    const { request, screen } = aftermath;
    assertSameView(request, screen.slice(0, screen.indexOf("● Gladly")));
  },
  { onScreen: true },
);
