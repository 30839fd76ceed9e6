/**
 * `receive` with words as people type and paste them: taken where they are right, refused
 * before anything is dialed where they are not.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { ClaudeSession } from "../../support/claude_session.ts";
import type { StartOptions } from "../../support/running.ts";
import type { Ended } from "../../support/output.ts";

const DOCUMENT = "# Notes\n";

async function share(machine: Machine): Promise<Sharing> {
  const file = await machine.write("notes.md", DOCUMENT);
  return await machine.share(["--generate", file]);
}

/** A port where it is counted who connects. */
class Watched implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting = this.#accept();
  visitors = 0;

  get address(): string {
    const { hostname, port } = this.#listener.addr as Deno.NetAddr;
    return `${hostname}:${port}`;
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.visitors++;
      connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
  }
}

/** Ways to type words, of which a share must not notice any difference. */
const WAYS: ((words: string) => string)[] = [
  (words) => words.toUpperCase(),
  (words) => words.replaceAll("-", " "),
  (words) => ` ${words.replaceAll("-", " – ")}.`,
  (words) => `“${words}”`,
  (words) => `\`${words.replaceAll("-", "_")}\``,
  (words) => `/claude-spread:distill-receive ${words}`,
];

Deno.test("receive delivers for words with capitals, blanks and decorations, and spends no guess", async () => {
  await using machine = await Machine.make();
  await using sharing = await share(machine);
  for (const way of WAYS) {
    const typed = way(String(sharing.ready.invite));
    const received = await machine.run("receive", [typed, sharing.address]);
    assertSuccess(received);
    assertEquals(received.text, DOCUMENT, typed);
  }
  const { events } = await sharing.stop();
  assertEquals(events.filter(({ event }) => event === "delivered").length, 6);
  assertEquals(events.filter(({ event }) => event === "refused"), []);
});

Deno.test("receive takes such words from a file, the environment and Claude Code too", async () => {
  await using machine = await Machine.make();
  await using sharing = await share(machine);
  const words = String(sharing.ready.invite);
  const typed = `${
    words.replaceAll("-", " ").toUpperCase()
  } ${sharing.address}`;
  const file = await machine.write("words", `Words: ${words}\n`.slice(7));
  const loud = words.toUpperCase();
  for (
    const [args, options] of [
      [["--passphrase-file", file, sharing.address], {}],
      [[sharing.address], { env: { CLAUDE_SPREAD_PASSPHRASE: loud } }],
      // The address is taken from the line that was pasted.
      [[`claude-spread receive ${words} ${sharing.address}`], {}],
    ] as [string[], StartOptions][]
  ) {
    assertSuccess(await machine.run("receive", args, options));
  }
  const session = new ClaudeSession(machine);
  await session.type("distill-receive", typed);
  assertSuccess(await session.run("distill-receive"));
});

for (
  const [typed, message, hint] of [
    [
      "niece-broke-zipppy-iron",
      '"zipppy" is not one of the words',
      "niece-broke-zippy-iron",
    ],
    [
      "Neice Broke Zippy Iron",
      '"neice" is not one of the words',
      "niece-broke-zippy-iron",
    ],
    [
      "niece-broke-zippy",
      "The sender shows four words; there are 3 here",
      "Compare the words",
    ],
    [
      "k7m2xq-niece-brook-zipppy-iron",
      '"zipppy" is not one of the words',
      "k7m2xq-niece-brook-zippy-iron",
    ],
  ] as const
) {
  Deno.test(`receive refuses "${typed}" before it dials anybody`, async () => {
    await using machine = await Machine.make();
    await using watched = new Watched();
    const { address } = watched;
    for (
      const args of [[typed, address], [
        "--relay",
        `ws://${address}`,
        "--room",
        "k7m2xq",
        typed,
      ]]
    ) {
      const ended = await machine.run("receive", args);
      assertFailure(ended, "USAGE", message, hint);
      assert(!ended.stderr.includes("looking for"), ended.stderr);
    }
    assertEquals(watched.visitors, 0);
  });
}

// Breaks when the first group of a code, or one with a group that is too short, is searched for.
Deno.test("receive, typed in a terminal or in Claude Code, says at once that the code of a drop is incomplete", async () => {
  await using machine = await Machine.make();
  await using watched = new Watched();
  const session = new ClaudeSession(machine);
  const relay = `ws://${watched.address}`;
  for (
    const [typed, length] of [
      ["drop-z4jre", 5],
      ["Drop z4jre.", 5],
      ["drop-z4jre-mk42-aa3nh", 14],
    ] as const
  ) {
    await session.type("distill-receive", `--relay ${relay} ${typed}`);
    for (
      const ended of [
        await machine.run("receive", [typed]),
        await machine.run("receive", ["--relay", relay, typed]),
        await session.run("distill-receive"),
      ]
    ) {
      assertFailure(
        ended,
        "USAGE",
        "The code of the drop is incomplete",
        `It has ${length} characters after "drop", and a complete code has 30`,
      );
      assert(!ended.stderr.includes("looking for"), ended.stderr);
    }
  }
  assertEquals(watched.visitors, 0);
});

Deno.test("receive takes a passphrase of one's own that looks like mistyped words from a file and the environment", async () => {
  await using machine = await Machine.make();
  const passphrase = "niece broke zipppy iron";
  const file = await machine.write("notes.md", DOCUMENT);
  const secret = await machine.write("secret", passphrase);
  await using sharing = await machine.share([passphrase, file]);
  for (
    const [args, options] of [
      [["--passphrase-file", secret, sharing.address], {}],
      [[sharing.address], { env: { CLAUDE_SPREAD_PASSPHRASE: passphrase } }],
    ] as [string[], StartOptions][]
  ) {
    assertSuccess(await machine.run("receive", args, options));
  }
  const refused = await machine.run("receive", [passphrase, sharing.address]);
  assertFailure(refused, "USAGE", '"zipppy"', "--passphrase-file");
});

Deno.test("receive says so when the invite and --room name different rooms", async () => {
  await using machine = await Machine.make();
  await using watched = new Watched();
  const args = ["--relay", `ws://${watched.address}`, "--room", "k7m2x3"];
  assertFailure(
    await machine.run("receive", [...args, "k7m2xq-niece-broke-zippy-iron"]),
    "USAGE",
    "The invite names the room k7m2xq, and --room names k7m2x3",
    "Leave --room out, or compare the invite with the sender's",
  );
  assertEquals(watched.visitors, 0);
});

Deno.test("serve refuses words and invites as a passphrase of one's own, wherever it comes from", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const file = await machine.write("notes.md", DOCUMENT);
  const assertRefuses = (ended: Ended, message: string) => {
    const hint = "leave it out to share with new words";
    assertFailure(ended, "USAGE", message, hint);
    assert(!ended.stderr.includes("iron"), "it is repeated");
  };
  for (
    const [passphrase, message] of [
      [
        "Niece broke zippy iron",
        "The passphrase looks like the words that a share makes",
      ],
      [
        "k7m2xq-niece-broke-zippy-iron",
        "The passphrase looks like an invite",
      ],
    ] as const
  ) {
    const secret = await machine.write("secret", `${passphrase}\n`);
    const env = { CLAUDE_SPREAD_PASSPHRASE: passphrase };
    for (
      const [args, options] of [
        [[passphrase, file], {}],
        [["--passphrase-file", secret, file], {}],
        [["--passphrase-file", "-", file], { stdin: passphrase }],
        [[file], { env }],
      ] as [string[], StartOptions][]
    ) {
      assertRefuses(await machine.run("serve", args, options), message);
    }
    await session.writeDocument();
    await session.type("distill-share", passphrase);
    assertRefuses(await session.run("distill-share"), message);
  }
  assertEquals(await machine.entries(), []);
});
