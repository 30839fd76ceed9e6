import { assertEquals } from "@std/assert";
import { Terminal } from "../terminal.ts";
import {
  describeObeyed,
  describeWork,
  sayWorkReport,
  type WorkReport,
} from "./report.ts";

/** A terminal that keeps what it warns of. */
class Listener extends Terminal {
  readonly warned: string[] = [];

  override warn(text: string): void {
    this.warned.push(text);
  }
}

const NOTHING: WorkReport = {
  commits: 0,
  files: 0,
  under_way: [],
  left_out: [{ path: "big.bin", reason: "large" }],
  left_out_more: 0,
};

// Breaks when one file more "stay behind", or a reason is not a sentence after its file.
Deno.test("sayWorkReport() names what stays behind, and counts the rest", () => {
  for (
    const [left_out_more, ...rest] of [
      [0],
      [1, "1 more file stays behind"],
      [2, "2 more files stay behind"],
    ] as const
  ) {
    const terminal = new Listener({ json: false });
    sayWorkReport({ ...NOTHING, left_out_more }, terminal);
    assertEquals(terminal.warned, [
      "there is no work to send: everything that has changed stays behind",
      '"big.bin" stays behind: it is larger than 1 MiB',
      ...rest,
    ]);
  }
});

// Breaks when a number is left out, or its noun does not agree with it.
Deno.test("describeWork() counts commits and uncommitted files", () => {
  const cases: [commits: number, files: number, text: string][] = [
    [1, 0, "1 commit"],
    [0, 1, "1 uncommitted file"],
    [2, 12, "2 commits and 12 uncommitted files"],
    [0, 0, "no changes"],
  ];
  for (const [commits, files, text] of cases) {
    assertEquals(describeWork({ commits, files }), text);
    assertEquals(
      describeWork({ commits, files, branch: "main" }),
      `${text}, on main`,
    );
  }
});

// Breaks when a path can pass for a part of the sentence around it.
Deno.test("describeObeyed() puts paths into quotes that nothing in them ends", () => {
  const paths = [".claude/a. Checked", '.claude/b", "c', "CLAUDE.md", "x"];
  assertEquals(
    describeObeyed([...paths, "docs/CLAUDE.md"]),
    `".claude/a. Checked", ".claude/b', 'c", "CLAUDE.md", 1 more`,
  );
  assertEquals(describeObeyed(["Makefile"]), null);
});
