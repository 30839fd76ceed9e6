/**
 * The server: HTTP for people and monitors, WebSocket for clients, and the hub behind both.
 *
 * @module
 */

import type { RelayConfig } from "../config.ts";
import { type Environment, Front } from "./front.ts";
import { Hub } from "../rooms/hub.ts";
import type { HttpListener, ListenAddress } from "./listener.ts";
import type { Wire } from "../rooms/wire.ts";

/** How often the hub looks after what only time tells, in milliseconds. */
const TICK_MS = 1_000;

/**
 * Time between two words to clients on Deno Deploy, in milliseconds: it ends an instance on
 * whose connections nothing passed for five seconds or more.
 */
const AWAKE_MS = 4_000;

/** Time for clients to answer the closing of their connection, in milliseconds. */
const CLOSING_MS = 1_000;

/** A relay that serves. */
export class RelayServer implements AsyncDisposable {
  readonly hub: Hub;
  readonly #config: RelayConfig;
  readonly #environment: Environment;
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #resources: AsyncDisposable[] = [];
  #listener: HttpListener | null = null;
  #stopping: Promise<void> | null = null;

  /** @param secret Key of the resume tokens. */
  constructor(config: RelayConfig, secret: string, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
    this.hub = new Hub(config, secret, environment);
    this.#timers = [
      setInterval(() => this.hub.tick(), TICK_MS),
      setInterval(() => this.hub.ping(), config.pingMs),
    ];
  }

  /** Starts to listen. Rejects when the address cannot be had. */
  async listen(): Promise<ListenAddress> {
    this.#listener = await this.#makeListener();
    return await this.#listener.listen();
  }

  /** Loads the one listener that is used: a cold start is waited for. */
  async #makeListener(): Promise<HttpListener> {
    const options = {
      config: this.#config,
      front: new Front(this.#config, this.#environment, this.hub),
      connect: (wire: Wire) => this.hub.connect(wire),
    };
    if (this.#config.serveAddress !== "") {
      this.#timers.push(setInterval(() => this.hub.stayAwake(), AWAKE_MS));
      const { DenoListener } = await import("./deno_listener.ts");
      return new DenoListener(options);
    }
    const { NodeListener } = await import("./node_listener.ts");
    return new NodeListener(options);
  }

  /** Disposes of `resource` once everything has ended; the first one given goes first. */
  closeWith(resource: AsyncDisposable): void {
    this.#resources.push(resource);
  }

  /** Ends in order, within five seconds. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    this.#listener?.shut();
    await this.hub.shutdown(AbortSignal.timeout(this.#config.drainMs));
    const deadline = this.#environment.now() + CLOSING_MS;
    while (this.hub.peerCount > 0 && this.#environment.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const timer of this.#timers) clearInterval(timer);
    this.hub.terminateAll();
    await this.#listener?.end();
    for (const resource of this.#resources) {
      await resource[Symbol.asyncDispose]();
    }
  }
}
