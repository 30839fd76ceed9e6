/**
 * Lists of sessions: the files that count, the texts that a person reads, the secrets that
 * stay out.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import { listSessions } from "./list.ts";
import { peakOf } from "../../../tests/support/peak.ts";

const ID = "0a1b2c3d-0000-4000-8000-00000000000";

type Fields = Record<string, unknown>;

/** Lines of a conversation, as Claude Code writes them. */
function user(content: unknown, more: Fields = {}): Fields {
  const message = { role: "user", content };
  return { type: "user", message, cwd: "/dev/app", gitBranch: "main", ...more };
}

function assistant(text: string): Fields {
  const content = [{ type: "text", text }];
  return { message: { role: "assistant", content }, type: "assistant" };
}

/** A home with one project, in which `write` puts transcripts. */
class Home implements AsyncDisposable {
  private constructor(readonly path: string, readonly project: string) {}

  static async make(): Promise<Home> {
    const made = await Deno.realPath(await Deno.makeTempDir());
    await Deno.mkdir(`${made}/app`);
    return new Home(made, `${made}/app`);
  }

  async write(name: string, lines: (Fields | string)[], at = this.project) {
    const folder = `${this.path}/.claude/projects/${
      at.replace(/[^A-Za-z0-9]/g, "-")
    }`;
    await Deno.mkdir(folder, { recursive: true });
    const text = lines.map((line) =>
      typeof line === "string" ? line : JSON.stringify(line)
    ).join("\n");
    await Deno.writeTextFile(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  }

  list(options: { all?: boolean; limit?: number } = {}, cwd = this.project) {
    const surroundings = { home: this.path, cwd, env: () => undefined };
    return listSessions(surroundings, { openOptions: [], ...options });
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.path, { recursive: true });
  }
}

Deno.test("listSessions() tells what a session is known by", async () => {
  await using home = await Home.make();
  const path = await home.write(`${ID}1.jsonl`, [
    { type: "queue-operation", content: "Fix the door" },
    user("Fix the door"),
    assistant("Done"),
    user("And the window", { gitBranch: "windows" }),
    { type: "ai-title", aiTitle: "Doors" },
    { type: "custom-title", customTitle: "Doors and windows" },
  ]);
  const modified = new Date("2026-01-02T03:04:05Z");
  await Deno.utime(path, modified, modified);
  const { size } = await Deno.stat(path);
  assertEquals(await home.list(), {
    sessions: [{
      id: `${ID}1`,
      title: "Doors and windows",
      firstPrompt: "Fix the door",
      modified: modified.toISOString(),
      messages: 3,
      bytes: size,
      branch: "windows",
      project: "/dev/app",
      path,
    }],
    omitted: 0,
  });
});

const TITLES: [what: string, lines: Fields[], title: string][] = [
  ["the last custom title", [
    { type: "custom-title", customTitle: "One" },
    { type: "custom-title", customTitle: "Two" },
    { type: "ai-title", aiTitle: "Three" },
  ], "Two"],
  ["a made title before a summary", [
    { type: "ai-title", aiTitle: "Made" },
    { type: "summary", summary: "Sum" },
  ], "Made"],
  ["a summary", [{ type: "summary", summary: "Sum" }], "Sum"],
  ["the first prompt", [], "Hello"],
  ["no title that is no text", [
    { type: "custom-title", customTitle: ["x"] },
    { type: "ai-title", aiTitle: " " },
  ], "Hello"],
  ["a title cleaned and on one line", [
    { type: "custom-title", customTitle: "a\u001b[8mb\u202ec\nd\u200be" },
  ], "abc de"],
];

for (const [what, lines, title] of TITLES) {
  Deno.test(`listSessions() shows ${what}`, async () => {
    await using home = await Home.make();
    await home.write(`${ID}1.jsonl`, [user("Hello"), ...lines]);
    assertEquals((await home.list()).sessions[0]?.title, title);
  });
}

const PROMPTS: [what: string, lines: Fields[], prompt: string][] = [
  ["the text of a block", [
    user([{ type: "image" }, { type: "text", text: "Hi" }]),
  ], "Hi"],
  ["no words of the client", [
    user("Caveat: x", { isMeta: true }),
    user("<local-command-stdout>x</local-command-stdout>"),
    user("[Request interrupted by user]"),
    user("Sum", { isCompactSummary: true }),
    user("Real"),
  ], "Real"],
  ["a command, when there is nothing else", [
    user(
      "<command-message>x</command-message>\n<command-name>/init</command-name>\n<command-args>fast</command-args>",
    ),
  ], "/init fast"],
  ["a command of ours without its passphrase", [
    user(
      "<command-name>/claude-spread:distill-share</command-name>\n<command-args>my old horse</command-args>",
    ),
    assistant("The passphrase is my old horse"),
  ], "/claude-spread:distill-share [redacted]"],
  ["nothing, when there is no text", [
    user([{ type: "tool_result" }]),
    user(7),
    user(null),
  ], ""],
];

for (const [what, lines, prompt] of PROMPTS) {
  Deno.test(`listSessions() shows as first prompt ${what}`, async () => {
    await using home = await Home.make();
    await home.write(`${ID}1.jsonl`, lines);
    assertEquals((await home.list()).sessions[0]?.firstPrompt, prompt);
  });
}

Deno.test("listSessions() leaves our passphrase out of a title that the client made of it", async () => {
  await using home = await Home.make();
  await home.write(`${ID}1.jsonl`, [
    { type: "ai-title", aiTitle: "Sharing with my old horse" },
    user(
      "<command-name>/claude-spread:distill-share</command-name>\n<command-args>my old horse</command-args>",
    ),
  ]);
  assertEquals(
    (await home.list()).sessions[0]?.title,
    "Sharing with [redacted]",
  );
});

// Breaks when a text is cut before passphrases are taken out, and blanks then make room for the rest.
Deno.test("listSessions() shows no part of a passphrase, wherever a long text is cut", async () => {
  const command = user(
    "<command-name>/claude-spread:distill-share</command-name>\n<command-args>my old horse</command-args>",
  );
  for (let blanks = 1190; blanks < 1200; blanks++) {
    const text = `Say${" ".repeat(blanks)}my old horse`;
    await using home = await Home.make();
    await home.write(`${ID}1.jsonl`, [user(text), command]);
    const [session] = (await home.list()).sessions;
    const shown = session?.firstPrompt ?? "";
    assert("Say [redacted]".startsWith(shown), shown);
  }
});

Deno.test("listSessions() leaves out what is no session", async () => {
  await using home = await Home.make();
  await home.write("notes.jsonl", [user("x")]);
  await home.write(`${ID}A.jsonl`, [user("a name in upper case")]);
  await home.write(`${ID}1.jsonl`, []);
  await home.write(`${ID}2.jsonl`, [{ type: "summary", summary: "x" }]);
  await home.write(`${ID}3.jsonl`, [
    user("x", { isSidechain: true }),
    assistant("y"),
  ]);
  await home.write(`${ID}4.jsonl`, ["{", "7", "null", "[]", '"user"']);
  await Deno.mkdir((await home.write("x", [])).replace(/x$/, `${ID}5.jsonl`));
  assertEquals(await home.list(), { sessions: [], omitted: 0 });
});

Deno.test("listSessions() reads over broken lines, CRLF, a BOM and bytes that are no UTF-8", async () => {
  await using home = await Home.make();
  const path = await home.write(`${ID}1.jsonl`, []);
  const text = `\ufeff${
    JSON.stringify(user("First"))
  }\r\n{"type":"user\r\n\r\n${JSON.stringify(assistant("caf#"))}\r\n`;
  const bytes = new TextEncoder().encode(text);
  bytes[bytes.indexOf("#".charCodeAt(0))] = 0xe9;
  await Deno.writeFile(path, bytes);
  const { sessions } = await home.list();
  assertEquals([sessions[0]?.firstPrompt, sessions[0]?.messages], ["First", 2]);
});

Deno.test("listSessions() counts lines of 100 MB without holding them", async () => {
  await using home = await Home.make();
  const path = await home.write(`${ID}1.jsonl`, [user("First"), ""]);
  {
    using file = await Deno.open(path, { append: true });
    const encoder = new TextEncoder();
    await file.write(
      encoder.encode('{"type":"user","message":{"role":"user","content":"'),
    );
    const piece = new Uint8Array(1024 * 1024).fill(0x61);
    for (let i = 0; i < 100; i++) await file.write(piece);
    await file.write(encoder.encode(`"}}\n${JSON.stringify(assistant("x"))}`));
  }
  const { sessions } = await home.list();
  assertEquals(sessions[0]?.messages, 3);
  if (Deno.build.os !== "linux") return;
  const args = ["list", "--project", home.project];
  const { code, bytes } = await peakOf("scripts/sessions.ts", args, home.path);
  assertEquals(code, 0);
  assert(bytes < 160e6, `${bytes} bytes`);
});

Deno.test("listSessions() puts the one used last first and says how many the limit left out", async () => {
  await using home = await Home.make();
  for (const n of [1, 2, 3]) {
    const path = await home.write(`${ID}${n}.jsonl`, [user(`Number ${n}`)]);
    await Deno.utime(path, n === 1 ? 500 : n * 100, n === 1 ? 500 : n * 100);
  }
  const { sessions, omitted } = await home.list({ limit: 2 });
  assertEquals(sessions.map(({ title }) => title), ["Number 1", "Number 3"]);
  assertEquals(omitted, 1);
});

Deno.test("listSessions() lists this project alone, or all of them", async () => {
  await using home = await Home.make();
  await home.write(`${ID}1.jsonl`, [user("Here")]);
  await home.write(`${ID}2.jsonl`, [user("There")], "/dev/other");
  const titles = async (all: boolean) =>
    (await home.list({ all })).sessions.map(({ title }) => title).sort();
  assertEquals(await titles(false), ["Here"]);
  assertEquals(await titles(true), ["Here", "There"]);
});

Deno.test("listSessions() is empty where the client has never run, and fails where there is no folder", async () => {
  await using home = await Home.make();
  assertEquals(await home.list({ all: true }), { sessions: [], omitted: 0 });
  const error = await assertRejects(
    () => home.list({}, `${home.path}/none`),
    SpreadError,
  );
  assertEquals(error.code, "USAGE");
});
