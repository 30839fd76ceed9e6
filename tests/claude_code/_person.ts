/**
 * Someone with a home, a project and the real client, set up so that it asks nothing at its
 * start and keeps everything it writes in one folder.
 *
 * @module
 */

import { denoFolder, root } from "../support/places.ts";
import { Conversation } from "./_conversation.ts";
import { Model, type Step } from "./_model.ts";
import type { Network } from "./_network.ts";
import { type Output, readSession, type Session } from "./_session.ts";

/** Ends a command that takes longer than five minutes: a test that hangs says where. */
const DEADLINE = ["timeout", "--signal=KILL", "300"];

/** No key of anybody; the client wants one and sends it to the scripted model only. */
const API_KEY = "sk-scripted-model";

/** Properties of a person. */
export interface PersonOptions {
  /** Name of the home folder; it may have blanks. */
  home?: string;
  /** Variables that their shell exports. */
  env?: Record<string, string>;
  /** Their settings of the client. */
  settings?: Record<string, unknown>;
}

/** How a command is run. */
export interface RunOptions {
  stdin?: string;
  env?: Record<string, string>;
  /** Instead of the project's folder. */
  cwd?: string;
}

/** How the client is run. */
export interface AskOptions {
  /** Instead of those that load the plugin of this checkout by its folder. */
  flags?: string[];
  env?: Record<string, string>;
  /** Instead of the project's folder. */
  cwd?: string;
}

/** A person, and the places of everything of theirs. */
export class Person implements AsyncDisposable {
  private constructor(
    /** Path of the client. */
    private readonly client: string,
    private readonly network: Network,
    readonly model: Model,
    /** Everything of theirs is in it. */
    readonly folder: string,
    readonly home: string,
    /** The folder they work in. */
    readonly project: string,
    private readonly exported: Record<string, string>,
  ) {}

  /** @param folder An empty folder; removing it is up to the caller. */
  static async make(
    client: string,
    network: Network,
    folder: string,
    options: PersonOptions = {},
  ): Promise<Person> {
    const home = `${folder}/${options.home ?? "home"}`;
    const project = `${home}/project`;
    for (const path of [`${home}/.claude`, project, `${folder}/tmp`]) {
      await Deno.mkdir(path, { recursive: true });
    }
    await Deno.writeTextFile(`${home}/.claude.json`, clientState(project));
    const settings = JSON.stringify(options.settings ?? {});
    await Deno.writeTextFile(`${home}/.claude/settings.json`, settings);
    const { env = {} } = options;
    const model = await Model.start(network);
    return new Person(client, network, model, folder, home, project, env);
  }

  /** The environment of every command of theirs. */
  get environment(): Record<string, string> {
    const programs = [
      Deno.execPath().replace(/\/[^/]*$/, ""),
      "/usr/local/bin",
      "/usr/bin",
      "/bin",
    ];
    return {
      HOME: this.home,
      USER: "tester",
      SHELL: "/bin/bash",
      LANG: "C.UTF-8",
      PATH: programs.join(":"),
      TMPDIR: `${this.folder}/tmp`,
      DENO_DIR: denoFolder,
      NO_COLOR: "1",
      ANTHROPIC_BASE_URL: this.model.url,
      ANTHROPIC_API_KEY: API_KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_TMPDIR: `${this.folder}/tmp`,
      DISABLE_AUTOUPDATER: "1",
      ...this.exported,
    };
  }

  /** Writes a file of theirs. @param path From the home. */
  async write(path: string, content: string): Promise<string> {
    const full = `${this.home}/${path}`;
    await Deno.mkdir(full.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(full, content);
    return full;
  }

  /** A command of theirs, in their network. */
  command(
    line: string[],
    { env = {}, cwd = this.project }: RunOptions,
    stdin: "null" | "piped" = "null",
  ): Deno.Command {
    return this.network.command([...DEADLINE, ...line], {
      cwd,
      clearEnv: true,
      env: { ...this.environment, ...env },
      stdin,
      stdout: "piped",
      stderr: "piped",
    });
  }

  /** Runs a command to its end. */
  async run(line: string[], options: RunOptions = {}): Promise<Output> {
    const { stdin } = options;
    const child = this
      .command(line, options, stdin === undefined ? "null" : "piped")
      .spawn();
    if (stdin !== undefined) {
      await new Blob([stdin]).stream().pipeTo(child.stdin);
    }
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  }

  /** Runs the plugin's command without the client. */
  async spread(args: string[], options: RunOptions = {}): Promise<Output> {
    return await this.run([`${root}/bin/claude-spread`, ...args], options);
  }

  /** Their shares, as `claude-spread status` knows them. */
  async shares(): Promise<Record<string, unknown>[]> {
    const { stdout } = await this.spread(["status", "--json"]);
    return stdout.split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }

  /** Runs the client's own commands, such as `plugin install`. */
  async claude(args: string[], options: RunOptions = {}): Promise<Output> {
    return await this.run([this.client, ...args], options);
  }

  /** The command line of the client with the plugin. */
  clientLine(flags: string[] = ["--plugin-dir", root]): string[] {
    return [this.client, ...flags];
  }

  /**
   * Types something into `claude -p`, with a model that does what `steps` say.
   *
   * @throws {Error} When the client does not come to a result, or a step cannot be taken.
   */
  async ask(
    prompt: string,
    steps: Step[],
    { flags, env = {}, cwd }: AskOptions = {},
  ): Promise<Session> {
    this.model.play(steps);
    const line = [
      ...this.clientLine(flags),
      ...["-p", "--output-format", "stream-json", "--verbose"],
    ];
    // In an argument it would be seen by others, which is what tests look out for.
    const output = await this.run(line, { env, cwd, stdin: prompt });
    const [failure] = this.model.failures;
    if (failure !== undefined) throw failure;
    return readSession(output, this.model.turns);
  }

  /** Starts a client for several prompts, which are typed into it one after another. */
  converse(): Conversation {
    const line = [
      ...this.clientLine(),
      ...["-p", "--input-format", "stream-json"],
      ...["--output-format", "stream-json", "--verbose"],
    ];
    const child = this.command(line, {}, "piped").spawn();
    return new Conversation(child, this.model);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.model[Symbol.asyncDispose]();
  }
}

/** Returns the state that the client keeps once its first questions are answered. */
function clientState(project: string): string {
  return JSON.stringify({
    hasCompletedOnboarding: true,
    lastOnboardingVersion: "9.9.9",
    theme: "dark",
    customApiKeyResponses: { approved: [API_KEY.slice(-20)], rejected: [] },
    projects: {
      [project]: {
        hasTrustDialogAccepted: true,
        hasCompletedProjectOnboarding: true,
      },
    },
  });
}
