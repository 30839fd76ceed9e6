/**
 * Consent: no conversation leaves and nothing is installed without the user's answer to the very
 * question, which a hook has kept.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import {
  answerEvent,
  type Asked,
  ClaudeSession,
} from "../../support/claude_session.ts";
import { bundleOf } from "../../support/memory.ts";
import {
  type Asking,
  askToInstall,
  askToReceive,
  askToShare,
  MEMORY,
} from "./_asking.ts";

const NOT_ASKED =
  "Nothing was done: the user has not been asked this question, or has not answered it";

/** Writes `answer.json` as the hook does. */
async function keepEvent(session: ClaudeSession, event: unknown) {
  const text = typeof event === "string" ? event : JSON.stringify(event);
  await Deno.writeTextFile(session.path("answer.json"), text, { mode: 0o600 });
}

/** The question, changed in one place. */
function changed(
  asked: Asked,
  change: (question: Asked["questions"][0]) => void,
): Asked {
  const copy = structuredClone(asked);
  change(copy.questions[0]!);
  return copy;
}

/** The first option, which shares or installs something. */
function first({ questions: [question] }: Asked): string {
  return question!.options[0]!.label;
}

type Answer = (asking: Asking) => Promise<unknown>;

/** Answers to something else than what was asked. */
const OTHERWISE: [name: string, answer: Answer][] = [
  ["no answer", () => Promise.resolve()],
  [
    "an answer to another text",
    ({ session, asked }) =>
      session.answer(
        changed(asked, (question) => question.question = "Go on?"),
        first(asked),
      ),
  ],
  [
    "an answer to other labels",
    ({ session, asked }) =>
      session.answer(
        changed(asked, ({ options }) => options.at(-1)!.label = "No, later"),
        first(asked),
      ),
  ],
  [
    "an answer to other descriptions",
    ({ session, asked }) =>
      session.answer(
        changed(asked, ({ options }) => options[0]!.description = "Nothing"),
        first(asked),
      ),
  ],
  [
    "an answer to an option with a preview, in whose place no description is shown",
    ({ session, asked }) =>
      session.answer(
        changed(asked, ({ options }) => {
          Object.assign(options[0]!, { preview: "Nothing is written" });
        }),
        first(asked),
      ),
  ],
  [
    "an answer to a question with more than was asked",
    ({ session, asked }) =>
      session.answer(
        changed(asked, (question) => {
          Object.assign(question, { note: "It only shows the list again" });
        }),
        first(asked),
      ),
  ],
  [
    "an answer to fewer options",
    ({ session, asked }) =>
      session.answer(
        changed(asked, ({ options }) => options.pop()),
        first(asked),
      ),
  ],
  [
    "an answer to another header",
    ({ session, asked }) =>
      session.answer(
        changed(asked, (question) => question.header = "Colour"),
        first(asked),
      ),
  ],
  [
    "an answer to two questions at once",
    ({ session, asked }) => {
      const other = { ...asked.questions[0]!, question: "Tabs or blanks?" };
      const both = { questions: [asked.questions[0]!, other] };
      return session.answer(both, first(asked), "Tabs");
    },
  ],
  [
    "an answer to the other of two questions",
    ({ session, asked }) => {
      const event = answerEvent(asked, [first(asked)]);
      const answers = { "Tabs or blanks?": first(asked) };
      return keepEvent(session, { ...event, tool_response: { answers } });
    },
  ],
  [
    "an answer of another session",
    ({ session, asked }) =>
      keepEvent(session, answerEvent(asked, [first(asked)], "another")),
  ],
  [
    "an answer to a question that a new command has made void",
    async ({ session, asked, skill }) => {
      await session.answer(asked, first(asked));
      await session.type(skill, "other words 127.0.0.1:9");
    },
  ],
];

/** Answers that choose nothing that can be told. */
const NONSENSE = [
  "yes please",
  "all of them",
  "",
  "0",
  "99",
  "-1",
  "1.5",
  "1e0",
  "1-3",
  "constructor",
  "__proto__",
  "$(id)",
  "Share everything",
];

/** Kept files that cannot be trusted. */
const SPOILED: [name: string, spoil: Answer, message: string][] = [
  ...["question.json", "answer.json"].flatMap((name): typeof SPOILED => [
    [
      `a ${name} as Claude writes it`,
      ({ session }) => Deno.chmod(session.path(name), 0o644),
      "other users may read or change it",
    ],
    [
      `a ${name} that is a link`,
      async ({ session }) => {
        const other = session.machine.path("other.json");
        await Deno.rename(session.path(name), other);
        await Deno.symlink(other, session.path(name));
      },
      "it is not a file",
    ],
    [
      `a ${name} that is damaged`,
      ({ session }) => Deno.writeTextFile(session.path(name), "{"),
      "it is not what was asked",
    ],
  ]),
  [
    "an answer of another tool",
    ({ session, asked }) => {
      const event = answerEvent(asked, [first(asked)]);
      return keepEvent(session, { ...event, tool_name: "Bash" });
    },
    "it is not what was asked",
  ],
  [
    "an answer before it was given",
    ({ session, asked }) => {
      const event = answerEvent(asked, [first(asked)]);
      return keepEvent(session, { ...event, hook_event_name: "PreToolUse" });
    },
    "it is not what was asked",
  ],
];

const SKILLS: [skill: string, ask: () => Promise<Asking>][] = [
  ["sessions-share", askToShare],
  ["memory-receive", askToInstall],
  ["sessions-receive", askToReceive],
];

/** Puts the question back as it was made, without an answer. */
async function reopen({ session }: Asking, question: string): Promise<void> {
  for (const name of ["question.json", "answer.json"]) {
    await Deno.remove(session.path(name)).catch(() => {});
  }
  const path = session.path("question.json");
  await Deno.writeTextFile(path, question, { mode: 0o600 });
}

for (const [skill, ask] of SKILLS) {
  Deno.test(`skill ${skill} --yes does nothing without an answer to its question`, async () => {
    await using asking = await ask();
    const { session, assertNothing } = asking;
    const question = await Deno.readTextFile(session.path("question.json"));
    for (const [name, answer] of OTHERWISE) {
      await reopen(asking, question);
      await answer(asking);
      const ended = await session.run(skill, "--yes");
      assertFailure(
        ended,
        "NOT_AGREED",
        NOT_ASKED,
        "Ask the question that the command gave, exactly as it stands",
      );
      assertEquals(ended.text, "", name);
      await assertNothing();
    }
  });

  Deno.test(`skill ${skill} --yes does nothing when it cannot tell what was chosen, and can be asked again`, async () => {
    await using asking = await ask();
    const { session, asked, assertNothing } = asking;
    for (const text of NONSENSE) {
      await session.answer(asked, text);
      assertFailure(
        await session.run(skill, "--yes"),
        "NOT_AGREED",
        `Cannot tell what the user chose by "${text}"`,
        "Ask the same question again",
      );
      await assertNothing();
    }
    await session.answer(asked, "Write it\x1b[2J to \u202e~/.zshenv");
    const { stderr } = await session.run(skill, "--yes");
    assert(stderr.includes('"Write it to ~/.zshenv"'), stderr);
    await assertNothing();
    await session.answer(asked, asking.none);
    assertSuccess(await session.run(skill, "--yes"));
    await assertNothing();
  });

  Deno.test({
    name: `skill ${skill} --yes trusts only what the hook has kept`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using asking = await ask();
      const { session, asked, assertNothing } = asking;
      const question = await Deno.readTextFile(session.path("question.json"));
      for (const [name, spoil, message] of SPOILED) {
        await reopen(asking, question);
        await session.answer(asked, first(asked));
        await spoil(asking);
        const ended = await session.run(skill, "--yes");
        assertFailure(ended, "TYPED_MISSING", `Cannot use "`);
        assert(ended.stderr.includes(message), `${name}: ${ended.stderr}`);
        await assertNothing();
      }
    },
  });

  Deno.test(`skill ${skill} --yes does nothing when the user chose nothing, and takes an answer once`, async () => {
    await using asking = await ask();
    const { session, asked, none, assertNothing } = asking;
    await session.answer(asked, none);
    const ended = await session.run(skill, "--yes");
    assertSuccess(ended);
    await assertNothing();
    assert(!(await session.has("question.json")));
    assert(!(await session.has("answer.json")));
    assert(!(await session.has("memory")));
    assertFailure(
      await session.run(skill, "--yes"),
      "NOT_AGREED",
      NOT_ASKED,
    );
    // An answer that comes when no question is open is not kept for another.
    await session.answer(asked, first(asked));
    assertFailure(
      await session.run(skill, "--yes"),
      "NOT_AGREED",
      NOT_ASKED,
    );
    await assertNothing();
  });

  Deno.test(`skill ${skill} asks with two to four options, the last of which chooses nothing`, async () => {
    await using asking = await ask();
    const { questions } = asking.asked;
    assertEquals(questions.length, 1);
    const labels = questions[0]!.options.map(({ label }) => label);
    assert(labels.length >= 2 && labels.length <= 4, labels.join());
    assertEquals(labels.at(-1), asking.none);
    assert(labels.every((label) => !/[,"]/.test(label)), labels.join());
    assertEquals(new Set(labels).size, labels.length);
    assert(questions[0]!.header.length <= 12);
  });
}

Deno.test("an answer counts for the skill that has asked, and for no other", async () => {
  await using asking = await askToShare();
  const { session, asked } = asking;
  await Deno.writeTextFile(session.path("memory"), bundleOf(MEMORY.theirs));
  for (const answer of [asking.none, first(asked)]) {
    await session.answer(asked, answer);
    for (const skill of ["memory-receive", "sessions-receive"]) {
      const ended = await session.run(skill, "--yes");
      assertFailure(ended, "NOT_AGREED", NOT_ASKED);
    }
    assert(await session.has("memory"));
  }
  await asking.assertNothing();
  await session.answer(asked, asking.none);
  assertSuccess(await session.run("sessions-share", "--yes"));
});
