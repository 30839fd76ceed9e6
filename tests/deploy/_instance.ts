/**
 * One instance of the relay, started and ended as Deno Deploy does it.
 *
 * @module
 */

import { denoFolder } from "../support/places.ts";
import type { Build } from "./_builds.ts";

/** Time from SIGINT to SIGKILL, in milliseconds. */
const GRACE_MS = 5_000;

/** How an instance has ended. */
export interface End {
  code: number;
  signal: Deno.Signal | null;
  /** From SIGINT on, in milliseconds. */
  tookMs: number;
}

/** A process that runs `relay/main.ts` and no flags of ours. */
export class Instance implements AsyncDisposable {
  readonly stderr: Promise<string>;
  /** Lines of the log. */
  readonly log: Record<string, unknown>[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #started = Promise.withResolvers<Record<string, unknown> | null>();
  #stopping: Promise<End> | null = null;

  constructor({ deno, folder }: Build, env: Record<string, string>) {
    this.#child = new Deno.Command(deno, {
      args: ["run", "--allow-all", "relay/main.ts"],
      cwd: folder,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: Deno.env.get("HOME") ?? "",
        NO_COLOR: "1",
        DENO_DIR: denoFolder,
        DENO_DEPLOY: "true",
        DENO_DEPLOYMENT_ID: "emulation",
        ...env,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.stderr = new Response(this.#child.stderr).text();
    this.#reading = this.#read();
  }

  /** Returns the first event of the log; rejects when the relay ends before. */
  async started(): Promise<Record<string, unknown>> {
    const line = await this.#started.promise;
    if (line === null) throw new Error(await this.stderr);
    return line;
  }

  /** The end by itself. */
  async ended(): Promise<number> {
    await this.#reading;
    return (await this.#child.status).code;
  }

  /** SIGINT, and five seconds later SIGKILL. */
  stop(): Promise<End> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<End> {
    const startMs = performance.now();
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    this.#signal("SIGINT");
    const { code, signal } = await this.#child.status;
    clearTimeout(timer);
    await this.#reading;
    await this.stderr;
    return { code, signal, tookMs: performance.now() - startMs };
  }

  /** Ends it as a failure of the platform does. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
  }

  async #read(): Promise<void> {
    let rest = "";
    const text = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const piece of text) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#take(JSON.parse(line));
    }
    this.#started.resolve(null);
  }

  #take(line: Record<string, unknown>): void {
    this.log.push(line);
    if (line.event === "started") this.#started.resolve(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.stop();
  }
}
