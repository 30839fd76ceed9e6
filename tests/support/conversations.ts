/**
 * Conversations of Claude Code on people's machines, and shares of them.
 *
 * @module
 */

import { projectName } from "../../lib/claude/config_folder.ts";
import type { Machine } from "./machine.ts";

/** A session as tests write it. */
export interface Conversation {
  id: string;
  title: string;
  /** The texts that were said, by turns; the person begins. */
  turns: string[];
}

/** A conversation of two turns. */
export function conversation(
  title: string,
  ...turns: string[]
): Conversation {
  const id = crypto.randomUUID();
  return {
    id,
    title,
    turns: turns.length > 0 ? turns : [`About ${title}`, "Done."],
  };
}

/** Returns the folder of the sessions of a machine's work folder. */
export async function transcriptsOf(
  { home, work: folder }: Pick<Machine, "home" | "work">,
): Promise<string> {
  const work = await Deno.realPath(folder);
  return `${home}/.claude/projects/${projectName(work)}`;
}

/**
 * Writes a session on a machine, as the client would, and returns its path.
 *
 * @param cwd The folder that it was in; its file is with those of the work folder all the same.
 */
export async function writeSession(
  machine: Machine,
  { id, title, turns }: Conversation,
  cwd = `${machine.folder}/work`,
): Promise<string> {
  const folder = await transcriptsOf(machine);
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/${id}.jsonl`;
  let parentUuid: string | null = null;
  const lines = turns.map((text, i) => {
    const uuid = crypto.randomUUID();
    const line = {
      parentUuid,
      isSidechain: false,
      userType: "external",
      cwd,
      sessionId: id,
      version: "2.1.197",
      gitBranch: "main",
      type: i % 2 === 0 ? "user" : "assistant",
      message: i % 2 === 0 ? { role: "user", content: text } : {
        role: "assistant",
        model: "claude-test",
        content: [{ type: "text", text }],
      },
      uuid,
      timestamp: new Date(Date.UTC(2026, 0, 2, 3, 4, i)).toISOString(),
    };
    parentUuid = uuid;
    return line;
  });
  const all = [...lines, { type: "custom-title", customTitle: title }];
  await Deno.writeTextFile(
    path,
    all.map((l) => JSON.stringify(l) + "\n").join(""),
  );
  return path;
}

/** Returns the texts of a session's file, by turns. */
export async function turnsIn(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path);
  return text.split("\n").filter(Boolean).flatMap((line) => {
    const { message } = JSON.parse(line);
    if (message === undefined) return [];
    const { content } = message;
    if (typeof content === "string") return [content];
    const texts = content.map((block: { text?: string }) => block.text);
    // A long text of a person stands there in pieces.
    return message.role === "user" ? [texts.join("")] : texts;
  });
}

/** Ids of the sessions that a machine has in its work folder. */
export async function sessionsOf(
  machine: Pick<Machine, "home" | "work">,
): Promise<string[]> {
  const ids: string[] = [];
  try {
    for await (const { name } of Deno.readDir(await transcriptsOf(machine))) {
      if (name.endsWith(".jsonl")) ids.push(name.slice(0, -6));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return ids.sort();
}
