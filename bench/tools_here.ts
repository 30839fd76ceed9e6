/**
 * Finds the tools on this machine; reports missing ones and skips them.
 *
 * @module
 */

import { isConfined } from "./confine.ts";
import {
  claudeSpread,
  claudeSpreadByName,
  claudeSpreadToPair,
} from "./ours.ts";
import {
  magicWormhole,
  ORIGINAL_VARIABLE,
  pythonOriginal,
  wormholeWilliam,
} from "./peers.ts";
import { Rendezvous } from "./rendezvous.ts";
import type { Tool } from "./tool.ts";

/** The tools found, ours first. */
export interface ToolsHere {
  readonly tools: Tool[];
  /** Further notes: versions, and the tools skipped, with the reason. */
  readonly notes: string[];
}

/**
 * Finds the tools and starts the servers that they need.
 *
 * @param scratch Folder for their files.
 * @param stack Disposes of those servers afterwards.
 */
export async function findTools(
  scratch: string,
  denoDir: string,
  stack: AsyncDisposableStack,
): Promise<ToolsHere> {
  const found: ToolsHere = { tools: [claudeSpread(denoDir)], notes: [] };
  await addOriginal(found, `${scratch}/original`);
  if (isConfined()) {
    found.tools.push(claudeSpreadByName(denoDir), claudeSpreadToPair(denoDir));
    await addWormholes(found, `${scratch}/rendezvous`, stack);
  } else {
    found.notes.push(
      "by mDNS, wormhole, wormhole-william: left out, cannot keep them on loopback",
    );
  }
  return found;
}

async function addOriginal(found: ToolsHere, folder: string): Promise<void> {
  const original = Deno.env.get(ORIGINAL_VARIABLE);
  const probe = "import sys, cryptography; print(sys.executable)";
  const python = await print("python3", "-c", probe);
  if (!original || python === null) {
    const missing = original ? "python3 with cryptography" : ORIGINAL_VARIABLE;
    found.notes.push(`original: left out, no ${missing}`);
    return;
  }
  await Deno.mkdir(folder);
  try {
    for (const name of ["common.py", "serve.py", "receive.py"]) {
      await Deno.copyFile(`${original}/scripts/${name}`, `${folder}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    found.notes.push(`original: left out, not in ${original}`);
    return;
  }
  found.tools.push(pythonOriginal(folder, python));
  found.notes.push(`original: ${original}`);
}

async function addWormholes(
  found: ToolsHere,
  folder: string,
  stack: AsyncDisposableStack,
): Promise<void> {
  const rendezvous = await startRendezvous(folder);
  if (rendezvous === null) {
    found.notes.push(
      "wormhole, wormhole-william: left out, no mailbox server or transit relay",
    );
    return;
  }
  stack.use(rendezvous);
  const clients = [magicWormhole(rendezvous), wormholeWilliam(rendezvous)];
  for (const client of clients) {
    const version = await print(client.name, "--version");
    if (version !== null) found.tools.push(client);
    found.notes.push(`${client.name}: ${version ?? "left out, not installed"}`);
  }
}

async function startRendezvous(folder: string): Promise<Rendezvous | null> {
  for (const twistd of ["twistd3", "twistd"]) {
    const help = await print(twistd, "--help");
    if (help === null) continue;
    if (!/^\s*wormhole-mailbox\s/m.test(help)) continue;
    if (!/^\s*transitrelay\s/m.test(help)) continue;
    await Deno.mkdir(folder);
    return await Rendezvous.start(twistd, folder);
  }
  return null;
}

/** Output of a command; `null` when it is missing or fails. */
async function print(
  command: string,
  ...args: string[]
): Promise<string | null> {
  try {
    const output = await new Deno.Command(command, { args, stderr: "null" })
      .output();
    return output.success
      ? new TextDecoder().decode(output.stdout).trim()
      : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
