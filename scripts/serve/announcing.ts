/**
 * The announcement of a share on the local network; it is updated when the share moves to another
 * room.
 *
 * @module
 */

import {
  announce,
  type Announcement,
  type Announcer,
} from "../../lib/discovery/mdns.ts";

/** Announces a share until disposed of. */
export class Announcing implements AsyncDisposable {
  #announcement: Announcement;
  readonly #options: Parameters<typeof announce>[1];
  #announcer: Announcer | null;
  #changing: Promise<void> = Promise.resolve();
  /** The withdrawal, once it has begun. */
  #ending: Promise<void> | null = null;

  private constructor(
    announcement: Announcement,
    options: Parameters<typeof announce>[1],
    announcer: Announcer,
  ) {
    this.#announcement = announcement;
    this.#options = options;
    this.#announcer = announcer;
  }

  /** @throws {SpreadError} `CANNOT_LISTEN` when no interface can be used. */
  static async open(
    announcement: Announcement,
    options: Parameters<typeof announce>[1],
  ): Promise<Announcing> {
    const announcer = await announce(announcement, options);
    return new Announcing(announcement, options, announcer);
  }

  /** Announces a new room instead of the old one; the share continues if that fails. */
  moved(room: string): void {
    this.#announcement = { ...this.#announcement, room };
    this.#changing = this.#changing.then(() => this.#renew()).catch(() => {});
  }

  async #renew(): Promise<void> {
    if (this.#ending !== null) return;
    // The goodbye first: it withdraws everything announced under the same name.
    await this.#announcer?.[Symbol.asyncDispose]();
    this.#announcer = null;
    this.#announcer = await announce(this.#announcement, this.#options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending ??= this.#withdraw();
  }

  async #withdraw(): Promise<void> {
    await this.#changing;
    await this.#announcer?.[Symbol.asyncDispose]();
  }
}
