/** Messages from anybody: in one chain, in the order of their lines, whatever their links say. */

import { assertEquals } from "@std/assert";
import {
  assistant,
  type Fields,
  parents,
  Receiver,
  user,
} from "../../testing/session.ts";

const LINKS: [what: string, lines: Fields[]][] = [
  ["branches", [
    user("a", null, "1"),
    assistant("b", "a", "2"),
    user("c", "a", "3"),
  ]],
  ["a circle", [
    user("a", "c", "1"),
    assistant("b", "a", "2"),
    user("c", "b", "3"),
  ]],
  ["one name for all", [
    user("a", "a", "1"),
    assistant("a", "a", "2"),
    user("a", "a", "3"),
  ]],
  ["beginnings in the middle, as after a compaction", [
    user("a", null, "1"),
    { type: "system", subtype: "compact_boundary", uuid: "x" },
    assistant("b", null, "2", { isCompactSummary: true }),
    user("c", null, "3"),
  ]],
  ["no names", [
    { ...user("", null, "1"), uuid: undefined, parentUuid: undefined },
    { ...assistant("", null, "2"), uuid: 7, parentUuid: {} },
    { ...user("", null, "3"), uuid: null },
  ]],
];

for (const [what, lines] of LINKS) {
  Deno.test(`installSession() chains messages with ${what}`, async () => {
    await using receiver = await Receiver.make();
    const { messages } = await receiver.rebuild(lines);
    assertEquals(parents(messages), [-1, 0, 1]);
    assertEquals(
      messages.map(({ message }) => (message as Fields).content),
      ["1", [{ type: "text", text: "2" }], "3"],
    );
    assertEquals(new Set(messages.map(({ uuid }) => uuid)).size, 3);
  });
}
