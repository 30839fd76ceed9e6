import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../../../lib/errors.ts";
import { Terminal } from "../../cli/terminal.ts";
import { ShareEndings, type Taken } from "./endings.ts";

/** A terminal that remembers what was said. */
class Listener extends Terminal {
  readonly said: string[] = [];

  override say(text: string): void {
    this.said.push(text);
  }
}

function endingsOf(kind: "distillation" | "session") {
  const terminal = new Listener({ json: false });
  const endings = new ShareEndings({ keepOpenMin: 5, kind }, terminal);
  return { endings, terminal };
}

Deno.test("ShareEndings.conclude() counts no work, and says so when nothing else was taken", () => {
  const table: ["distillation" | "session", Taken, string][] = [
    ["distillation", { delivered: 1, works: 1 }, "delivered to 1 receiver"],
    ["distillation", { delivered: 2, works: 0 }, "delivered to 2 receivers"],
    ["session", { delivered: 3, works: 1 }, "3 sessions taken"],
    ["session", { delivered: 0, works: 2 }, "only the work was taken"],
  ];
  for (const [kind, taken, outcome] of table) {
    const { endings, terminal } = endingsOf(kind);
    endings.conclude(taken);
    assertEquals(terminal.said, [`ended; ${outcome}`]);
  }
});

Deno.test("ShareEndings.conclude() fails, when nobody has taken anything", () => {
  const { endings, terminal } = endingsOf("session");
  const nothing = { delivered: 0, works: 0 };
  assertEquals(endings.outcome(nothing), "nobody received it");
  const error = assertThrows(() => endings.conclude(nothing), SpreadError);
  assertEquals([error.code, terminal.said], ["NO_RECEIVER", []]);
});
