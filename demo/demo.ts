/**
 * The demo: hands the sample distillation from a sender process to a receiver process on this
 * machine, through real mDNS and TCP on the loopback interface.
 *
 * @module
 */

import { flagsWithAnyFile } from "../scripts/cli/grants.ts";

const LOOPBACK = "127.0.0.1";

/** The `ready` event of `serve --json`. */
interface Ready {
  event: "ready";
  invite: string;
  addresses: string[];
}

function spawnScript(
  command: "serve" | "receive",
  args: string[],
  stdout: "piped" | "inherit",
) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      ...flagsWithAnyFile(command),
      `scripts/${command}.ts`,
      "--interface",
      LOOPBACK,
      ...args,
    ],
    cwd: new URL("..", import.meta.url),
    stdin: "null",
    stdout,
    stderr: "inherit",
  }).spawn();
}

/** Reads the sender's first event; the stream stays open for the rest. */
async function readReady(
  lines: ReadableStreamDefaultReader<string>,
): Promise<Ready> {
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await lines.read();
    if (done) throw new Error("The sender ended before it was ready");
    text += value;
  }
  return JSON.parse(text.slice(0, text.indexOf("\n")));
}

async function demo(): Promise<number> {
  console.log("Sender:   serve --once demo/distillation.md");
  const sender = spawnScript(
    "serve",
    ["--json", "--once", "demo/distillation.md"],
    "piped",
  );
  const lines = sender.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { invite, addresses } = await readReady(lines);
  console.log(
    `          shares at ${addresses.join(", ")} and announces it by mDNS`,
  );
  console.log(`Receiver: receive ${invite}\n`);
  const start = performance.now();
  const receiver = spawnScript("receive", [invite], "inherit");
  const received = await receiver.status;
  const ms = Math.round(performance.now() - start);
  if (!received.success) sender.kill();
  while (!(await lines.read()).done);
  const sent = await sender.status;
  if (!received.success || !sent.success) return 1;
  console.log(
    `\nHanded over in ${ms} ms, from starting the receiver to its end.`,
  );
  return 0;
}

if (import.meta.main) Deno.exit(await demo());
