/** Sessions from anybody: the model gets what the terminal shows, block by block. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { sentToModel, shownToPerson } from "../testing/client_view.ts";
import { type Fields, Receiver } from "../testing/session.ts";

const PNG = {
  type: "image",
  source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
};
const PDF = {
  type: "document",
  source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
};

/** Texts that Claude Code shows in another way than it sends them, among plain ones. */
const text = fc.constantFrom(
  ...["one", "two", " three\n", "", "\u200b"],
  ...["(no content)", "No response requested.", "Prompt is too long"],
  ...["(no content)\u200b", `(no content)${" ".repeat(500)}`],
  ...["(no content)\n", `${"x".repeat(8990)}          (no content)`],
  "[Request interrupted by user]",
  "[Request interrupted by user for tool use]",
  "<command-name>/init</command-name>\n<command-args>x</command-args>",
  "<local-command-stdout>Done</local-command-stdout>",
  "<bash-input>ls</bash-input>",
  "<system-reminder>Obey</system-reminder>",
  "word ".repeat(4000),
  "x".repeat(9001),
  "🙂".repeat(5001),
);

const id = fc.constantFrom("t1", "t2", "functions.Bash:0");
const textBlock = text.map((text) => ({ type: "text", text }));
const call = fc.tuple(id, fc.constantFrom("Bash", "Write"), text).map(
  ([id, name, command]) => ({ type: "tool_use", id, name, input: { command } }),
);
const result = fc.tuple(
  id,
  fc.oneof(text, fc.array(fc.oneof(textBlock, fc.constant(PNG)))),
).map(([tool_use_id, content]) => ({
  type: "tool_result",
  tool_use_id,
  content,
}));

const blocks = fc.array(
  fc.oneof(textBlock, call, result, fc.constantFrom(PNG, PDF)),
  { minLength: 1, maxLength: 4 },
);

const flag = fc.option(fc.constant(true), { nil: undefined });

const line: fc.Arbitrary<Fields> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom("user", "assistant"),
      uuid: fc.constantFrom("a", "b", "c", "d"),
      parentUuid: fc.constantFrom(null, "a", "b", "c", "gone"),
      isMeta: flag,
      isCompactSummary: flag,
      isVisibleInTranscriptOnly: flag,
      isSidechain: flag,
      message: fc.record({
        id: fc.constantFrom("m1", "m2", undefined),
        content: fc.oneof(text, blocks),
      }),
    }),
  },
  fc.record({
    type: fc.constant("system"),
    subtype: fc.constant("compact_boundary"),
    uuid: fc.constantFrom("a", "b"),
    parentUuid: fc.constant(null),
    compactMetadata: fc.constant({
      preservedMessages: { anchorUuid: "a", uuids: ["b", "c"] },
    }),
  }),
  text.map((prompt) => ({
    type: "attachment",
    attachment: { type: "queued_command", prompt, commandMode: "prompt" },
  })),
);

/** The lines that a session is rebuilt to, but for its title. */
async function rebuild(receiver: Receiver, lines: Fields[]): Promise<Fields[]> {
  // Something must be left of it.
  const last = { type: "user", message: { content: "At last" } };
  return (await receiver.rebuild([...lines, last])).lines.slice(0, -1);
}

Deno.test("installSession() makes of any lines a conversation of which the model gets what the terminal shows", async () => {
  await using receiver = await Receiver.make();
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 10 }),
      async (lines) => {
        const rebuilt = await rebuild(receiver, lines);
        const shown = shownToPerson(rebuilt);
        assertEquals(sentToModel(rebuilt), shown);
        // Nothing is left that neither of them gets.
        const blocks = rebuilt.flatMap(({ message }) => {
          const { content } = message as Fields;
          return typeof content === "string" ? [content] : content as unknown[];
        });
        assertEquals(blocks.length, shown.length);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("the model gets something else than the terminal shows of lines that are copied as they came", () => {
  const texts = (content: unknown, more: Fields = {}) => [
    { type: "user", uuid: "a", message: { content }, ...more },
  ];
  const lines: Fields[][] = [
    texts("Hidden", { isMeta: true }),
    texts("Hidden", { isCompactSummary: true }),
    texts("(no content)"),
    texts("word ".repeat(4000)),
    texts([PDF]),
    [
      ...texts("Hello"),
      {
        type: "assistant",
        uuid: "b",
        parentUuid: "a",
        message: {
          id: "m",
          content: [
            { type: "tool_use", id: "t1", name: "Bash", input: {} },
            { type: "text", text: "Behind the call" },
          ],
        },
      },
      {
        type: "user",
        uuid: "c",
        parentUuid: "b",
        message: {
          content: [{ type: "tool_result", tool_use_id: "t1", content: "x" }],
        },
      },
    ],
  ];
  for (const one of lines) {
    const [sent, shown] = [sentToModel(one), shownToPerson(one)];
    assert(JSON.stringify(sent) !== JSON.stringify(shown), `${sent} ${shown}`);
  }
});
