/**
 * The registration of an open share: its entry, and the connection on which its owner's commands
 * reach it.
 *
 * @module
 */

import type { FillRandom } from "../../lib/bytes.ts";
import {
  type Offer,
  TEXT_CHOICE,
  WORK_CHOICE,
} from "../../lib/protocol/transfer/offer.ts";
import {
  logPath,
  MAX_GUESSES,
  MAX_RECEIVERS,
  MAX_SECRET_KINDS,
  removeEntry,
  type ShareEntry,
  writeEntry,
} from "../../lib/shares/entries.ts";
import type { SecretCount } from "../../lib/secrets/places.ts";
import { LogFile } from "../../lib/shares/log_file.ts";
import { type Control, listenToOwner } from "../../lib/shares/owner_control.ts";
import { SpreadError } from "../../lib/errors.ts";
import { fillRandom, sharesFolder } from "../cli/surroundings.ts";
import { Terminal } from "../cli/terminal.ts";
import type { Listeners } from "./listen.ts";
import type { Prepared } from "./prepare.ts";

/** The facts of an entry that are known from the start. */
export type ShareFacts = Pick<
  ShareEntry,
  | "kind"
  | "name"
  | "size"
  | "work"
  | "addresses"
  | "room"
  | "room_state"
  | "relay"
  | "ends"
  | "to"
>;

/** A share known to its owner's other commands. */
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
   * @param onStop Called when the owner asks the share to end.
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
      guesses: [],
    });
    try {
      await registration.#writing;
    } catch (error) {
      control[Symbol.dispose]();
      throw error;
    }
    return registration;
  }

  /**
   * Keeps the entry for a day after the end, because nobody is watching the share.
   *
   * @returns The log of the share.
   */
  keep(): LogFile {
    this.#isKept = true;
    return new LogFile(logPath(this.#folder, this.id));
  }

  /** ID of the share, for `stop`. */
  get id(): string {
    return this.#entry.id;
  }

  /**
   * Adds a receiver that has confirmed this offer. Work is noted with what the same receiver took
   * before, and does not count as another delivery.
   *
   * @param receiver `pair`: our name for it, if the share is for pairs.
   * @param secrets Secrets that were taken out of a chosen payload.
   */
  delivered(
    { peer, pair }: { peer: string; pair?: string },
    { choice, name }: Pick<Offer, "choice" | "name">,
    secrets?: SecretCount[],
  ): void {
    if (choice === WORK_CHOICE) return this.#tookWork({ peer, pair });
    // The text is all that there is to choose besides work.
    const took = choice === undefined || choice === TEXT_CHOICE
      ? undefined
      : { id: choice, name, secrets: secrets?.slice(0, MAX_SECRET_KINDS) };
    this.#addReceiver({ peer, pair, took });
    this.#write({ delivered: this.#entry.delivered + 1 });
  }

  #tookWork({ peer, pair }: { peer: string; pair?: string }): void {
    const { receivers } = this.#entry;
    const i = receivers.findLastIndex((receiver) =>
      receiver.peer === peer && receiver.pair === pair
    );
    const before = receivers[i];
    if (before === undefined || before.work !== undefined) {
      return this.#addReceiver({ peer, pair, work: "alone" });
    }
    this.#write({ receivers: receivers.with(i, { ...before, work: "too" }) });
  }

  #addReceiver(receiver: Omit<ShareEntry["receivers"][number], "at">): void {
    const all = [
      ...this.#entry.receivers,
      { ...receiver, at: new Date().toISOString() },
    ];
    this.#write({ receivers: all.slice(0, MAX_RECEIVERS) });
  }

  /** Adds a wrong passphrase. */
  guessed(peer: string): void {
    const guess = { peer, at: new Date().toISOString() };
    const guesses = [...this.#entry.guesses, guess].slice(0, MAX_GUESSES);
    this.#write({ guesses });
  }

  /** Sets the room and its state, or the addresses, that replace the previous ones. */
  moved(
    place:
      | Pick<ShareEntry, "room" | "room_state">
      | Pick<ShareEntry, "addresses">,
  ): void {
    this.#write(place);
  }

  /** Sets the reason for the end of the share. */
  ends(why: string): void {
    this.#why = why;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control[Symbol.dispose]();
    this.#write({ ended: { at: new Date().toISOString(), why: this.#why } });
    await this.#writing;
    if (!this.#isKept) await removeEntry(this.#folder, this.id);
  }

  /** Writes changes one after the other; the share continues if the entry cannot be written. */
  #write(change: Partial<ShareEntry>): void {
    this.#entry = { ...this.#entry, ...change };
    const entry = this.#entry;
    this.#writing = this.#writing.then(() => writeEntry(this.#folder, entry))
      .catch(() => {});
  }
}

/** The parts of a share, or of words for a pair, that its entry depends on. */
interface Registrable {
  options:
    & Pick<Prepared["options"], "keepOpenMin" | "relay" | "child">
    & Partial<Pick<Prepared["options"], "passphrase">>;
  offer: Pick<ShareFacts, "kind" | "name" | "size"> & Pick<Offer, "work">;
}

/**
 * Makes the share known to `status` and `stop`; without an entry it continues, unknown to both.
 *
 * @param stopping Aborted when the owner asks the share to end.
 */
export async function register(
  { options, offer }: Registrable,
  { addresses, room }: Listeners,
  stopping: AbortController,
  terminal: Terminal,
): Promise<Registration | null> {
  const { kind, name, size, work } = offer;
  const ends = new Date(Date.now() + options.keepOpenMin * 60_000);
  const facts = {
    kind,
    name,
    size,
    work: work?.size,
    addresses,
    room: room?.roomCode,
    room_state: room?.state,
    relay: options.relay,
    to: options.passphrase?.kind === "pairs"
      ? options.passphrase.names
      : undefined,
    ends: ends.toISOString(),
  };
  try {
    const folder = sharesFolder();
    const registration = await Registration.open(folder, facts, fillRandom, {
      onStop: () => stopping.abort(stoppedByOwner()),
    });
    // The room may have changed while the entry was written.
    if (
      room !== null &&
      (room.state !== facts.room_state || room.roomCode !== facts.room)
    ) registration.moved({ room: room.roomCode, room_state: room.state });
    return registration;
  } catch (error) {
    if (!(error instanceof SpreadError) || options.child) throw error;
    terminal.warn(`${error.message}: status and stop will not find this share`);
    return null;
  }
}

function stoppedByOwner(): SpreadError {
  return new SpreadError("INTERRUPTED", "Stopped by claude-spread stop");
}
