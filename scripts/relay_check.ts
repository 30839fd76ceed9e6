/**
 * Checks whether a relay works end to end: `claude-spread relay --check`. This program is a
 * client of the relay, and not part of the relay itself.
 *
 * @module
 */

import { checkRelay } from "./relay/check.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import {
  parseRelayCheckArgs,
  type RelayCheckOptions,
} from "./relay/options.ts";
import { proxyFor } from "./cli/proxy.ts";
import { parseRelayUrl } from "./cli/relay_url.ts";
import {
  type CheckStep,
  describeStep,
  DOING,
  type StepFindings,
  STEPS,
} from "./relay/steps.ts";
import type { Terminal } from "./cli/terminal.ts";

/** Reports the steps and the duration of each. */
class Report {
  readonly #startMs = performance.now();
  #lastMs = this.#startMs;
  #count = 0;

  constructor(
    private readonly url: string,
    private readonly terminal: Terminal,
  ) {
    terminal.say(`checking ${url}`);
  }

  passed(step: CheckStep, found: StepFindings): void {
    const ms = this.#lap();
    this.#count++;
    const text = describeStep(step, found, ms, this.url);
    this.terminal.say(text, "check", { step, passed: true, ms, ...found });
  }

  /** Reports the step that failed: the one after the last that passed. */
  failed(): void {
    const step = STEPS[this.#count];
    if (step === undefined) return;
    const ms = this.#lap();
    const text = `failed after ${ms} ms, while ${DOING[step]}`;
    this.terminal.say(text, "check", { step, passed: false, ms });
  }

  done(): void {
    const ms = Math.round(performance.now() - this.#startMs);
    const text = `this relay works (${ms} ms in all)`;
    this.terminal.say(text, "checked", { relay: this.url, ms });
  }

  /** Time since the last step, in whole milliseconds, at least 1. */
  #lap(): number {
    const now = performance.now();
    const ms = Math.max(1, Math.round(now - this.#lastMs));
    this.#lastMs = now;
    return ms;
  }
}

async function check(
  options: RelayCheckOptions,
  { terminal, signal }: Running,
): Promise<void> {
  const url = parseRelayUrl(options.relay, options.insecureRelay);
  const report = new Report(url, terminal);
  try {
    await checkRelay({
      url,
      proxy: await proxyFor(url, (name) => Deno.env.get(name)),
      passed: (step, found) => report.passed(step, found),
      signal,
    });
  } catch (error) {
    if (!signal.aborted) report.failed();
    throw error;
  }
  report.done();
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("relay --check", args, (flags, running) => {
    const env = (name: string) => Deno.env.get(name);
    return check(parseRelayCheckArgs(flags, env), running);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
