/**
 * `bin/claude-spread skill …`: which files each skill may touch, whatever Claude adds to its command.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Grants } from "../../support/granted.ts";
import { testOnMachine as test } from "../../support/launcher.ts";
import { root } from "../../support/places.ts";
import { ClaudeSession, SESSION_ID } from "../../support/claude_session.ts";
import {
  HISTORY,
  MEMORY,
  NOTICE,
  OWN,
  PAIRS,
  PARTIAL,
  SHARE,
  WORK,
} from "./_places.ts";

/** Folders that every skill may change, and what the hooks keep of the session. */
const KEPT = `home/.local/state/claude-spread/claude/${SESSION_ID}`;
const WRITTEN = "home/.cache/claude-spread";
const SETTINGS = "home/.claude/settings.json";

/** Files by skill, for a session that was started in `/p`. */
const SKILLS: [skill: string, reads: string[], changes: string[]][] = [
  ["distill-share", ["/p"], [KEPT, ...SHARE]],
  ["distill-receive", ["/p", root, PAIRS], [KEPT, ...PARTIAL, WRITTEN]],
  ["memory-share", ["/p", SETTINGS, MEMORY[0]!], [KEPT, ...SHARE]],
  ["memory-receive", ["/p", root, PAIRS, SETTINGS], [
    KEPT,
    ...PARTIAL,
    WRITTEN,
    ...MEMORY,
  ]],
  ["sessions-share", ["/p"], [KEPT, ...SHARE, ...HISTORY]],
  ["sessions-receive", ["/p", root, PAIRS], [
    KEPT,
    ...PARTIAL,
    WRITTEN,
    ...HISTORY,
  ]],
  ["work", ["/p"], [KEPT, WORK]],
  ["pair", [], [KEPT, PAIRS, NOTICE, OWN[0]!]],
  ["status", [], [KEPT, ...OWN]],
  ["stop", [], [KEPT, ...OWN, WRITTEN]],
];

/** Arguments by which Claude could ask for more. */
const MORE: string[][] = [
  [],
  ["--yes"],
  ["--project", "/etc"],
  ["--project=/etc"],
  ["--memory=/etc"],
  ["--output", "/etc/x"],
  ["-o", "/etc/x"],
  ["-o/etc/x"],
  ["--passphrase-file=/etc/shadow"],
  ["--remove-file", "/etc/x"],
  ["--discard", "/etc/x"],
  ["--kind=session", "--session=all", "--pick", "1"],
  ["--typed", "/etc"],
  ["/etc/passwd"],
  ["--", "/etc/passwd"],
];

test("claude-spread grants a skill its own folders and the session's project, whatever Claude adds", async (machine) => {
  const session = new ClaudeSession(machine, { project: "/" });
  await session.type("status");
  await Deno.writeTextFile(session.path("project"), "/p\n");
  const grants = await Grants.on(machine);
  for (const [skill, reads, changes] of SKILLS) {
    for (const more of MORE) {
      const line = ["skill", skill, ...more];
      const granted = await grants.of(line, { env: session.env });
      const said = line.join(" ");
      assertEquals(granted.writes.toSorted(), changes.toSorted(), said);
      assertEquals(
        granted.reads.toSorted(),
        [...reads, ...changes].sort(),
        said,
      );
    }
  }
});

test("claude-spread grants a skill the folder of its command where hooks are off, and no session's folder without its id", async (machine) => {
  const grants = await Grants.on(machine);
  const line = ["skill", "distill-share", "--project=/etc"];
  const session = new ClaudeSession(machine);
  const { reads, writes } = await grants.of(line, { env: session.env });
  assertEquals(reads.toSorted(), [".", KEPT, ...SHARE].sort());
  assertEquals(writes.toSorted(), [KEPT, ...SHARE].sort());
  for (const id of ["", "..", "../x", "a/b", "-x", "a".repeat(65)]) {
    const env = { CLAUDE_CODE_SESSION_ID: id };
    const { writes } = await grants.of(line, { env });
    assertEquals(writes.toSorted(), SHARE.toSorted(), id);
  }
});

test("claude-spread may read the passphrase file that was typed, and no other word of the line", async (machine) => {
  const table: [string, string | null][] = [
    ["--passphrase-file /w", "/w"],
    ["--relay --passphrase-file=/w --once", "/w"],
    ['--passphrase-file "/a b/c"', "/a b/c"],
    ["--passphrase-file '/a b/c' x", "/a b/c"],
    ['--passphrase-file="/a b/c" --once', "/a b/c"],
    ["--passphrase-file='/a b/c'", "/a b/c"],
    ["--passphrase-file ~/words", "home/words"],
    ["words --passphrase-file /w", null],
    ["--once /etc/shadow", null],
    ["", null],
  ];
  const grants = await Grants.on(machine);
  const session = new ClaudeSession(machine);
  const named = async () => {
    const line = ["skill", "distill-share"];
    const { reads } = await grants.of(line, { env: session.env });
    return reads.filter((read) => !/claude-spread|^work$|^\.$/.test(read));
  };
  for (const [line, path] of table) {
    await session.type("distill-share", line);
    assertEquals(await named(), path === null ? [] : [path], line);
    // Claude could name any file.
    await Deno.remove(session.path(""), { recursive: true });
    await session.passOn(line);
    assertEquals(await named(), [], `${line} without the hook`);
  }
});
