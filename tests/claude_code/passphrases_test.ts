/**
 * Passphrases as people type them after a command, in the real client: each arrives byte for
 * byte, or is refused with a word, and none is ever executed or followed.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Conversation } from "./_conversation.ts";
import { LAMP, SHARE } from "./_distill.ts";
import type { Person } from "./_person.ts";
import type { Session } from "./_session.ts";
import { toldBy } from "./_told.ts";
import { test } from "./_world.ts";

/** A part of the surroundings that must never be seen. */
const BAIT = `bait ${crypto.randomUUID()}`;

async function share(
  person: Person | Conversation,
  typed: string,
): Promise<Session> {
  const prompt = `/claude-spread:distill-share ${typed}`;
  const session = await person.ask(prompt, SHARE);
  assertEquals([session.code, session.denials], [0, []]);
  const requests = JSON.stringify(session.turns.map(({ request }) => request));
  assert(!requests.includes("uid="), "a command in it was executed");
  assert(!requests.includes(BAIT), "a file that it names was read");
  return session;
}

/** The typed line, and the passphrase. */
const delivered: [name: string, typed: string, passphrase?: string][] = [
  [
    "marks of every sort",
    'two  words, it\'s "half" quoted, $(id) `id` ${HOME} $HOME; id | id & id # (id), a !x !`id`, ' +
    "no\u00a0break zero\u200bwidth wide\u3000blank\ttab, back\\slash \\ \\n \\\\, " +
    "등불이 빛난다 🙂 alex@example.org",
  ],
  ["quotes around it", `"in quotes"`, "in quotes"],
  [
    "placeholders",
    "$ARGUMENTS $0 $1 ${CLAUDE_PLUGIN_ROOT} ${CLAUDE_SESSION_ID}",
  ],
  ["a line break", "two\nlines"],
  ["a dash", "-- --relay me", "--relay me"],
  ["names of files", "@bait lamp @/etc/hostname @~/project/bait"],
  [
    "more words than anybody types",
    "one two three four five six seven eight nine ten eleven twelve",
  ],
];

/**
 * The cases in which the two clients differ, or did in an earlier version of the plugin; the hook
 * gets the other lines in both alike.
 */
const TELLING = [
  "names of files",
  "placeholders",
  "more words than anybody types",
];

const refused: [name: string, typed: string, words: string][] = [
  ["looks like an option", "--lamp", "There is no option --lamp here"],
  [
    "looks like an invite",
    "k7m2xq-niece-broke-zippy-iron",
    "looks like an invite",
  ],
];

test("distill-share takes passphrases with anything in them byte for byte, and says why where it does not", async (environment) => {
  const alex = await environment.person("alex");
  await alex.write("project/bait", BAIT);
  await using conversation = alex.converse();
  for (const [name, typed, passphrase = typed] of delivered) {
    const isOld = environment.client.age === "oldest";
    if (isOld && !TELLING.includes(name)) continue;
    const session = await share(conversation, typed);
    const { addresses: [address] } = toldBy(session);
    assert(!session.skill.includes(typed), session.skill);
    const received = await alex.spread(
      ["receive", "--passphrase-file", "-", address!],
      { stdin: passphrase },
    );
    assertEquals(received.code, 0, `${name}: ${received.stderr}`);
    assertStringIncludes(received.stdout, LAMP);
  }
  const before = await alex.shares();
  for (const [name, typed, words] of refused) {
    const { calls } = await share(conversation, typed);
    const { result, isError } = calls[1]!;
    assertEquals(isError, true, name);
    assertStringIncludes(result, words);
  }
  assertEquals((await alex.shares()).length, before.length);
});

test("distill-share works in a folder on whose name a shell would act", async (environment) => {
  const alex = await environment.person("alex", { home: "it's $(id) `id`" });
  const session = await share(alex, "lamp");
  assertEquals(toldBy(session).invite, null);
  assertEquals((await alex.shares()).length, 1);
});
