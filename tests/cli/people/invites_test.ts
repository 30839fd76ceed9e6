/**
 * Words as people paste and type them: decorated, in capitals, with a slip.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { shortWords } from "../../../lib/crypto/eff_short_words.ts";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { APART } from "../../support/relay_share.ts";

/** An invite as it comes out of a chat, a mail or a head. */
const DECORATIONS: [name: string, decorate: (invite: string) => string[]][] = [
  ["in capitals", (invite) => [invite.toUpperCase()]],
  ["with blanks", (invite) => [invite.replaceAll("-", " ")]],
  ["as several words", (invite) => invite.split("-")],
  ["with underscores", (invite) => [invite.replaceAll("-", "_")]],
  ["with a full stop", (invite) => [`${invite}.`]],
  ["in backquotes", (invite) => [`\`${invite}\``]],
  ["in curly quotes", (invite) => [`“${invite}”`]],
  ["with an invisible character", (invite) => [`${invite}\u200b`]],
  ["with a line break", (invite) => [`${invite}\r\n`]],
  ["after the command", (invite) => [
    `/claude-spread:distill-receive ${invite}`,
  ]],
];

Deno.test("receive takes an invite however it is written", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share(["--generate", file]);
  for (const [name, decorate] of DECORATIONS) {
    const words = decorate(String(sharing.ready.invite));
    const args = [...words, sharing.address];
    const received = await machine.run("receive", args);
    assertEquals([received.code, received.text], [0, "# a\n"], name);
  }
});

Deno.test("receive takes the invite of a relay however it is written", async () => {
  await using relay = await startLocalRelay();
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  const there = ["--relay", relay.url];
  await using sharing = await machine.share([...there, "--generate", file]);
  for (const [name, decorate] of DECORATIONS) {
    const words = decorate(String(sharing.ready.invite));
    const args = [...there, ...words];
    const received = await machine.run("receive", args, APART);
    assertEquals([received.code, received.text], [0, "# a\n"], name);
  }
});

/** The invite with one letter doubled in its last word, so that it is not of the list. */
function mistype(
  invite: string,
): { typed: string; slip: string; word: string } {
  const word = invite.split("-").at(-1)!;
  const slip = [...word].map((_, i) => word.slice(0, i + 1) + word.slice(i))
    .find((slip) => !shortWords().includes(slip))!;
  return { typed: invite.slice(0, -word.length) + slip, slip, word };
}

Deno.test("receive names a word that is not of the list and the one that is meant, and dials nobody", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share(["--generate", file]);
  const invite = String(sharing.ready.invite);
  const { typed, slip, word } = mistype(invite);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let dialled = 0;
  const accepting = listener.accept().then((connection) => {
    dialled++;
    connection.close();
  }).catch(() => {});
  const { port } = listener.addr as Deno.NetAddr;
  const ended = await machine.run("receive", [typed, `127.0.0.1:${port}`]);
  assertFailure(ended, "USAGE", "");
  assertStringIncludes(ended.stderr, slip);
  assertStringIncludes(ended.stderr, word);
  listener.close();
  await accepting;
  assertEquals(dialled, 0);
  const received = await machine.run("receive", [invite, sharing.address]);
  assertSuccess(received);
  assert(received.text === "# a\n");
});
