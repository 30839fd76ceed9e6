/**
 * Kit for tests of secure channels: pairs of them on every kind of connection.
 *
 * @module
 */

import type { SecureChannelOptions } from "../protocol/secure_channel.ts";
import type { Channel } from "../transports/channel.ts";
import { connectMemory } from "./memory_channel.ts";
import {
  codeOf,
  connectLoopback,
  secure,
  type SecurePair,
  within,
} from "./protocol.ts";
import { connectRelay } from "./relay_pair.ts";

/** Ways to connect two ends. */
export const CONNECTIONS: [
  transport: string,
  connect: () => Promise<[Channel, Channel]>,
][] = [
  ["memory", () => Promise.resolve(connectMemory())],
  ["TCP", connectLoopback],
  ["a relay", connectRelay],
];

/** Runs `body` with both ends and closes them. */
export async function withPair(
  body: (pair: SecurePair) => Promise<void>,
  timing?: SecureChannelOptions,
  ends: [Channel, Channel] = connectMemory(),
): Promise<void> {
  const pair = await secure(ends, timing);
  try {
    await body(pair);
  } finally {
    await within(
      10_000,
      Promise.all([
        pair.sender[Symbol.asyncDispose](),
        pair.receiver[Symbol.asyncDispose](),
      ]),
    );
  }
}

/** The code of the error with which a channel receives nothing, or the record that came. */
export async function codeOfReceive(
  channel: SecurePair["sender"],
): Promise<string> {
  return await within(30_000, channel.receive()).then(
    (record) => `record of type ${record.type}`,
    codeOf,
  );
}
