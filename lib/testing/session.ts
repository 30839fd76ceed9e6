/**
 * Kit for tests of sessions: lines as Claude Code writes them, packed files as a peer might
 * make them, and a place to install them.
 *
 * @module
 */

import { zstdCompressSync } from "node:zlib";
import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import {
  type InstallResult,
  installSession,
  type SessionInstallOptions,
} from "../session/install.ts";

/** A line of a transcript. */
export type Fields = Record<string, unknown>;

/** Time of every installation. */
export const NOW = new Date("2026-06-01T12:00:00Z");

const TIME = "2026-05-01T10:00:00.000Z";

/** A message of the user. */
export function user(
  uuid: string,
  parentUuid: string | null,
  content: unknown,
  more: Fields = {},
): Fields {
  const message = { role: "user", content };
  return { type: "user", uuid, parentUuid, timestamp: TIME, message, ...more };
}

/** A message of Claude; text alone, or blocks. */
export function assistant(
  uuid: string,
  parentUuid: string | null,
  content: unknown,
  more: Fields = {},
): Fields {
  const blocks = typeof content === "string"
    ? [{ type: "text", text: content }]
    : content;
  const message = {
    id: `msg_${uuid}`,
    type: "message",
    role: "assistant",
    model: "claude-opus-4-8",
    content: blocks,
    usage: { input_tokens: 9, output_tokens: 9 },
  };
  return {
    type: "assistant",
    uuid,
    parentUuid,
    timestamp: TIME,
    message,
    ...more,
  };
}

/** A tool call. */
export function call(id: string, input: Fields, name = "Bash"): Fields[] {
  return [{ type: "tool_use", id, name, input }];
}

/** A tool result. */
export function result(id: string, content: unknown): Fields[] {
  return [{ type: "tool_result", tool_use_id: id, content }];
}

/** The two lines that any conversation needs. */
export const TALK: Fields[] = [
  user("u1", null, "Hello"),
  assistant("a1", "u1", "Hello to you"),
];

/** The lines of a packed file; a string is a line as it is. */
export function packedLines(
  transcript: (Fields | string)[],
  {
    facts = {},
    companions = [],
    head = {},
    end = { part: "end" },
  }: {
    facts?: Fields;
    companions?: (Fields | string)[];
    head?: Fields;
    end?: Fields | null;
  } = {},
): (Fields | string)[] {
  return [
    {
      format: "claude-spread/session",
      version: 1,
      encoding: "identity",
      ...head,
    },
    {
      part: "session",
      id: "0a1b2c3d-0000-4000-8000-000000000001",
      title: "Doors",
      project: "/home/alex/app",
      companions: "/home/alex/.claude/projects/-home-alex-app/0a1b2c3d",
      ...facts,
    },
    { part: "transcript" },
    ...transcript,
    ...companions,
    ...end === null ? [] : [end],
  ];
}

/** A home with a project, and a folder for the rest; removed on disposal. */
export class Receiver implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(parent?: string): Promise<Receiver> {
    const folder = await Deno.makeTempDir({ dir: parent });
    const receiver = new Receiver(await Deno.realPath(folder));
    await Deno.mkdir(receiver.project);
    // As after use of Claude Code for another project.
    await Deno.mkdir(`${folder}/.claude/projects`, { recursive: true });
    return receiver;
  }

  get project(): string {
    return `${this.folder}/app`;
  }

  get history(): string {
    return `${this.folder}/state/sessions`;
  }

  /** Folder of the project's sessions. */
  get sessions(): string {
    const name = this.project.replace(/[^A-Za-z0-9]/g, "-");
    return `${this.folder}/.claude/projects/${name}`;
  }

  /** Writes a packed file. */
  async write(
    lines: (Fields | string)[],
    encoding: "identity" | "zstd" = "identity",
  ): Promise<string> {
    const [head, ...body] = lines.map((line) =>
      typeof line === "string" ? line : JSON.stringify(line)
    );
    const path = `${this.folder}/${crypto.randomUUID()}.session`;
    const rest = new TextEncoder().encode(body.join("\n") + "\n");
    await Deno.writeTextFile(path, `${head}\n`);
    const bytes = encoding === "zstd" ? zstdCompressSync(rest) : rest;
    await Deno.writeFile(path, new Uint8Array(bytes), { append: true });
    return path;
  }

  async install(
    file: string,
    options: Partial<SessionInstallOptions> = {},
  ): Promise<InstallResult> {
    return await installSession(file, {
      surroundings: {
        home: this.folder,
        cwd: this.project,
        env: () => undefined,
      },
      history: this.history,
      now: NOW,
      ...options,
    });
  }

  /** Installs a file that a peer might have packed, and reads the result. */
  async rebuild(
    transcript: (Fields | string)[],
    options: Parameters<typeof packedLines>[1] = {},
  ): Promise<
    { installed: InstallResult; lines: Fields[]; messages: Fields[] }
  > {
    const file = await this.write(packedLines(transcript, options));
    const installed = await this.install(file);
    const lines = await readLines(installed.path);
    // All lines but the note and the title.
    return { installed, lines, messages: lines.slice(0, -3) };
  }

  /** Checks that a file is refused with these words, and that nothing of it remains. */
  async refuses(
    file: string,
    code: SpreadErrorCode,
    message: string,
    options: Partial<SessionInstallOptions> = {},
  ): Promise<void> {
    const before = await listFiles(this.folder);
    const error = await assertRejects(
      () => this.install(file, options),
      SpreadError,
    );
    assertEquals([error.code, error.message], [code, message]);
    assertEquals(await listFiles(this.folder), before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The lines of a transcript. */
export async function readLines(path: string): Promise<Fields[]> {
  const text = await Deno.readTextFile(path);
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Everything in a folder, as relative paths; folders end with `/`. */
export async function listFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    names.push(isDirectory ? `${name}/` : name);
    if (!isDirectory) continue;
    const inside = await listFiles(`${folder}/${name}`);
    names.push(...inside.map((one) => `${name}/${one}`));
  }
  return names.sort();
}

/** For each line the position of the one before it; -1 for none. */
export function parents(lines: Fields[]): number[] {
  const uuids = lines.map(({ uuid }) => uuid);
  return lines.map(({ parentUuid }) =>
    parentUuid === null ? -1 : uuids.indexOf(parentUuid)
  );
}
