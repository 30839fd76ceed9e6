/**
 * Checks whether a relay works end to end: `claude-spread relay --check`. This program is a
 * client of the relay, and not part of the relay itself.
 *
 * @module
 */

import { checkRelay } from "./relay/check.ts";
import { wantsJson } from "./cli/flags.ts";
import {
  parseRelayCheckArgs,
  type RelayCheckOptions,
} from "./relay/options.ts";
import { parseRelayUrl } from "./cli/relay_url.ts";
import {
  type CheckStep,
  describeStep,
  DOING,
  type Found,
  STEPS,
} from "./relay/steps.ts";
import { Terminal } from "./cli/terminal.ts";
import { Interruption } from "./cli/surroundings.ts";

const USAGE =
  `Tells whether a relay works: connects to it, makes a room, joins it, and
sends 1 MiB of random bytes each way. Nothing of yours is sent.

Usage: claude-spread relay --check [--insecure-relay] [--json] [URL]

  URL               the relay; by default the one that CLAUDE_SPREAD_RELAY names, or ours
  --insecure-relay  take a relay at ws:// beyond this machine
  --json            print one JSON line for each step, and one at the end
  --help            print this

It takes 30 seconds at most. Exit codes: 0 the relay works · 2 usage · 3 it does not know its
own room · 5 it cannot be reached, or does not work · 130 interrupted.
`;

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

  passed(step: CheckStep, found: Found): void {
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
    const text = `failed after ${ms} ms: ${DOING[step]}`;
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
  terminal: Terminal,
): Promise<void> {
  const url = parseRelayUrl(options.relay, options.insecureRelay);
  using interruption = new Interruption();
  const report = new Report(url, terminal);
  try {
    await checkRelay({
      url,
      passed: (step, found) => report.passed(step, found),
      signal: interruption.signal,
    });
  } catch (error) {
    if (!interruption.signal.aborted) report.failed();
    throw error;
  }
  report.done();
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  try {
    const options = parseRelayCheckArgs(args, (name) => Deno.env.get(name));
    if (options.help) terminal.print(USAGE);
    else await check(options, terminal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
