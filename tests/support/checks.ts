/**
 * Checks of the tests of commands, and the texts that they send.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Bytes } from "../../lib/bytes.ts";
import { EXIT_CODES, type SpreadErrorCode } from "../../lib/errors.ts";
import type { Ended } from "./output.ts";

/** Longest that something is waited for, in milliseconds: a test that hangs says where. */
const DEADLINE_MS = 90_000;

/**
 * Checks that a command failed as it should: by itself, with its exit code, with the words
 * on stderr, without a stack, and with the same in its last event if there are events.
 */
export function assertFailure(
  ended: Ended,
  code: SpreadErrorCode,
  message: string,
  hint = "",
): void {
  const { stderr, events } = ended;
  // A stop that the user wanted is not an error.
  const label = code === "INTERRUPTED" ? "" : "error: ";
  assertStringIncludes(stderr, `spread: ${label}${message}`);
  if (hint !== "") assertStringIncludes(hintOf(stderr), hint);
  assert(!/^\s+at |NotCapable|Uncaught/m.test(stderr), stderr);
  assertEquals([ended.code, ended.signal], [EXIT_CODES[code], null], stderr);
  if (events.length > 0) {
    const last = events.at(-1)!;
    assertEquals([last.event, last.error], ["failed", code]);
    assertStringIncludes(String(last.message), message);
    assertEquals(last.hint, hintOf(stderr));
  }
}

function hintOf(stderr: string): string {
  return /^spread: hint: (.*)$/m.exec(stderr)?.[1] ?? "";
}

/** Checks that a command did what it should and said nothing of an error. */
export function assertSuccess(ended: Ended): void {
  assertEquals(ended.code, 0, ended.stderr);
  assert(!ended.stderr.includes("error:"), ended.stderr);
}

/** Waits until `check` gives something; for what no event tells of. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + DEADLINE_MS;
  while (performance.now() < end) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** A passphrase that no other test has. */
export function uniquePassphrase(): string {
  return `test ${crypto.randomUUID()}`;
}

/** Bytes that no other test sends, and that do not compress. */
export function randomBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  // Blank payloads are refused.
  bytes[0] = 0xff;
  return bytes;
}

/** SHA-256 in hex. */
export async function sha256(bytes: Bytes): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
