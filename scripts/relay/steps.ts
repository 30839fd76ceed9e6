/**
 * The steps of a relay check, and their description for people.
 *
 * @module
 */

import { PLAIN_RELAY_LACKS } from "../cli/relay_url.ts";
import { formatBytes, formatSpan } from "../cli/screen/format.ts";
import type { BeyondRooms } from "./beyond_rooms.ts";

/** The steps in order. */
export const STEPS = [
  /** Name resolution, connection, TLS and upgrade. */
  "connection",
  /** Whether the relay speaks our protocol, or only that of the Python version. */
  "specification",
  /** Creating a room, joining it, and meeting in it. */
  "room",
  /** 1 MiB from the receiver to the sender. */
  "to_sender",
  /** 1 MiB from the sender to the receiver. */
  "to_receiver",
  /** Whether the relay knows topics and keeps drops, for pairs. */
  "pairs",
] as const;

/** One of {@linkcode STEPS}. */
export type CheckStep = typeof STEPS[number];

/** The findings of a step. */
export interface StepFindings extends Partial<BeyondRooms> {
  /** Whether the relay is a plain one. */
  plain_relay?: boolean;
  /** Code of the room. */
  room?: string;
  /** Number of bytes that arrived unchanged. */
  bytes?: number;
}

/** Description of each step, for the one that fails. */
export const DOING: Record<CheckStep, string> = {
  connection: "connecting",
  specification: "asking for a room",
  room: "joining the room",
  to_sender: "sending 1 MiB to the sender",
  to_receiver: "sending 1 MiB to the receiver",
  pairs: "asking for topics and drops",
};

/**
 * Describes a step that has passed.
 *
 * @param ms Duration of the step.
 */
export function describeStep(
  step: CheckStep,
  found: StepFindings,
  ms: number,
  url: string,
): string {
  const { plain_relay, room, bytes = 0 } = found;
  const rate = `${ms} ms, ${formatBytes(bytes * 1000 / ms)}/s`;
  switch (step) {
    case "connection":
      return `reached in ${ms} ms: name, connection${
        url.startsWith("wss:") ? ", TLS" : ""
      } and upgrade to a WebSocket`;
    case "specification":
      return plain_relay
        ? `speaks the Python version's specification only (${ms} ms): ${PLAIN_RELAY_LACKS}`
        : `speaks protocol 2 (${ms} ms): keeps the room of a sender that is cut off, and tells waiting receivers their place`;
    case "room":
      return `room ${room} made and joined (${ms} ms)`;
    case "to_sender":
      return `1 MiB to the sender, byte for byte (${rate})`;
    case "to_receiver":
      return `1 MiB to the receiver, byte for byte (${rate})`;
    case "pairs":
      return `${describeOffers(found)} (${ms} ms)`;
  }
}

/** Describes what a relay does for pairs, and for payloads that wait. */
function describeOffers({ topics, drops }: StepFindings): string {
  const forPairs = topics
    ? "knows topics, so that pairs find each other here"
    : "does not know topics: pairs find each other on the local network only";
  if (!drops) {
    return `${forPairs}; does not keep drops: nothing can be left here`;
  }
  const { max_bytes, max_ttl_s } = drops;
  const time = formatSpan(max_ttl_s * 1000);
  return `${forPairs}; keeps drops, up to ${
    formatBytes(max_bytes)
  } each for ${time}`;
}
