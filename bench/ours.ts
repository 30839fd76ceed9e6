/**
 * Claude Spread as the benchmarks start it: both scripts on loopback, with their own permissions.
 *
 * @module
 */

import { ALLOCATOR, denoRun } from "./deno_run.ts";
import { MeasuredProcess, type Outcome } from "./process.ts";
import { hashFile, type Tool } from "./tool.ts";

const SCRIPTS = new URL("../scripts/", import.meta.url).pathname;

/** The scripts that must be in the module cache before the network goes away. */
export const ENTRY_POINTS = [`${SCRIPTS}serve.ts`, `${SCRIPTS}receive.ts`];

/** What `bin/claude-spread` permits. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run=git",
  "--allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,CLAUDE_SPREAD_PASSPHRASE,CLAUDE_SPREAD_RELAY,USER,USERNAME",
  "--allow-sys=networkInterfaces,hostname",
];

const PASSPHRASE = "walnut-orbit-cactus-fable";

/** @param denoDir Deno's own cache, shared with the runs: they have a home of their own. */
export function claudeSpread(denoDir: string): Tool {
  return {
    name: "claude-spread",
    maxBytes: Infinity,
    async share(file, folder) {
      const common = ["--interface", "127.0.0.1", "--json"];
      const run = (script: string, ...args: string[]) =>
        denoRun(
          [...PERMISSIONS, SCRIPTS + script, ...common, ...args],
          folder,
          denoDir,
          { CLAUDE_SPREAD_PASSPHRASE: PASSPHRASE, ...ALLOCATOR },
        );
      const port = String(freePort());
      const sender = new MeasuredProcess(
        run("serve.ts", "--once", "--port", port, file),
      );
      await sender.waitFor(/"event":\s*"ready"/);
      const output = `${folder}/received`;
      return {
        sender,
        senderEnds: true,
        receiver: run("receive.ts", "--output", output, `127.0.0.1:${port}`),
        hashStored: () => hashFile(output),
      };
    },
    transferMs,
  };
}

/** What the receiver tells: from dialling until the file is checked and in its place. */
function transferMs({ stdout }: Outcome): number | null {
  for (const line of stdout.trim().split("\n")) {
    const event = JSON.parse(line);
    if (event.event === "delivered") return event.seconds * 1000;
  }
  return null;
}

/** A TCP port nobody uses now; someone may take it before we do, and the run then fails. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
