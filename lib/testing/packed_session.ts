/** A machine with a session that tests pack. */

import { listSessions, type LocalSession } from "../session/local/list.ts";
import type { SessionTally } from "../session/tally.ts";
import { packSession } from "../session/pack/pack.ts";
import type { Encoding } from "../payload.ts";
import { type Fields, readLines, Receiver } from "./session.ts";

/** Options of packing: nothing but passphrases of ours is taken out. */
export const HOW = { openOptions: [], secrets: null, anonymous: null };

/** The session's id. */
export const ID = "0a1b2c3d-0000-4000-8000-000000000001";

/** A machine with a session. */
export class Sender implements AsyncDisposable {
  private constructor(readonly machine: Receiver, readonly folder: string) {}

  static async make(lines: (Fields | string)[]): Promise<Sender> {
    const machine = await Receiver.make();
    const sender = new Sender(machine, `${machine.sessions}/${ID}`);
    const text = lines.map((line) =>
      typeof line === "string" ? line : JSON.stringify(line)
    ).join("\n");
    await sender.write(`../${ID}.jsonl`, text);
    return sender;
  }

  /** Writes a file from the session's own folder. */
  async write(name: string, text: string): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(path, text);
    return path;
  }

  async session(): Promise<LocalSession> {
    const { folder: home, project: cwd } = this.machine;
    const surroundings = { home, cwd, env: () => undefined };
    return (await listSessions(surroundings, HOW)).sessions[0]!;
  }

  get output(): string {
    return `${this.machine.folder}/${crypto.randomUUID()}.session`;
  }

  /** Packs the session, and reads what was written. */
  async pack(
    encoding: Encoding = "identity",
  ): Promise<{ output: string; tally: SessionTally; text: string }> {
    const output = this.output;
    const tally = await packSession(await this.session(), {
      ...HOW,
      output,
      encoding,
    });
    return { output, tally, text: await Deno.readTextFile(output) };
  }

  /** The lines of the container after its first. */
  async lines(): Promise<Fields[]> {
    return (await readLines((await this.pack()).output)).slice(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}
