/**
 * The interface of every tool in a benchmark, and one run of a tool.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type CommandLine, MeasuredProcess, type Outcome } from "./process.ts";

/**
 * Pause after a sender reports that it waits, in milliseconds: some report it shortly before the
 * mailbox server knows.
 */
const SETTLE_MS = 300;

/** A tool that can hand over a file. */
export interface Tool {
  readonly name: string;
  /** Largest payload, in bytes. */
  readonly maxBytes: number;
  /** Starts a sender in the empty `folder`; resolves once it waits for a receiver. */
  share(file: string, folder: string): Promise<Share>;
  /** Receiver's own time without startup, in milliseconds, if it reports one. */
  transferMs?(receiver: Outcome): number | null;
}

/** A waiting sender, and the receiver's command line. */
export interface Share {
  readonly sender: MeasuredProcess;
  /** Whether the sender ends after delivery. */
  readonly senderEnds: boolean;
  readonly receiver: CommandLine;
  /** SHA-256 of the stored file, in hex; absent when the receiver stores nothing by design. */
  hashStored?(receiver: Outcome): string | Promise<string>;
}

/** A file to hand over. */
export interface Sample {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/** Results of one run on both sides. */
export interface Run {
  readonly sender: Outcome;
  readonly receiver: Outcome;
}

/**
 * Hands a file over once.
 *
 * @param scratch Folder for the temporary files of this run, which are removed afterwards.
 * @throws {Error} When the receiver fails, or stores anything but the file.
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
    await settle();
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

/** Lets senders that have reported get ready. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/**
 * Writes and removes a file of the size to come. The host of a virtual machine reclaims memory
 * that is idle for seconds, and the first tool to write a large file would pay for that.
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
