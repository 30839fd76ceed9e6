/**
 * Keeps a multicast DNS socket open on each interface in use, as interfaces come and go.
 *
 * Knows nothing of shares: the pool tells its user which sockets are open.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import type { InterfaceWatch } from "./interface_watch.ts";
import { endpointsOf } from "./interfaces.ts";
import { type MulticastSocket, openSocket } from "./sockets.ts";

/** First and longest pause before a socket that could not be opened is tried again, in milliseconds. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Codes of errors that are about the port, and not about an interface. */
const PORT_ERRORS = ["EADDRINUSE", "EACCES", "EPERM"];

/** Callbacks of the user of a pool. */
export interface SocketUser {
  /** Called with the sockets that have been opened together; never with none. */
  opened(sockets: MulticastSocket[]): Promise<void> | void;
  /** Called before a socket is closed, because of a change of its interface or a sleep. */
  gone?(socket: MulticastSocket): void;
}

/** Open sockets, one for each endpoint; disposing of the pool closes them without a callback. */
export class SocketPool implements AsyncDisposable {
  readonly #watch: InterfaceWatch;
  readonly #user: SocketUser;
  readonly #open = new Map<string, MulticastSocket>();
  #following: Disposable | null = null;
  #renewing: Promise<void> = Promise.resolve();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #failure: SpreadError | null = null;
  #isOver = false;

  private constructor(watch: InterfaceWatch, user: SocketUser) {
    this.#watch = watch;
    this.#user = user;
  }

  /** Opens all sockets that can be opened, and follows the interfaces of `watch` from then on. */
  static async open(
    watch: InterfaceWatch,
    user: SocketUser,
  ): Promise<SocketPool> {
    const pool = new SocketPool(watch, user);
    pool.#following = watch.follow(({ hasSlept }) => {
      pool.#retryMs = FIRST_RETRY_MS;
      void pool.#renewNext(hasSlept);
    });
    await pool.#renewNext(false);
    return pool;
  }

  get sockets(): MulticastSocket[] {
    return [...this.#open.values()];
  }

  /**
   * Error while no interface can be used: `CANNOT_LISTEN` when that is because the port cannot be
   * had, otherwise `NO_NETWORK`. `null` while one can.
   */
  get failure(): SpreadError | null {
    return this.#failure;
  }

  /** Brings the sockets in line with the interfaces, once earlier changes are done. */
  #renewNext(hasSlept: boolean): Promise<void> {
    return this.#renewing = this.#renewing.then(() => this.#renew(hasSlept));
  }

  /** @param hasSlept Whether to replace every socket: after a sleep an open one may be dead. */
  async #renew(hasSlept: boolean): Promise<void> {
    if (this.#isOver) return;
    clearTimeout(this.#retry);
    const endpoints = endpointsOf(this.#watch.interfaces);
    const keys = new Set(endpoints.map(({ key }) => key));
    for (const [key, socket] of this.#open) {
      if (!hasSlept && keys.has(key)) continue;
      this.#open.delete(key);
      this.#user.gone?.(socket);
      await socket[Symbol.asyncDispose]();
    }
    const missing = endpoints.filter(({ key }) => !this.#open.has(key));
    const results = await Promise.allSettled(missing.map(openSocket));
    const opened = results.flatMap((result, index) => {
      if (result.status === "rejected") return [];
      this.#open.set(missing[index]!.key, result.value);
      return [result.value];
    });
    const causes = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason] : []
    );
    this.#failure = this.#open.size > 0 ? null : explain(causes);
    if (causes.length > 0) this.#tryLater();
    if (opened.length > 0) await this.#user.opened(opened);
  }

  /** Tries again later: an address may not be ready yet, or another program gives up the port. */
  #tryLater(): void {
    if (this.#isOver) return;
    const retry = () => void this.#renewNext(false);
    this.#retry = setTimeout(retry, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#following?.[Symbol.dispose]();
    clearTimeout(this.#retry);
    await this.#renewing;
    await Promise.all(
      this.sockets.map((socket) => socket[Symbol.asyncDispose]()),
    );
    this.#open.clear();
  }
}

/** @param causes Errors of the sockets that could not be opened; none without interfaces. */
function explain(causes: { code?: string }[]): SpreadError {
  const ofPort = causes.find(({ code }) => PORT_ERRORS.includes(code ?? ""));
  if (ofPort === undefined) {
    return new SpreadError(
      "NO_NETWORK",
      "This machine has no network connection on which a share can be found",
      "Connect to the network that the sender is on and try again, or add the sender's address (host:port)",
      { cause: causes[0] },
    );
  }
  return new SpreadError(
    "CANNOT_LISTEN",
    "Cannot use multicast DNS on any network interface",
    "End the program that keeps UDP port 5353 to itself, or add the sender's address (host:port)",
    { cause: ofPort },
  );
}
