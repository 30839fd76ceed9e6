import { assertEquals } from "@std/assert";
import {
  type ChangedPart,
  type LeftOutPart,
  SessionTally,
} from "../../../lib/session/tally.ts";
import { sayTally } from "./report.ts";
import { Terminal } from "../terminal.ts";

/** A terminal that keeps what it says. */
class Listener extends Terminal {
  readonly said: string[] = [];

  override say(text: string): void {
    this.said.push(text);
  }
}

function said(
  what: LeftOutPart[],
  changed: ChangedPart[],
  count: number,
): string[] {
  const tally = new SessionTally();
  for (const one of what) tally.leaveOut(one, count);
  for (const one of changed) tally.change(one, count);
  const terminal = new Listener({ json: false });
  sayTally(tally, terminal);
  return terminal.said;
}

// Breaks when a part is described by words with a verb, such as "line that is too long".
Deno.test("sayTally() puts the noun alone into the plural", () => {
  const args = [["long_lines", "broken_lines"], ["paths", "cleaned"]] as const;
  const [what, changed] = args.map((names) => [...names]) as [
    LeftOutPart[],
    ChangedPart[],
  ];
  assertEquals(said(what, changed, 1), [
    "changed: 1 path changed to this project's, 1 hidden or misleading character removed",
    "left out: 1 line longer than 16 MiB, 1 broken line",
  ]);
  assertEquals(said(what, changed, 2), [
    "changed: 2 paths changed to this project's, 2 hidden or misleading characters removed",
    "left out: 2 lines longer than 16 MiB, 2 broken lines",
  ]);
});
