/**
 * Claude Spread as the benchmarks start it: both scripts on loopback, with their own permissions.
 *
 * @module
 */

import { ENGINE } from "../scripts/cli/commands.ts";
import { flagsWithAnyFile } from "../scripts/cli/grants.ts";
import { writePair } from "../lib/pairs/pair_files.ts";
import { ALLOCATOR, denoRun } from "./deno_run.ts";
import { type CommandLine, MeasuredProcess, type Outcome } from "./process.ts";
import { hashFile, type Share, type Tool } from "./tool.ts";

const SCRIPTS = new URL("../scripts/", import.meta.url).pathname;

/** Scripts that must be in the module cache before the network goes away. */
export const ENTRY_POINTS = [`${SCRIPTS}serve.ts`, `${SCRIPTS}receive.ts`];

/** Module loading of a receiver, as in `bin/claude-spread`. */
export const RECEIVER_FLAGS = ["--unstable-lazy-dynamic-imports"];

/** Output of a sender once it can be found. */
export const READY = /^.*"event":\s*"ready".*$/m;

/**
 * The invite, with the address of the sender.
 *
 * @param denoDir Deno's own cache, shared with the runs, whose home folder is another.
 */
export function claudeSpread(denoDir: string): Tool {
  return onLan("claude-spread", denoDir, (port) => [`127.0.0.1:${port}`]);
}

/** Name of {@linkcode claudeSpreadByName}. */
export const BY_NAME = "by mDNS";

/** The invite alone, so that the receiver searches the network first. */
export function claudeSpreadByName(denoDir: string): Tool {
  return onLan(BY_NAME, denoDir, () => []);
}

function onLan(
  name: string,
  denoDir: string,
  whereIs: (port: number) => string[],
): Tool {
  return ourTool(name, denoDir, async (run, file, output) => {
    const at = ["--interface", "127.0.0.1"];
    const port = freePort();
    const sender = new MeasuredProcess(
      run("serve.ts", ...at, "--once", "--port", String(port), file),
    );
    const [line] = await sender.waitFor(READY);
    const given = [JSON.parse(line).invite, ...whereIs(port)];
    const receiver = run("receive.ts", ...at, "--output", output, ...given);
    return { sender, receiver };
  });
}

/** To a paired machine, without words: both sides have the home folder of the run. */
export function claudeSpreadToPair(denoDir: string): Tool {
  return ourTool("to a pair", denoDir, async (run, file, output, home) => {
    await pairHome(home);
    const at = ["--interface", "127.0.0.1"];
    const to = ["--to", "cedar", "--once"];
    const sender = new MeasuredProcess(run("serve.ts", ...at, ...to, file));
    await sender.waitFor(READY);
    const from = ["--from", "maple", "--output", output];
    return { sender, receiver: run("receive.ts", ...at, ...from) };
  });
}

/** Writes both sides of one pair: cedar is the receiver, maple the sender. */
async function pairHome(home: string): Promise<void> {
  const seed = crypto.getRandomValues(new Uint8Array(32)).toHex();
  for (
    const [id, role, name, own_name] of [
      ["0000000a", "a", "cedar", "maple"],
      ["0000000b", "b", "maple", "cedar"],
    ] as const
  ) {
    const made = new Date().toISOString();
    const host = Deno.hostname();
    const pair = { version: 1 as const, id, role, name, own_name, seed };
    await writePair(`${home}/.local/state/claude-spread/pairs`, {
      ...pair,
      made,
      host,
    });
  }
}

/**
 * The same through a relay. Sender and receiver use addresses that cannot reach each other, so
 * that the receiver's search of the local network finds nobody.
 *
 * @param url The relay's address.
 */
export function claudeSpreadOverRelay(denoDir: string, url: string): Tool {
  const relay = ["--relay", url];
  return ourTool("over the relay", denoDir, async (run, file, output) => {
    const at = [...relay, "--interface", "127.0.0.1"];
    const sender = new MeasuredProcess(run("serve.ts", ...at, "--once", file));
    const [line] = await sender.waitFor(READY);
    const { invite } = JSON.parse(line);
    const options = [...relay, "--interface", "::1", "--output", output];
    return { sender, receiver: run("receive.ts", ...options, invite) };
  });
}

/** Builds the command line of one of our scripts. */
type Run = (script: string, ...args: string[]) => CommandLine;

function ourTool(
  name: string,
  denoDir: string,
  start: (
    run: Run,
    file: string,
    output: string,
    home: string,
  ) => Promise<Pick<Share, "sender" | "receiver">>,
): Tool {
  return {
    name,
    maxBytes: Infinity,
    async share(file, folder) {
      const run: Run = (script, ...args) => {
        const name = script === "receive.ts" ? "receive" : "serve";
        const flags = name === "receive" ? RECEIVER_FLAGS : [];
        const how = [ENGINE, ...flags, ...flagsWithAnyFile(name)];
        const line = [...how, SCRIPTS + script, "--json", ...args];
        return denoRun(line, folder, denoDir, ALLOCATOR);
      };
      const output = `${folder}/received`;
      return {
        ...await start(run, file, output, folder),
        senderEnds: true,
        hashStored: () => hashFile(output),
      };
    },
    transferMs,
  };
}

/** Time reported by the receiver: from dialing until the file is checked and in place. */
function transferMs({ stdout }: Outcome): number | null {
  for (const line of stdout.trim().split("\n")) {
    const event = JSON.parse(line);
    if (event.event === "delivered") return event.seconds * 1000;
  }
  return null;
}

/** A free TCP port; the run fails if another process takes it first. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
