/**
 * A session of one person's client, packed, installed for another person, in their client:
 * whether it goes on there, and what of it comes along.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { listSessions } from "../../lib/session/local/list.ts";
import { type Encoding } from "../../lib/payload.ts";
import { packSession } from "../../lib/session/pack/pack.ts";
import { share } from "./_distill.ts";
import { bash, runBlock, say } from "./_model.ts";
import type { Person } from "./_person.ts";
import { Screen } from "./_screen.ts";
import { toldBy } from "./_told.ts";
import { assertSameView } from "./_view.ts";
import { test, type World } from "./_world.ts";

/** A word that stands nowhere else. */
const WORD = "marmalade-lighthouse";

/** More than the client keeps in a transcript. */
const LARGE = "seq 1 12000";

/** Has a conversation that uses tools and names files. */
async function talk(alex: Person): Promise<string> {
  await alex.write("project/notes.txt", "The door is green\n");
  const session = await alex.ask(`Where is the ${WORD}?`, [
    ({ request: _ }) => ({
      tool: "Read",
      input: { file_path: `${alex.project}/notes.txt` },
    }),
    bash(LARGE),
    say(`It is in ${alex.project}/notes.txt, beside the window.`),
  ]);
  assertEquals(session.denials, []);
  return session.id;
}

/** Packs the session that somebody used last. */
async function pack(
  environment: World,
  person: Person,
  encoding: Encoding,
): Promise<{ output: string; text: string; transcript: string }> {
  const surroundings = {
    home: person.home,
    cwd: person.project,
    env: () => undefined,
  };
  const how = { openOptions: [], secrets: null, anonymous: null };
  const { sessions } = await listSessions(surroundings, how);
  const output = `${environment.folder}/${crypto.randomUUID()}.session`;
  await packSession(sessions[0]!, { ...how, output, encoding });
  return {
    output,
    text: await Deno.readTextFile(output),
    transcript: await Deno.readTextFile(sessions[0]!.path),
  };
}

/** Hands a session over by a file, as the network would. */
async function handOver(
  environment: World,
  alex: Person,
  blake: Person,
): Promise<Record<string, unknown>> {
  return await install(blake, (await pack(environment, alex, "zstd")).output);
}

async function install(
  blake: Person,
  file: string,
): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await blake.spread([
    "sessions",
    "install",
    "--json",
    `--project=${blake.project}`,
    file,
  ]);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

/** Returns the last request to the model. */
function lastRequest(person: Person): string {
  return JSON.stringify(person.model.turns.at(-1)!.request);
}

/** Checks that the conversation was sent, as one of this machine. */
function assertKnown(alex: Person, blake: Person): void {
  const request = lastRequest(blake);
  assertStringIncludes(request, WORD);
  assertStringIncludes(request, "The door is green");
  assertStringIncludes(request, `It is in ${blake.project}/notes.txt`);
  assertStringIncludes(request, "[Claude Spread] The conversation above");
  assert(!request.includes(alex.home), request);
}

test("a received session goes on by its id and by --continue, in another home and folder", async (environment) => {
  const alex = await environment.person("alex", { home: "the home of Alex" });
  const blake = await environment.person("blake");
  const id = await talk(alex);
  const installed = await handOver(environment, alex, blake);
  assert(installed.id !== id);
  assertEquals(installed.resume, `claude --resume ${installed.id}`);
  const plain = await blake.ask("Hello", [say("Hello.")], { flags: [] });
  const model = plain.turns[0]!.request.model;
  for (const flags of [["--resume", String(installed.id)], ["--continue"]]) {
    // The one that is continued is the one that was written last.
    if (flags[0] === "--continue") await handOver(environment, alex, blake);
    const session = await blake.ask("Go on", [say("Gladly.")], { flags });
    assertEquals([session.code, session.text], [0, "Gladly."]);
    assertKnown(alex, blake);
    assertEquals(session.turns[0]!.request.model, model);
  }
});

test("a received session brings the large output that it refers to, where its paths say", async (environment) => {
  const alex = await environment.person("alex");
  const blake = await environment.person("blake");
  await talk(alex);
  const { id } = await handOver(environment, alex, blake);
  const session = await blake.ask("Go on", [say("Gladly.")], {
    flags: ["--resume", String(id)],
  });
  const path = /[^\s"]+\/tool-results\/[\w-]+\.txt/.exec(lastRequest(blake))
    ?.[0];
  assert(path?.startsWith(`${blake.home}/.claude/projects/`), String(path));
  assertStringIncludes(await Deno.readTextFile(path!), "\n11999\n12000");
  assertEquals(session.code, 0);
});

const onScreen = { onScreen: true };

test(
  "a received session stands in the picker by its title, and goes on from there",
  async (environment) => {
    const alex = await environment.person("alex");
    const blake = await environment.person("blake");
    await talk(alex);
    const { title } = await handOver(environment, alex, blake);
    assertEquals(title, `Where is the ${WORD}? (received)`);
    const screen = await Screen.open(blake, [say("Gladly.")], ["--resume"]);
    await screen.until(new RegExp(`${WORD}\\? \\(received\\)`));
    await screen.key("Enter");
    const text = await screen.until(/wait for what you want to do/);
    assertStringIncludes(
      text,
      "[Claude Spread] The conversation above is not mine",
    );
    await screen.until(/^❯/m);
    await screen.type("Go on");
    const answered = await screen.until(/Gladly/);
    assertKnown(alex, blake);
    const { request } = blake.model.turns.at(-1)!;
    assertSameView(request, answered.slice(0, answered.indexOf("● Gladly")));
  },
  onScreen,
);

test("a received session that was compacted goes on after its summary, with what that left as it was", async (environment) => {
  const alex = await environment.person("alex");
  const blake = await environment.person("blake");
  // The client keeps it with the requests, and not in a message.
  const hidden = "velvet-thunder-orchard";
  await alex.write("project/CLAUDE.md", `Our word is ${hidden}.\n`);
  const id = await talk(alex);
  const flags = ["--resume", id];
  const summary = "<summary>The summary of it</summary>";
  await alex.ask("/compact", [say(summary)], { flags });
  await alex.ask("After that", [say("Then on.")], { flags });
  const packed = await pack(environment, alex, "identity");
  const { output, text, transcript } = packed;
  assertEquals(
    [transcript.includes(hidden), text.includes(hidden)],
    [environment.client.age === "newest", false],
  );
  const installed = await install(blake, output);
  await blake.ask("Go on", [say("Gladly.")], {
    flags: ["--resume", String(installed.id)],
  });
  const request = lastRequest(blake);
  for (const kept of ["The summary of it", "beside the window", "Then on."]) {
    assertStringIncludes(request, kept);
  }
  assert(!request.includes("The door is green"), "what was summed up is sent");
  const earlier = String(installed.earlier_path);
  assertStringIncludes(request, earlier);
  assertStringIncludes(await Deno.readTextFile(earlier), "The door is green");
});

test("a session leaves without the passphrase that was typed in it, or the invite that was shown", async (environment) => {
  const alex = await environment.person("alex");
  const passphrase = `Grüße an ${crypto.randomUUID()} !so`;
  const shared = await share(alex, passphrase);
  const { text } = await pack(environment, alex, "identity");
  assertStringIncludes(text, "/claude-spread:distill-share");
  assert(!text.includes("Grüße"), text);
  await alex.ask("/claude-spread:stop-sharing-now", [
    runBlock(0),
    say("Over."),
  ]);
  assert(shared.id !== "");
  const blake = await environment.person("blake");
  const { invite } = toldBy(await share(blake));
  const packed = await pack(environment, blake, "identity");
  // One of its words alone may stand anywhere; two in a row are the invite's.
  const words = String(invite).split("-");
  for (const [i, word] of words.slice(1).entries()) {
    const pair = new RegExp(`\\b${words[i]}\\W+${word}\\b`);
    assert(!pair.test(packed.text), word);
  }
  await blake.ask("/claude-spread:stop-sharing-now", [
    runBlock(0),
    say("Over."),
  ]);
});
