/**
 * Fixed examples in the place of what differs from run to run, so that two runs read the same.
 *
 * @module
 */

import { LAN_ADDRESS } from "../../tests/claude_code/_network.ts";

/** Values that differ from one scenario to another. */
export interface Examples {
  /** Folder that holds the homes; it is left out. */
  folder: string;
  /** Words in the place of those that shares make. */
  words?: string;
}

/** The line of a share that the receiver types, and what stands before it. */
const TO_THAT_LINE = /^[\s\S]*?\n {4}\S.*\n/;

/** The address of both in the network that they have; a port follows that of the sender. */
const ADDRESS = `(?<![\\d.])${RegExp.escape(LAN_ADDRESS)}`;

/** Text that differs, by what it is, and the example in its place. */
const VARYING: Record<string, [pattern: RegExp, example: string]> = {
  sender: [new RegExp(`${ADDRESS}:\\d+`, "g"), "192.168.1.5:34347"],
  receiver: [new RegExp(`${ADDRESS}\\b`, "g"), "192.168.1.7"],
  seconds: [/\b\d\d s ago\b/g, "just now"],
  minutes: [/\b\d min ago\b/g, "3 min ago"],
  "day of a session": [
    /\b(?:yesterday|[A-Z][a-z]{2} \d{1,2}) \d\d:\d\d\b/g,
    "yesterday 16:09",
  ],
  elapsed: [/\bin \d+(\.\d+)? s\b/g, "in 0.154 s"],
  clock: [/"time":"[^"]*"/g, '"time":"…"'],
  version: [/"version":"[^"]*"/g, '"version":"…"'],
  "packed session": [
    /received [\d.]+ \w+ in (\S+ s)$/gm,
    "received 616 bytes in $1",
  ],
  "size of a session": [/\b4 messages, [\d.]+ \w+/g, "4 messages, 1.7 KB"],
  "size of another": [/\b2 messages, [\d.]+ \w+/g, "2 messages, 863 bytes"],
  "installed session": [
    /--resume [\da-f-]{36}/g,
    "--resume 2c75300b-d177-4ef7-897b-83cafe0cde62",
  ],
  "ID of a share": [/^[\da-f]{8}(?= {2})/gm, "cffd9c3a"],
  "copy of a memory": [/(\/claude-spread\/memory\/)\S+/g, "$1…"],
};

/** File name of a document that Claude writes. */
const DOCUMENT = /(distillation-[\da-f]{8})-[\da-f-]{27}\.md/g;

/** Words as a share makes them: four, of three to five letters, perhaps after the code of a room. */
const WORDS = /\b([a-z\d]{6}-)?[a-z]{3,5}(?:-[a-z]{3,5}){3}\b/g;

/** Code of a room, in the place of the one that a share makes. */
const ROOM = "k7m2xq-";

/** Puts fixed examples in the place of all that differs from run to run. */
export function withExamples(
  text: string,
  { folder, words }: Examples,
): string {
  const named = folder.replace(/[^A-Za-z0-9]/g, "-");
  let result = text.replaceAll(folder, "").replaceAll(named, "");
  if (words !== undefined) {
    result = result.replace(
      WORDS,
      (_, room) => room === undefined ? words : ROOM + words,
    );
  }
  for (const [pattern, example] of Object.values(VARYING)) {
    result = result.replace(pattern, example);
  }
  return result;
}

/**
 * The same for a whole transcript, in which names of documents are shortened. It ends without a
 * line break, and its lines without blanks.
 */
export function fixed(text: string, examples: Examples): string {
  return withExamples(text, examples).replace(DOCUMENT, "$1-….md")
    .replace(/ +$/gm, "").trimEnd();
}

/** Shortens the transcript of a share to what the receiver needs. */
export function shortened(transcript: string): string {
  const [beginning] = TO_THAT_LINE.exec(transcript)!;
  return `${beginning}…`;
}
