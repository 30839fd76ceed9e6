/** Packing: secrets, and the user's name in paths. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import { ID, Sender } from "../../testing/packed_session.ts";
import {
  assistant,
  call,
  type Fields,
  result,
  TALK,
  user,
} from "../../testing/session.ts";
import type { SecretPlace } from "../../secrets/places.ts";
import { openScanner, type Scanner } from "../../secrets/scanner.ts";
import { anonymousPaths } from "../../text/anonymous_paths.ts";
import { SessionShareSecrets } from "../redact/share_secrets.ts";
import type { Redaction } from "../redact/session_redactor.ts";
import { packSession } from "./pack.ts";

const GITHUB = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";
const STRIPE = "sk" + "_live_" + "51Hq9Zt4Rk7Wm2Xc8Vb3Nd6Lf";
/** Nothing but its name tells what it is. */
const PASSWORD = "brisk" + "Otter41lantern";
const ENV_VALUE = "correct" + "-horse-77-battery";
const KEY_LINES = [
  "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDJ",
  "k3vTz9QxM2Zb7Rw4Hn8LcV5Yt1Pf6Jd0Sg3Kq9Wm2Xe7Ua4Ob8Ni",
];
const KEY = [
  "-----BEGIN PRIVATE " + "KEY-----",
  ...KEY_LINES,
  "-----END PRIVATE " + "KEY-----",
];

const SECRETS = [GITHUB, STRIPE, PASSWORD, ENV_VALUE, ...KEY_LINES];

/** A picture whose data looks like a token, and must stay as it is. */
const IMAGE = {
  type: "image",
  source: {
    type: "base64",
    media_type: "image/png",
    data: `iVBO${"k".repeat(8)}`,
  },
};

const QUEUED = {
  type: "attachment",
  uuid: "q1",
  parentUuid: "u2",
  attachment: {
    type: "queued_command",
    prompt: `and use ${STRIPE}`,
    commandMode: "prompt",
  },
};

/** A session with secrets in all its places. */
async function planted(): Promise<Sender> {
  const sender = await Sender.make([
    user("u1", null, `Is ${PASSWORD} fine? Use ${GITHUB}`),
    { type: "custom-title", customTitle: `Doors for ${GITHUB}` },
    assistant("a1", "u1", [
      { type: "text", text: `I take ${GITHUB}: see agentId: abc123` },
      ...call("toolu_1", { [`k-${GITHUB}`]: { deep: [`x ${ENV_VALUE}`] } }),
    ]),
    user("u2", "a1", [
      ...result("toolu_1", [
        { type: "text", text: `{"a": "DB_PASSWORD=${PASSWORD}\\nb"}` },
        IMAGE,
      ]),
    ]),
    QUEUED,
    assistant(
      "a2",
      "q1",
      `In tool-results/a.txt and tool-results/${GITHUB}.txt`,
    ),
  ]);
  await sender.write(
    "tool-results/a.txt",
    ["one", ...KEY, `two ${STRIPE}`].join("\n"),
  );
  await sender.write(`tool-results/${GITHUB}.txt`, "three");
  await sender.write(
    "subagents/agent-abc123.jsonl",
    JSON.stringify(user("s1", null, `Use ${GITHUB} ${KEY_LINES[1]}`)),
  );
  return sender;
}

function redaction(
  more: Partial<Redaction> = {},
  scanner: Scanner = openScanner({ values: [ENV_VALUE] }),
): Redaction {
  const secrets = new SessionShareSecrets(() => Promise.resolve(scanner));
  return { openOptions: [], secrets, anonymous: null, ...more };
}

async function pack(sender: Sender, how: Redaction) {
  const { output } = sender;
  const tally = await packSession(await sender.session(), {
    ...how,
    output,
    encoding: "identity",
  });
  return { tally, text: await Deno.readTextFile(output) };
}

Deno.test("packSession() takes a secret out of every place, with the same number, and counts by kind", async () => {
  await using sender = await planted();
  const { text, tally } = await pack(sender, redaction());
  for (const secret of SECRETS) assert(!text.includes(secret), secret);
  const lines = text.trim().split("\n").map((line) => JSON.parse(line));
  const github = "[secret: GitHub token #1]";
  assertEquals(lines[1].title, `Doors for ${github}`);
  // Found by its name in a later line, and taken out of an earlier one.
  const password = "[secret: password #1]";
  assertEquals(
    lines[3].message.content,
    `Is ${password} fine? Use ${github}`,
  );
  assertEquals(lines[4].message.content[1], {
    type: "tool_use",
    id: "toolu_1",
    name: "Bash",
    input: { [`k-${github}`]: { deep: ["x [secret: environment value #1]"] } },
  });
  const [{ content: [, image] }] = lines[5].message.content;
  assertEquals(image, IMAGE);
  assertEquals(tally.leftOut.companions, 1);
  assertEquals(lines.at(-1).secrets, tally.secrets);
  const counts = Object.fromEntries(
    tally.secrets.map(({ kind, places }) => [kind, places]),
  );
  assertEquals(counts["GitHub token"], 7);
  assertEquals(counts["password"], 3);
});

Deno.test("packSession() takes out what only the name of a field, or an option before it, tells to be secret", async () => {
  const inputs: Record<string, unknown>[] = [
    { user: "jo", password: PASSWORD },
    { env: { DB_PASSWORD: PASSWORD } },
    { env: [{ name: "DB_PASSWORD", value: PASSWORD }] },
    { args: ["login", "--password", PASSWORD] },
    { headers: { Authorization: `Bearer ${STRIPE.slice(8)}` } },
    { password: `${PASSWORD}"'` },
  ];
  for (const input of inputs) {
    await using sender = await Sender.make([
      user("u1", null, "Hello"),
      assistant("a1", "u1", call("toolu_1", input)),
    ]);
    const { text } = await pack(sender, redaction());
    const secrets = [PASSWORD, STRIPE.slice(8)];
    assert(!secrets.some((secret) => text.includes(secret)), text);
    assert(text.includes("[secret: "), text);
  }
});

Deno.test("packSession() gives the same bytes again within a share, whatever was packed in between", async () => {
  await using one = await planted();
  await using other = await Sender.make([
    user("u1", null, `[secret: GitHub token #7] ${GITHUB.replace("aB", "xY")}`),
    ...TALK.slice(1),
  ]);
  const how = redaction();
  const first = await pack(one, how);
  const between = await pack(other, how);
  assertEquals((await pack(one, how)).text, first.text);
  // A number that stands in the text already is not given again.
  assert(
    between.text.includes(
      "[secret: GitHub token #7] [secret: GitHub token #8]",
    ),
    between.text,
  );
});

Deno.test("packSession() keeps secrets when the person says so", async () => {
  await using sender = await planted();
  const { text, tally } = await pack(sender, redaction({ secrets: null }));
  assert(text.includes(GITHUB) && text.includes(KEY_LINES[0]!), text);
  assertEquals(tally.secrets, []);
});

Deno.test("packSession() tells every place of a secret, and the value only masked", async () => {
  await using sender = await planted();
  const places: SecretPlace[] = [];
  const onSecret = (place: SecretPlace) => places.push(place);
  await pack(sender, redaction({ onSecret }));
  const kinds = places.filter(({ kind }) => kind === "GitHub token")
    .map(({ file, part, line }) => part ?? `${file}:${line}`);
  const main = `${ID}.jsonl`;
  assertEquals(kinds, [
    "the title",
    "the first prompt",
    `${main}:1`,
    `${main}:3`,
    `${main}:3`,
    `${main}:6`,
    `${ID}/subagents/agent-abc123.jsonl:1`,
  ]);
  const { masked } = places.find(({ line, file }) =>
    file === `${ID}/tool-results/a.txt` && line === 6
  )!;
  assertEquals(masked, "sk_l…6Lf".replace("6Lf", STRIPE.slice(-4)));
  for (const secret of SECRETS) {
    assert(!JSON.stringify(places).includes(secret), secret);
  }
});

/** A scanner that changes the transcript once it has read it. */
function meddling(sender: Sender, change: (text: string) => string): Scanner {
  const { scan } = openScanner();
  let isDone = false;
  return {
    async scan(strings, path) {
      const file = `${sender.folder}.jsonl`;
      if (!isDone) {
        await Deno.writeTextFile(file, change(await Deno.readTextFile(file)));
      }
      isDone = true;
      return await scan(strings, path);
    },
  };
}

Deno.test("packSession() lets no line leave that was written after the session was scanned", async () => {
  const { length } = GITHUB;
  const table: [string, (text: string) => string, isSame: boolean][] = [
    ["a new line", (text) => {
      const line: Fields = user("u9", "a1", GITHUB);
      return `${text}\n${JSON.stringify(line)}\n`;
    }, true],
    ["another text", (text) => text.replace("x".repeat(length), GITHUB), false],
    ["a shorter file", (text) => text.slice(0, -9), false],
  ];
  for (const [what, change, isSame] of table) {
    await using sender = await Sender.make([
      user("u1", null, "x".repeat(length)),
      ...TALK.slice(1),
    ]);
    const packing = pack(sender, redaction({}, meddling(sender, change)));
    if (isSame) {
      assert(!(await packing).text.includes("u9"), what);
      assertEquals((await packing).tally.messages, 2, what);
      continue;
    }
    const { code } = await assertRejects(() => packing, SpreadError);
    assertEquals(code, "PAYLOAD_CHANGED", what);
  }
});

Deno.test("packSession() refuses an output of a tool that changes while it is packed", async () => {
  await using sender = await Sender.make([
    ...TALK,
    user("u2", "a1", "See tool-results/a.txt"),
  ]);
  const path = await sender.write("tool-results/a.txt", "one\n");
  const { scan } = openScanner();
  const scanner: Scanner = {
    async scan(strings, file) {
      if (file?.endsWith("a.txt")) {
        await Deno.writeTextFile(path, `${GITHUB}\n`, { append: true });
      }
      return await scan(strings, file);
    },
  };
  const { code } = await assertRejects(
    () => pack(sender, redaction({}, scanner)),
    SpreadError,
  );
  assertEquals(code, "PAYLOAD_CHANGED");
});

/** Outputs of tools with secrets of our commands, as they are and as they leave. */
const OUTPUTS: [what: string, lines: string[], left: string[]][] = [
  ["a heredoc", [
    "$ claude-spread receive --passphrase-file - <<'EOF'",
    "my own pass phrase 77",
    "kitten",
    "EOF",
    "once more: my own pass phrase 77; a kitten",
  ], [
    "$ claude-spread receive --passphrase-file - <<'EOF'",
    "[redacted]",
    "EOF",
    "once more: [redacted]; a kitten",
  ]],
  ["words to type", [
    "/claude-spread:distill-receive niece-broke-zippy-iron",
    "or niece-broke-zippy-iron",
  ], [
    "/claude-spread:distill-receive [redacted]",
    "or [redacted]",
  ]],
  ["a command line of several lines", [
    "claude-spread receive \\",
    "  kitten",
    "kitten",
  ], [
    "claude-spread receive [redacted]",
    "kitten",
  ]],
  ["a heredoc without an end, as a search finds it", [
    "a.md: claude-spread serve <<'EOF'",
    "b.md: the first line",
    "c.md: the second line",
  ], [
    "a.md: claude-spread serve <<'EOF'",
    "[redacted]",
    "c.md: the second line",
  ]],
  ["a value without an end", [
    'a.md: Set "CLAUDE_SPREAD_PASSPHRASE" before',
    'b.md: the "second line"',
  ], [
    'a.md: Set "CLAUDE_SPREAD_PASSPHRASE" [redacted]',
    'b.md: the "second line"',
  ]],
];

for (const [what, lines, left] of OUTPUTS) {
  Deno.test(`packSession() takes secrets of our commands out of an output of a tool with ${what}`, async () => {
    await using sender = await Sender.make([
      ...TALK,
      user("u2", "a1", "See tool-results/a.txt: my own pass phrase 77"),
    ]);
    await sender.write("tool-results/a.txt", lines.join("\n"));
    const { text } = await pack(sender, redaction());
    const packed = text.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(
      packed.filter((line) => "text" in line).map(({ text }) => text),
      left,
    );
    assertEquals(text.includes("phrase 77"), what !== "a heredoc");
  });
}

Deno.test("packSession() turns the user's name in paths into user, in facts and texts alike", async () => {
  await using sender = await Sender.make([
    user("u1", null, "Look at /home/alex/app/x.ts", { cwd: "/home/alex/app" }),
    assistant(
      "a1",
      "u1",
      call("t1", {
        file_path: "/home/alex/.claude/projects/-home-alex-app/x",
      }),
    ),
  ]);
  const anonymous = anonymousPaths("/home/alex", []);
  const { text } = await pack(sender, redaction({ anonymous }));
  assert(!text.includes("alex"), text);
  assert(text.includes('"project":"/home/user/app"'), text);
  assert(text.includes("/home/user/.claude/projects/-home-user-app/x"), text);
});
