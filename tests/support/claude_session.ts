/**
 * Sessions of Claude Code on people's machines: what the user types and answers, which the plugin's
 * own hooks keep, the commands of the skills, and what the user sees.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { PLUGIN_NAME, skillCommand } from "../../lib/plugin_name.ts";
import { type Skill, SKILL_NAMES } from "../../scripts/cli/commands.ts";
import { until } from "./checks.ts";
import { environment } from "./environment.ts";
import type { Machine } from "./machine.ts";
import { root } from "./places.ts";
import type { Ended } from "./output.ts";

/** The session that most tests run in. */
export const SESSION_ID = "c396e4de-6401-4286-8d77-359475b3781d";

/** Makes what a user types keep to loopback. */
export const LOOPBACK = "--interface 127.0.0.1";

/** The hooks, by their names in `hooks/`. */
export type Hook =
  | "keep-typed"
  | "keep-answer"
  | "show"
  | "refuse-paste"
  | "say-waiting";

/** The input of AskUserQuestion, as a command makes it. */
export interface Asked {
  questions: {
    question: string;
    header: string;
    multiSelect: boolean;
    options: { label: string; description: string }[];
  }[];
}

/** Differences from a session in the terminal that was started in the work folder. */
export interface SessionOptions {
  id?: string;
  /** The folder that the session was started in. */
  project?: string;
  /** More variables of its commands; an empty one is taken away. */
  env?: Record<string, string>;
}

/** Output of a hook. */
export interface HookOutput {
  code: number;
  stdout: string;
  stderr: string;
}

/** The event that Claude Code sends when a user has typed a command of the plugin. */
export function typedEvent(
  skill: string,
  line: string,
  id = SESSION_ID,
): Record<string, unknown> {
  const name = SKILL_NAMES[skill as Skill] ?? skill;
  return {
    session_id: id,
    hook_event_name: "UserPromptExpansion",
    expansion_type: "slash_command",
    command_name: `${PLUGIN_NAME}:${name}`,
    command_args: line,
    command_source: "plugin",
    prompt: `${skillCommand(name)} ${line}`,
  };
}

/** The event that Claude Code sends when a user has answered. */
export function answerEvent(
  asked: Asked,
  answers: string[],
  id = SESSION_ID,
): Record<string, unknown> {
  const { questions } = asked;
  const answered = {
    questions,
    answers: Object.fromEntries(
      questions.map(({ question }, i) => [question, answers[i]]),
    ),
    annotations: {},
  };
  return {
    session_id: id,
    hook_event_name: "PostToolUse",
    tool_name: "AskUserQuestion",
    tool_input: answered,
    tool_response: answered,
    tool_use_id: "toolu_01",
  };
}

/** The question that a command gives to Claude. */
export function questionIn({ stderr }: Pick<Ended, "stderr">): Asked {
  const line = /^spread: to Claude: ask exactly this .*?: (\{.*\})$/m
    .exec(stderr);
  if (line === null) throw new Error(`There is no question in: ${stderr}`);
  return JSON.parse(line[1]!);
}

/** A session of Claude Code. */
export class ClaudeSession {
  readonly id: string;
  readonly #project: string;
  readonly #env: Record<string, string>;

  constructor(
    readonly machine: Machine,
    { id = SESSION_ID, project = machine.work, env = {} }: SessionOptions = {},
  ) {
    this.id = id;
    this.#project = project;
    this.#env = env;
  }

  /** Variables of commands in it. */
  get env(): Record<string, string> {
    return {
      CLAUDE_CODE_SESSION_ID: this.id,
      CLAUDE_CODE_ENTRYPOINT: "cli",
      ...this.#env,
    };
  }

  /** Path of what is kept of it. */
  path(name: string): string {
    const { home } = this.machine;
    return `${home}/.local/state/claude-spread/claude/${this.id}/${name}`;
  }

  /** Path of a file that Claude writes for it. */
  written(name: string): string {
    return `${this.machine.home}/.cache/claude-spread/${name}`;
  }

  /** Whether a file is kept of it. */
  async has(name: string): Promise<boolean> {
    return await Deno.lstat(this.path(name)).then(() => true, () => false);
  }

  /** Runs a hook, with an event as its standard input. */
  async hook(name: Hook, event: unknown): Promise<HookOutput> {
    const line = [
      ...Deno.build.os === "windows" ? ["sh"] : [],
      `${root}/hooks/${name}`,
    ];
    const child = new Deno.Command(line[0]!, {
      args: line.slice(1),
      cwd: this.#project,
      clearEnv: true,
      env: environment(this.machine, {
        CLAUDE_PLUGIN_ROOT: root,
        CLAUDE_PROJECT_DIR: this.#project,
        ...this.env,
      }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const text = typeof event === "string"
      ? event
      : `${JSON.stringify(event)}\n`;
    // A hook that does not want it closes its end.
    await new Blob([text]).stream().pipeTo(child.stdin).catch(() => {});
    const { code, stdout, stderr } = await child.output();
    const [said, problem] = [stdout, stderr]
      .map((bytes) => new TextDecoder().decode(bytes));
    return { code, stdout: said!, stderr: problem! };
  }

  /** The user types a command of the plugin. */
  async type(skill: string, line = ""): Promise<void> {
    const event = typedEvent(skill, line, this.id);
    assertEquals(await this.hook("keep-typed", event), SILENT);
  }

  /** The user answers a question, or several. */
  async answer(asked: Asked, ...answers: string[]): Promise<void> {
    const event = answerEvent(asked, answers, this.id);
    assertEquals(await this.hook("keep-answer", event), SILENT);
  }

  /** Returns the message that the user sees after a command; `null` when they see none. */
  async shown(): Promise<string | null> {
    const { stdout } = await this.hook("show", {});
    return stdout === "" ? null : JSON.parse(stdout).systemMessage;
  }

  /** Claude writes a file, readable by everybody who can reach it. */
  async write(name: string, text: string): Promise<string> {
    const path = this.written(name);
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(path, text, { mode: 0o644 });
    return path;
  }

  /** Claude writes the document of `distill-share`. */
  async writeDocument(text = "# a\n"): Promise<string> {
    return await this.write(`distillation-${this.id}.md`, text);
  }

  /** Claude writes the line, because there are no hooks. */
  async passOn(line: string): Promise<string> {
    return await this.write(`typed-${this.id}.txt`, line);
  }

  /** Claude runs the command of a skill. */
  async run(skill: string, ...choices: string[]): Promise<Ended> {
    return await this.machine.run("skill", [skill, ...choices], {
      env: this.env,
    });
  }

  /** Claude has gone to another folder, and runs the command of a skill there. */
  async runIn(
    cwd: string,
    skill: string,
    ...choices: string[]
  ): Promise<Ended> {
    return await this.machine.run("skill", [skill, ...choices], {
      env: { ...this.env, PWD: cwd },
      via: ["env", "-C", cwd],
    });
  }

  /** Claude runs the command of a skill that starts a share. */
  async share(skill: string, ...choices: string[]): Promise<SkillShare> {
    const ended = await this.run(skill, ...choices);
    if (ended.code === 0) return await SkillShare.of(this.machine, ended);
    throw new Error(`Nothing is shared: ${ended.stderr}`);
  }
}

const SILENT: HookOutput = { code: 0, stdout: "", stderr: "" };

/** A share that a skill has started; disposing of it ends it. */
export class SkillShare implements AsyncDisposable {
  private constructor(
    private readonly machine: Machine,
    /** The command that started it. */
    readonly ended: Ended,
    readonly id: string,
    readonly pid: number,
    /** `127.0.0.1:port`. */
    readonly address: string,
  ) {}

  static async of(machine: Machine, ended: Ended): Promise<SkillShare> {
    const { events } = await machine.run("status", ["--json"]);
    const entry = events.findLast(({ state }) => state === "open");
    const address = /add the address: (127\.0\.0\.1:\d+)/.exec(ended.stderr);
    const { id, pid } = entry as unknown as { id: string; pid: number };
    return new SkillShare(machine, ended, id, pid, address?.[1] ?? "");
  }

  /** The words that it has made. */
  get words(): string {
    const { stderr } = this.ended;
    return /claude-spread receive ([a-z\d-]+)/.exec(stderr)![1]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.run("stop", [this.id]);
    await until("the share to end", async () => {
      const { events } = await this.machine.run("status", ["--json"]);
      return !events.some(({ id, state }) =>
        id === this.id && state === "open"
      );
    });
  }
}
