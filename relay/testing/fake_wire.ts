/**
 * A wire under the control of a test.
 *
 * @module
 */

import { PIECE_COST_BYTES } from "../../lib/bytes.ts";
import type { Wire } from "../rooms/clients/wire.ts";

/** A wire whose network takes a message only when the test says so. */
export class FakeWire implements Wire {
  readonly said: string[] = [];
  readonly waiting: { length: number; onTaken?: () => void }[] = [];
  isPaused = false;
  incomingBytes = 0;
  end: "closed" | "terminated" | null = null;

  constructor(readonly address: string) {}

  get bufferedBytes(): number {
    return this.waiting.reduce(
      (sum, { length }) => sum + length + PIECE_COST_BYTES,
      0,
    );
  }

  send(data: Uint8Array | string, isText: boolean, onTaken?: () => void): void {
    if (isText) this.said.push(String(data));
    else this.waiting.push({ length: data.length, onTaken });
  }

  /** Lets the network take one message. */
  take(): void {
    this.waiting.shift()?.onTaken?.();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  ping(): void {
    this.said.push("ping");
  }

  close(): void {
    this.end ??= "closed";
  }

  terminate(): void {
    this.end ??= "terminated";
  }
}
