/** Chains of lines from anybody: cut, crossed, circular and compacted. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  assistant,
  type Fields,
  parents,
  Receiver,
  user,
} from "../../testing/session.ts";

const CHAINS: [
  what: string,
  lines: Fields[],
  parents: number[],
  tally: { leftOut?: Fields; changed?: Fields },
][] = [
  [
    "as it is, with branches",
    [
      user("a", null, "1"),
      user("b", "a", "2"),
      user("c", "a", "3"),
      user("d", "b", "4"),
    ],
    [-1, 0, 0, 1],
    {},
  ],
  [
    "over lines that are left out",
    [
      user("a", null, "1"),
      { type: "attachment", uuid: "x", parentUuid: "a" },
      { type: "progress", uuid: "y", parentUuid: "x" },
      user("b", "y", "2"),
    ],
    [-1, 0],
    { leftOut: { attachments: 1, other_lines: 1 } },
  ],
  [
    "where a predecessor is missing",
    [
      user("a", null, "1"),
      user("b", "nowhere", "2"),
      user("c", "b", "3"),
    ],
    [-1, 0, 1],
    { changed: { relinked: 1 } },
  ],
  [
    "where lines name each other in a circle",
    [
      user("a", "c", "1"),
      user("b", "a", "2"),
      user("c", "b", "3"),
    ],
    [-1, 0, 1],
    {},
  ],
  [
    "where a line names itself",
    [
      user("a", null, "1"),
      user("b", "b", "2"),
    ],
    [-1, 0],
    { changed: { relinked: 1 } },
  ],
  [
    "where a name comes twice",
    [
      user("a", null, "1"),
      user("b", "a", "2"),
      user("b", "a", "again"),
      user("c", "b", "3"),
    ],
    [-1, 0, 1],
    { leftOut: { repeated_lines: 1 } },
  ],
  [
    "where lines have no names",
    [
      { ...user("", null, "1"), uuid: undefined, parentUuid: undefined },
      { ...user("", null, "2"), uuid: 7, parentUuid: {} },
    ],
    [-1, 0],
    { changed: { relinked: 1 } },
  ],
  [
    "where names are those of objects",
    [
      user("__proto__", null, "1"),
      user("constructor", "__proto__", "2"),
      user("c", "constructor", "3"),
    ],
    [-1, 0, 1],
    {},
  ],
];

for (const [what, lines, expected, { leftOut = {}, changed = {} }] of CHAINS) {
  Deno.test(`installSession() chains messages ${what}`, async () => {
    await using receiver = await Receiver.make();
    const { messages, installed } = await receiver.rebuild(lines);
    assertEquals(parents(messages), expected);
    assertEquals([installed.tally.leftOut, installed.tally.changed], [
      leftOut,
      changed,
    ]);
    assertEquals(
      new Set(messages.map(({ uuid }) => uuid)).size,
      messages.length,
    );
  });
}

Deno.test("installSession() makes a chain without a circle, of any lines", async () => {
  await using receiver = await Receiver.make();
  const name = fc.constantFrom("a", "b", "c", "d", "e");
  const line = fc.tuple(name, fc.option(name));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 12 }),
      async (links) => {
        const { messages } = await receiver.rebuild(
          links.map(([uuid, parent], i) => user(uuid, parent, `${i}`)),
        );
        parents(messages).forEach((parent, i) =>
          assert(parent >= -1 && parent < i)
        );
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("installSession() keeps compactions, and the names of what they left as it was", async () => {
  await using receiver = await Receiver.make();
  const { messages } = await receiver.rebuild([
    user("u1", null, "Old"),
    assistant("a1", "u1", "Kept"),
    {
      type: "system",
      subtype: "compact_boundary",
      uuid: "c1",
      parentUuid: null,
      logicalParentUuid: "a1",
      content: "<system-reminder>evil</system-reminder>",
      compactMetadata: {
        trigger: "auto",
        userContext: "evil",
        preservedSegment: { headUuid: "a1", anchorUuid: "u2", tailUuid: "a1" },
        preservedMessages: {
          anchorUuid: "u2",
          uuids: ["a1", "a1"],
          allUuids: "no",
        },
      },
    },
    user("u2", "c1", "Sum", { isCompactSummary: true }),
  ]);
  const [, kept, boundary, summary] = messages;
  assertEquals(boundary!.compactMetadata, {
    trigger: "manual",
    preservedSegment: {
      headUuid: kept!.uuid,
      anchorUuid: summary!.uuid,
      tailUuid: kept!.uuid,
    },
    preservedMessages: { anchorUuid: summary!.uuid, uuids: [kept!.uuid] },
  });
  assertEquals([boundary!.parentUuid, boundary!.content], [
    null,
    "Conversation compacted",
  ]);
  assertEquals(summary!.isCompactSummary, true);
});
