/**
 * Announces one share by multicast DNS on every interface in use, and follows their changes.
 *
 * `responder.ts` does it for one socket, `socket_pool.ts` keeps the sockets.
 *
 * @module
 */

import type { FillRandom } from "../bytes.ts";
import type { SpreadError } from "../errors.ts";
import { type Announcement, describe, nameHost } from "./dns_records.ts";
import type { InterfaceWatch } from "./interface_watch.ts";
import { Responder } from "./responder.ts";
import { SocketPool } from "./socket_pool.ts";
import type { MulticastSocket } from "./sockets.ts";

/** A share that stays announced on the local network until this is disposed of. */
export class Announcer implements AsyncDisposable {
  #announcement: Announcement;
  #pool: SocketPool | null = null;
  readonly #responders = new Map<MulticastSocket, Responder>();
  /** The withdrawal, once it has begun. */
  #ending: Promise<void> | null = null;

  /** @param host Host name in the announcement: `claude-spread-<8 hex>.local`. */
  private constructor(announcement: Announcement, readonly host: string) {
    this.#announcement = announcement;
  }

  /**
   * Announces a share on the interfaces of `watch`, and follows their changes.
   *
   * Disposing of the announcer withdraws the share with a goodbye and closes every socket.
   * Where no interface can be used, the share stays unannounced until one can; `failure` says
   * so.
   *
   * @returns Once the share is announced and questions are answered.
   * @throws {TypeError} When the instance is not of {@linkcode nameInstance}'s form.
   * @throws {RangeError} When the port is not 1 to 65535.
   * @throws The reason of `signal` when that aborts first.
   */
  static async open(
    announcement: Announcement,
    { watch, fillRandom, signal }: {
      watch: InterfaceWatch;
      fillRandom: FillRandom;
      signal?: AbortSignal;
    },
  ): Promise<Announcer> {
    signal?.throwIfAborted();
    const announcer = new Announcer(announcement, nameHost(fillRandom));
    // Throws for an invalid announcement before anything is open.
    describe(announcement, announcer.host, []);
    announcer.#pool = await SocketPool.open(watch, {
      opened: (sockets) => announcer.#begin(sockets),
      gone: (socket) => announcer.#leave(socket),
    });
    if (signal?.aborted) await announcer[Symbol.asyncDispose]();
    signal?.throwIfAborted();
    return announcer;
  }

  /** `CANNOT_LISTEN` or `NO_NETWORK` while the share is announced on no interface; otherwise `null`. */
  get failure(): SpreadError | null {
    return this.#pool!.failure;
  }

  /** Announces the room that the share has from now on, in place of the earlier one. */
  moved(room: string): void {
    // Nothing may follow the goodbye.
    if (this.#ending !== null) return;
    this.#announcement = { ...this.#announcement, room };
    for (const [{ link }, responder] of this.#responders) {
      void responder.change(this.#describe(link.addresses));
    }
  }

  async #begin(sockets: MulticastSocket[]): Promise<void> {
    // Nothing may follow the goodbye.
    if (this.#ending !== null) return;
    await Promise.all(sockets.map((socket) => {
      const records = this.#describe(socket.link.addresses);
      const responder = new Responder(socket, records);
      this.#responders.set(socket, responder);
      return responder.announce();
    }));
  }

  #describe(addresses: string[]) {
    return describe(this.#announcement, this.host, addresses);
  }

  #leave(socket: MulticastSocket): void {
    this.#responders.get(socket)?.silence();
    this.#responders.delete(socket);
  }

  /** Withdraws the share and closes every socket; a second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending ??= this.#withdraw();
  }

  async #withdraw(): Promise<void> {
    await Promise.all(
      [...this.#responders.values()].map((responder) =>
        responder[Symbol.asyncDispose]()
      ),
    );
    await this.#pool?.[Symbol.asyncDispose]();
  }
}
