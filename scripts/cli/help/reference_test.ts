import { assertEquals } from "@std/assert";
import { EXIT_CODES } from "../../../lib/errors.ts";
import { VARIABLES } from "../commands.ts";
import { ENVIRONMENT, EXIT_STATUS } from "./reference.ts";

/** Variables that Claude Code, the system, Deno Deploy or the launcher sets. */
const OF_OTHERS = [
  "TMUX",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_ENTRYPOINT",
  "USERPROFILE",
  "AI_AGENT",
  "CLAUDE_SPREAD_REAL_PATHS",
  "CLAUDE_SPREAD_ENV_FILES",
  "CLAUDE_SPREAD_FOUND",
  "DENO_DEPLOYMENT_ID",
  "DENO_SERVE_ADDRESS",
  "WS_NO_*",
];

/** Variables that Deno or the launcher reads, and no command. */
const OF_DENO = [
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "DENO_DIR",
  "DENO_INSTALL",
  "XDG_CACHE_HOME",
];

// Breaks when a command reads a variable that nobody has explained.
Deno.test("ENVIRONMENT explains the variables that people may set, and no others", () => {
  const explained = ENVIRONMENT.flatMap(({ names }) => names);
  const read = Object.values<readonly string[]>(VARIABLES).flat()
    .filter((name) => name === name.toUpperCase());
  assertEquals(
    [...explained, ...OF_OTHERS].sort(),
    [...read, ...OF_DENO].sort(),
  );
});

// Breaks when an error gets an exit code of its own.
Deno.test("EXIT_STATUS says what each exit code means, besides those of no error", () => {
  assertEquals(
    EXIT_STATUS.map(({ names: [status] }) => Number(status)),
    [...new Set([0, 1, 127, ...Object.values(EXIT_CODES)])]
      .sort((a, b) => a - b),
  );
});

// Breaks when a code is added, or gets another exit code, and the document stays as it was.
Deno.test("docs/protocol.md, section 9, has every error with its exit code, and no other", async () => {
  const path = `${import.meta.dirname}/../../../docs/protocol.md`;
  const section = (await Deno.readTextFile(path)).split("\n## 9. ")[1]!;
  const rows = section.split("\n## ")[0]!.matchAll(/^\| (\d+) +\|(.*)\|$/gm);
  const documented = Array.from(rows).flatMap(([, status, codes]) =>
    Array.from(codes!.matchAll(/`([A-Z_]+)`/g), ([, code]) => [code, status])
  );
  assertEquals(
    documented.toSorted(),
    Object.entries(EXIT_CODES).map(([code, status]) => [code, String(status)])
      .toSorted(),
  );
});
