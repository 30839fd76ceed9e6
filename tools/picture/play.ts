/**
 * A hand-over in the real Claude Code client, on two terminals that tmux keeps. The model is
 * scripted; all else is what people have. Linux only.
 *
 * @module
 */

import type { Client } from "../../tests/claude_code/_client.ts";
import {
  runBlock,
  say,
  type Step,
  write,
} from "../../tests/claude_code/_model.ts";
import type { Person } from "../../tests/claude_code/_person.ts";
import { World } from "../../tests/claude_code/_world.ts";
import { until } from "../../tests/support/checks.ts";
import { COMMIT, DATES, DOCUMENT, SENDER } from "../transcripts/skills.ts";

/** Height of the terminals: more than a hand-over needs. */
const ROWS = 70;

/** The place that the skill names for the document. */
const PLACE = /~\/\.cache\/claude-spread\/distillation-[\w-]+\.md/;

const SHARED =
  "The words are for the receiver alone: whoever has them can get the document.";

const RECEIVED = `${DOCUMENT}
This checkout is at the same commit. Shall I fix \`refund_test.ts\`?`;

/** Both screens at the end, with how they look; the sender's is the first. */
export async function play(
  client: Client,
  theme: "light" | "dark",
  columns: number,
): Promise<[sender: string, receiver: string]> {
  await using world = await World.make(client);
  const open = async (name: string, host: string, steps: Step[]) => {
    const person = await world.person(name, { env: { USER: name } });
    await settle(person, theme);
    return await Terminal.open(person, host, columns, steps);
  };
  const sender = await open("alex", "walnut", [
    write(PLACE, DOCUMENT),
    runBlock(0),
    say(SHARED),
  ]);
  await sender.type("/claude-spread:distill-share ");
  const shared = await sender.until(/whoever has them[\s\S]*✻/);
  const words = /distill-receive ([a-z-]+)/.exec(shared)![1];
  const receiver = await open("blake", "cedar", [runBlock(0), say(RECEIVED)]);
  await receiver.type(`/claude-spread:distill-receive ${words}`);
  await receiver.until(/Shall I fix[\s\S]*✻/);
  return [await sender.capture(), await receiver.capture()];
}

/** Gives a person the project "shop", which the client trusts, and a theme. */
async function settle(person: Person, theme: string): Promise<void> {
  const project = `${person.home}/shop`;
  await Deno.mkdir(project);
  await person.run(["sh", "-c", COMMIT], { cwd: project, env: DATES });
  const path = `${person.home}/.claude.json`;
  const state = JSON.parse(await Deno.readTextFile(path));
  const [trusted] = Object.values(state.projects);
  const changed = { ...state, theme, projects: { [project]: trusted } };
  await Deno.writeTextFile(path, JSON.stringify(changed));
}

/** A terminal with the client in it; it ends with the network that it is in. */
class Terminal {
  private constructor(private readonly person: Person) {}

  /** @param host Name of the machine. */
  static async open(
    person: Person,
    host: string,
    columns: number,
    steps: Step[],
  ): Promise<Terminal> {
    person.model.play(steps);
    const terminal = new Terminal(person);
    const size = ["-x", String(columns), "-y", String(ROWS)];
    const client = person.clientLine();
    if (host === "walnut") client.push("--session-id", SENDER);
    await terminal.#tmux(
      ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host],
      ...["-f", "/dev/null", "new-session", "-d", ...size],
      ...["-c", `${person.home}/shop`, "env", "-u", "NO_COLOR", ...client],
    );
    await terminal.#tmux([], "set-option", "-g", "remain-on-exit", "on");
    await terminal.until(/^❯/m);
    return terminal;
  }

  /** Types a line, then Enter. */
  async type(line: string): Promise<void> {
    await this.#tmux([], "send-keys", "-l", line);
    await this.until(new RegExp(RegExp.escape(line.trim().slice(-6))));
    // Enter at once would belong to the text, as in something pasted.
    await new Promise((resolve) => setTimeout(resolve, 800));
    await this.#tmux([], "send-keys", "Enter");
  }

  /** Waits until something is to be seen, and returns all that is. */
  async until(pattern: RegExp): Promise<string> {
    return await until(String(pattern), async () => {
      const text = await this.#tmux([], "capture-pane", "-p");
      return pattern.test(text) && text;
    });
  }

  /** The screen, with how it looks. */
  async capture(): Promise<string> {
    return await this.#tmux([], "capture-pane", "-e", "-p");
  }

  async #tmux(via: string[], ...args: string[]): Promise<string> {
    const line = [...via, "tmux", "-L", "picture", ...args];
    const env = {
      TERM: "xterm-256color",
      COLORTERM: "truecolor",
      TMUX_TMPDIR: this.person.folder,
    };
    const { code, stdout, stderr } = await this.person.run(line, { env });
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  }
}
