/**
 * The steps of a check of a relay, and how a person hears of them.
 *
 * @module
 */

import { PLAIN_RELAY_LACKS } from "../cli/relay_url.ts";
import { formatBytes } from "../cli/terminal.ts";

/** The steps, in their order. */
export const STEPS = [
  /** Name, connection, TLS and upgrade. */
  "connection",
  /** Ours, or that of the Python version alone. */
  "specification",
  /** A room is made, joined, and leads the two together. */
  "room",
  /** 1 MiB from the receiver to the sender. */
  "to_sender",
  /** 1 MiB from the sender to the receiver. */
  "to_receiver",
] as const;

/** One of {@linkcode STEPS}. */
export type CheckStep = typeof STEPS[number];

/** What a step has shown. */
export interface Found {
  /** Whether the relay is a plain one. */
  plain_relay?: boolean;
  /** Code of the room. */
  room?: string;
  /** What has arrived as it was sent. */
  bytes?: number;
}

/** What is being done at each step, for the one that fails. */
export const DOING: Record<CheckStep, string> = {
  connection: "reaching it",
  specification: "asking for a room",
  room: "joining the room",
  to_sender: "sending 1 MiB to the sender",
  to_receiver: "sending 1 MiB to the receiver",
};

/** Tells that a step has passed. @param ms Time that it has taken. */
export function describeStep(
  step: CheckStep,
  { plain_relay, room, bytes = 0 }: Found,
  ms: number,
  url: string,
): string {
  const rate = `${ms} ms, ${formatBytes(bytes * 1000 / ms)}/s`;
  switch (step) {
    case "connection":
      return `reached in ${ms} ms: name, connection${
        url.startsWith("wss:") ? ", TLS" : ""
      } and upgrade to a WebSocket`;
    case "specification":
      return plain_relay
        ? `speaks the Python version's specification only (${ms} ms): ${PLAIN_RELAY_LACKS}`
        : `speaks protocol 2 (${ms} ms): keeps the room of a sender that is cut off, and tells receivers that wait`;
    case "room":
      return `room ${room} made and joined (${ms} ms)`;
    case "to_sender":
      return `1 MiB to the sender, byte for byte (${rate})`;
    case "to_receiver":
      return `1 MiB to the receiver, byte for byte (${rate})`;
  }
}
