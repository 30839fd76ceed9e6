import { assertEquals } from "@std/assert";
import { gitWith } from "../testing/git.ts";
import { readProjectFacts, withoutCredentials } from "./project_facts.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

Deno.test("withoutCredentials() takes user, password and token out of an address", () => {
  const table = [
    ["https://host/x.git", "https://host/x.git"],
    ["https://user@host/x.git", "https://host/x.git"],
    ["https://user:token@host/x.git", "https://host/x.git"],
    ["https://user:to:k@en@host/x.git", "https://host/x.git"],
    ["HTTPS://user:token@host:8443/x", "HTTPS://host:8443/x"],
    ["ssh://git@host:22/x.git", "ssh://host:22/x.git"],
    ["git+ssh://user:token@host/x", "git+ssh://host/x"],
    // Remote helpers prefix the address with their name.
    ["hg::https://user:token@host/x", "hg::https://host/x"],
    ["gcrypt::rsync://user:token@host:x", "gcrypt::rsync://host:x"],
    // The user name in scp's form is not secret, and it is needed.
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
    "remote.origin.url": "https://u:token@host/x.git\n",
    "status --porcelain": [
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
  const detached = gitWith({ "rev-parse": COMMIT, "status --porcelain": "" });
  assertEquals(await readProjectFacts("C:\\work\\x", detached), {
    project: "x",
    git: { branch: undefined, commit: COMMIT, remote: undefined },
    changedFiles: [],
  });
  const fresh = gitWith({
    "symbolic-ref": "main\n",
    "status --porcelain": "?? a\0",
  });
  assertEquals((await readProjectFacts("x", fresh)).git, {
    branch: "main",
    commit: undefined,
    remote: undefined,
  });
  const nothing = await readProjectFacts("x", gitWith({}));
  assertEquals(nothing, { project: "x", changedFiles: [] });
});

Deno.test("readProjectFacts() asks for no status, when a filter cannot be turned off", async () => {
  const git = gitWith({
    "config --local": "filter.a=b.clean\0",
    "rev-parse": COMMIT,
    "status --porcelain": "?? a\0",
  });
  const facts = await readProjectFacts("x", git);
  assertEquals(facts, { project: "x", changedFiles: [] });
});
