/**
 * What the benchmarks ask of every tool, ours and others alike, and one run of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type CommandLine, MeasuredProcess, type Outcome } from "./process.ts";

/**
 * How long a sender is left alone once it says that it waits, in milliseconds: some say so
 * shortly before the mailbox server knows it.
 */
const SETTLE_MS = 300;

/** A tool that can hand over a file. */
export interface Tool {
  readonly name: string;
  /** Largest payload it can hand over, in bytes. */
  readonly maxBytes: number;
  /** Starts a sender in `folder`, an empty one, and resolves once it waits for a receiver. */
  share(file: string, folder: string): Promise<Share>;
  /** How long the receiver was at it without its own start-up, in milliseconds, when it tells. */
  transferMs?(receiver: Outcome): number | null;
}

/** A sender that waits, and what a receiver has to do. */
export interface Share {
  readonly sender: MeasuredProcess;
  /** Whether the sender ends once the file is delivered. */
  readonly senderEnds: boolean;
  readonly receiver: CommandLine;
  /** SHA-256 of what the receiver stored, in hex; absent when it stores nothing by design. */
  hashStored?(receiver: Outcome): string | Promise<string>;
}

/** A file to hand over. */
export interface Sample {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/** What one run took on both sides. */
export interface Run {
  readonly sender: Outcome;
  readonly receiver: Outcome;
}

/**
 * Hands a file over once.
 *
 * @param scratch Folder for the temporary files of this run; they are gone afterwards.
 * @throws {Error} When the receiver fails or stores anything but the file.
 */
export async function handOver(
  tool: Tool,
  sample: Sample,
  scratch: string,
): Promise<Run> {
  const folder = await Deno.makeTempDir({ dir: scratch });
  try {
    const share = await tool.share(sample.path, folder);
    await using _sender = share.sender;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await reclaimMemory(`${folder}/reclaim`, sample.bytes);
    await using process = new MeasuredProcess(share.receiver);
    const receiver = await process.outcome;
    if (receiver.code !== 0) {
      throw new Error(
        `${tool.name}: receiver ended with ${receiver.code}: ${receiver.stderr}`,
      );
    }
    const stored = await share.hashStored?.(receiver);
    if (stored !== undefined && stored !== sample.sha256) {
      throw new Error(`${tool.name}: what was stored is not what was sent`);
    }
    const sender = share.senderEnds
      ? await share.sender.outcome
      : await share.sender.end();
    return { sender, receiver };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Writes a file as large as the one to come, and removes it: the host of a virtual machine takes
 * memory back that lies idle for seconds, and the first to write a large file would pay for that.
 */
async function reclaimMemory(path: string, bytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const block = new Uint8Array(1024 * 1024);
  for (let left = bytes; left > 0; left -= block.length) {
    await file.write(block.subarray(0, Math.min(left, block.length)));
  }
  await Deno.remove(path);
}

/** SHA-256 of a file, in hex; reads it piece by piece. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

/** SHA-256 of a text in UTF-8, in hex. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
