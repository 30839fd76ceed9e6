/**
 * A document in a room of our own relay, and those who come for it.
 *
 * @module
 */

import type { RelayConfig } from "../../../relay/config.ts";
import {
  type LocalRelay,
  startLocalRelay,
} from "../../../relay/testing/local_relay.ts";
import { RelayShare } from "../../support/relay_share.ts";

export const MiB = 1024 * 1024;
export const DOCUMENT = "# Through the relay\n\nGrüße, 한글 and 🎉.\n";

/** A relay, a share on it, and a receiver's machine. */
export class Room extends RelayShare {
  private constructor(public relay: LocalRelay) {
    super(relay.url);
    this.stack.defer(() => this.relay[Symbol.asyncDispose]());
  }

  static async open(
    content: string | Uint8Array,
    args: string[] = ["--generate"],
    settings: Partial<RelayConfig> = {},
  ): Promise<Room> {
    return await new Room(await startLocalRelay(settings)).begin(content, args);
  }
}
