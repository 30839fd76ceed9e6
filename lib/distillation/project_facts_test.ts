import { assertEquals, assertRejects } from "@std/assert";
import { utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import {
  addFacts,
  compareCheckout,
  MAX_DOCUMENT_BYTES,
  type ProjectFacts,
  readDocument,
  readProjectFacts,
  type RunGit,
  withoutCredentials,
} from "./project_facts.ts";
import { BytesPayload } from "../files/payload_source.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A git that knows these answers, by the words that a command contains; `null` for all else. */
function gitWith(answers: Record<string, string>): RunGit {
  return (args) => {
    const line = args.join(" ");
    const found = Object.entries(answers).find(([words]) =>
      line.includes(words)
    );
    return Promise.resolve(found?.[1] ?? null);
  };
}

Deno.test("withoutCredentials() takes user, password and token out of an address", () => {
  const table = [
    ["https://host/x.git", "https://host/x.git"],
    ["https://user@host/x.git", "https://host/x.git"],
    ["https://user:token@host/x.git", "https://host/x.git"],
    ["https://user:to:k@en@host/x.git", "https://host/x.git"],
    ["HTTPS://user:token@host:8443/x", "HTTPS://host:8443/x"],
    ["ssh://git@host:22/x.git", "ssh://host:22/x.git"],
    ["git+ssh://user:token@host/x", "git+ssh://host/x"],
    // Remote helpers put their name in front.
    ["hg::https://user:token@host/x", "hg::https://host/x"],
    ["gcrypt::rsync://user:token@host:x", "gcrypt::rsync://host:x"],
    // The login of scp's form is no secret, and needed.
    ["git@host:team/x.git", "git@host:team/x.git"],
    ["https://host/x@y.git", "https://host/x@y.git"],
    ["/srv/git/x@y.git", "/srv/git/x@y.git"],
    ["../x", "../x"],
  ];
  for (const [remote, expected] of table) {
    assertEquals(withoutCredentials(remote!), expected);
  }
});

Deno.test("readProjectFacts() reads what git tells, cleaned", async () => {
  const git = gitWith({
    "symbolic-ref": "feature/\x1b[31mred\n",
    "rev-parse": `${COMMIT}\n`,
    "remote get-url origin": "https://u:token@host/x.git\n",
    status: [
      "M  staged.ts",
      " M two\nlines.ts",
      'R  new "name".ts',
      "old name.ts",
      " R other.ts",
      "older.ts",
      "C  copy.ts",
      "source.ts",
      "?? <system>.md",
      "?? R.md",
      "",
    ].join("\0"),
  });
  assertEquals(await readProjectFacts("/home/me/my project/", git), {
    project: "my project",
    git: {
      branch: "feature/red",
      commit: COMMIT,
      remote: "https://host/x.git",
    },
    changedFiles: [
      "M  staged.ts",
      " M two lines.ts",
      'R  new "name".ts',
      " R other.ts",
      "C  copy.ts",
      "?? < system>.md",
      "?? R.md",
    ],
  });
});

Deno.test("readProjectFacts() leaves out what git does not know", async () => {
  const detached = gitWith({ "rev-parse": COMMIT, status: "" });
  assertEquals(await readProjectFacts("C:\\work\\x", detached), {
    project: "x",
    git: { branch: undefined, commit: COMMIT, remote: undefined },
    changedFiles: [],
  });
  const fresh = gitWith({ "symbolic-ref": "main\n", status: "?? a\0" });
  assertEquals((await readProjectFacts("x", fresh)).git, {
    branch: "main",
    commit: undefined,
    remote: undefined,
  });
  const nothing = await readProjectFacts("x", gitWith({}));
  assertEquals(nothing, { project: "x", changedFiles: [] });
});

Deno.test("readProjectFacts() starts no program that the repository names", async () => {
  const lines: string[] = [];
  await readProjectFacts("x", (args) => {
    lines.push(args.join(" "));
    return Promise.resolve(null);
  });
  for (const line of lines) {
    assertEquals(line.startsWith("-C x -c core.fsmonitor=false "), true, line);
  }
});

Deno.test("readProjectFacts() asks for no status, when a filter cannot be turned off", async () => {
  const git = gitWith({
    "config --local": "filter.a=b.clean\0",
    "rev-parse": COMMIT,
    status: "?? a\0",
  });
  const facts = await readProjectFacts("x", git);
  assertEquals(facts, { project: "x", changedFiles: [] });
});

const CREATED = new Date("2026-11-23T01:02:03.004Z");

function document(facts: Partial<ProjectFacts>, text: string): string {
  return addFacts(text, { project: "x", changedFiles: [], ...facts }, CREATED);
}

Deno.test("addFacts() puts the facts under the title, or first", () => {
  const section = [
    "## Facts",
    "",
    "- Shared: 2026-11-23T01:02:03.004Z",
    "- Project: x",
    "",
  ].join("\n");
  const table = [
    ["# Title\n\nBody\n", `# Title\n\n${section}\nBody\n`],
    ["# Title\n\n\nBody", `# Title\n\n\n${section}\nBody`],
    ["# Title\n", `# Title\n${section}\n`],
    ["Body\n# Later\n", `${section}\nBody\n# Later\n`],
    ["## No title\n", `${section}\n## No title\n`],
    ["#hashtag\n", `${section}\n#hashtag\n`],
  ];
  for (const [text, expected] of table) {
    assertEquals(document({}, text!), expected);
  }
});

Deno.test("addFacts() says what git knows, and counts files beyond the fiftieth", () => {
  const files = Array.from({ length: 52 }, (_, i) => `M  ${i}.ts`);
  const git = { branch: "main", commit: COMMIT, remote: "https://host/x" };
  assertEquals(
    document({ git, changedFiles: files }, "Body").split("\n").slice(3, -2),
    [
      "- Project: x",
      "- Branch: main",
      `- Commit: ${COMMIT}`,
      "- Remote: https://host/x",
      "- Not committed: 52 files",
      ...files.slice(0, 50).map((file) => `  - ${file}`),
      "  - and 2 more",
    ],
  );
  const few: [Partial<ProjectFacts>, string[]][] = [
    [{ git: {} }, [
      "- Branch: none (detached)",
      "- Commit: none yet",
      "- Not committed: nothing",
    ]],
    [{ git: { branch: "b" }, changedFiles: ["?? a"] }, [
      "- Branch: b",
      "- Commit: none yet",
      "- Not committed: 1 file",
      "  - ?? a",
    ]],
  ];
  for (const [facts, lines] of few) {
    assertEquals(document(facts, "Body").split("\n").slice(4, -2), lines);
  }
});

Deno.test("readDocument() takes text up to its limit, and nothing else", async () => {
  const table: [Uint8Array<ArrayBuffer>, string][] = [
    [utf8("x".repeat(MAX_DOCUMENT_BYTES + 1)), "PAYLOAD_TOO_LARGE"],
    [Uint8Array.of(0x63, 0xe9), "PAYLOAD_UNREADABLE"],
  ];
  for (const [bytes, code] of table) {
    const error = await assertRejects(
      () => readDocument(new BytesPayload(bytes)),
      SpreadError,
    );
    assertEquals(error.code, code);
  }
  const limit = utf8("é".repeat(MAX_DOCUMENT_BYTES / 2));
  const text = await readDocument(new BytesPayload(limit));
  assertEquals(text.length, MAX_DOCUMENT_BYTES / 2);
});

Deno.test("compareCheckout() tells how the checkout stands to a commit", async () => {
  const ours = "f".repeat(40);
  const head = { "rev-parse": `${ours}\n` };
  const known = { ...head, "cat-file": "" };
  const table = [
    ["no_git_here", {}],
    ["same", { "rev-parse": `${COMMIT}\n` }],
    ["commit_missing", head],
    ["ahead", { ...known, [`is-ancestor ${COMMIT} HEAD`]: "" }],
    ["behind", { ...known, [`is-ancestor HEAD ${COMMIT}`]: "" }],
    ["diverged", known],
  ] as const;
  for (const [relation, answers] of table) {
    const git = gitWith(answers);
    assertEquals(
      await compareCheckout("x", { commit: COMMIT }, git),
      relation,
    );
  }
  for (const theirs of [undefined, {}, { branch: "main" }]) {
    assertEquals(
      await compareCheckout("x", theirs, gitWith(head)),
      "nothing_offered",
    );
  }
});
