/**
 * The registration of a share: its entry, and the ear for its owner, while it is open.
 *
 * @module
 */

import type { FillRandom } from "../../lib/bytes.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import {
  logPath,
  MAX_RECEIVERS,
  removeEntry,
  type ShareEntry,
  writeEntry,
} from "../../lib/shares/entries.ts";
import { type Control, listenToOwner } from "../../lib/shares/owner_control.ts";
import { SpreadError } from "../../lib/errors.ts";
import { fillRandom, sharesFolder, stateFolder } from "../cli/surroundings.ts";
import { Terminal } from "../cli/terminal.ts";
import type { Listeners } from "./listen.ts";
import type { ServeOptions } from "./options.ts";
import type { Prepared } from "./prepare.ts";

/** What an entry says of a share from the start. */
export type ShareFacts = Pick<
  ShareEntry,
  "kind" | "name" | "size" | "addresses" | "room" | "relay" | "ends"
>;

/** A share that its owner's other commands know of. */
export class Registration implements AsyncDisposable {
  readonly #folder: string;
  readonly #control: Control;
  #entry: ShareEntry;
  #isKept = false;
  #why = "stopped";
  #writing: Promise<void>;

  private constructor(
    folder: string,
    control: Control,
    entry: ShareEntry,
  ) {
    this.#folder = folder;
    this.#control = control;
    this.#entry = entry;
    this.#writing = writeEntry(folder, entry);
    this.#writing.catch(() => {});
  }

  /**
   * Registers a share.
   *
   * @param onStop Called when the owner wants it to end.
   * @throws {SpreadError} `CANNOT_STORE`.
   */
  static async open(
    folder: string,
    facts: ShareFacts,
    fillRandom: FillRandom,
    { onStop }: { onStop: () => void },
  ): Promise<Registration> {
    const id = fillRandom(new Uint8Array(4)).toHex();
    const token = fillRandom(new Uint8Array(16)).toHex();
    const control = listenToOwner({ id, token, onStop });
    const registration = new Registration(folder, control, {
      version: 1,
      id,
      pid: Deno.pid,
      port: control.port,
      token,
      started: new Date().toISOString(),
      ...facts,
      receivers: [],
      delivered: 0,
    });
    try {
      await registration.#writing;
    } catch (error) {
      control[Symbol.dispose]();
      throw error;
    }
    return registration;
  }

  /** Lets the entry stay for a day after the end, because nobody watches. */
  keep(): void {
    this.#isKept = true;
  }

  /** What `stop` takes. */
  get id(): string {
    return this.#entry.id;
  }

  /** Where the share writes once nobody is there to read. */
  get log(): string {
    return logPath(this.#folder, this.id);
  }

  /** Notes a receiver that has confirmed what this offer says. */
  delivered(peer: string, { choice, name }: Offer): void {
    const { receivers, delivered } = this.#entry;
    const took = choice === undefined ? undefined : { id: choice, name };
    const receiver = { peer, at: new Date().toISOString(), took };
    this.#write({
      receivers: [...receivers, receiver].slice(0, MAX_RECEIVERS),
      delivered: delivered + 1,
    });
  }

  /** Notes the room that has replaced the one before. */
  moved(room: string): void {
    this.#write({ room });
  }

  /** Notes why the share ends. */
  ends(why: string): void {
    this.#why = why;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control[Symbol.dispose]();
    this.#write({ ended: { at: new Date().toISOString(), why: this.#why } });
    await this.#writing;
    if (!this.#isKept) await removeEntry(this.#folder, this.id);
  }

  /** One write after the other; a share goes on when its entry cannot be written. */
  #write(change: Partial<ShareEntry>): void {
    this.#entry = { ...this.#entry, ...change };
    const entry = this.#entry;
    this.#writing = this.#writing.then(() => writeEntry(this.#folder, entry))
      .catch(() => {});
  }
}

/** Lets `status` and `stop` know of the share; without a place for that it goes on unknown. */
export async function register(
  options: ServeOptions,
  { offer, created }: Prepared,
  { addresses, room }: Listeners,
  onStop: () => void,
  terminal: Terminal,
): Promise<Registration | null> {
  const { kind, name, size } = offer;
  const ends = new Date(created.getTime() + options.keepOpenMin * 60_000);
  const facts = {
    kind,
    name,
    size,
    addresses,
    room: room?.roomCode,
    relay: options.relay,
    ends: ends.toISOString(),
  };
  try {
    const folder = sharesFolder(stateFolder());
    return await Registration.open(folder, facts, fillRandom, {
      onStop,
    });
  } catch (error) {
    if (!(error instanceof SpreadError) || options.child) throw error;
    terminal.warn(`${error.message}: status and stop will not know this share`);
    return null;
  }
}
