/**
 * The server: HTTP for people and monitoring, WebSocket for clients, and the hub that serves
 * both.
 *
 * @module
 */

import type { RelayConfig } from "../config.ts";
import { ConnectionLimits } from "./connection_limits.ts";
import { type Environment, Front } from "./front.ts";
import type { Drops } from "../drops/drops.ts";
import { Hub } from "../rooms/hub.ts";
import type { HttpListener, ListenAddress } from "./listeners/listener.ts";
import type { Wire } from "../rooms/clients/wire.ts";

/** Time between two ticks of the hub, in milliseconds. */
const TICK_MS = 1_000;

/**
 * Time between two messages to clients on Deno Deploy, in milliseconds: the platform ends an
 * instance whose connections were idle for five seconds or more.
 */
const AWAKE_MS = 4_000;

/** Time between two sweeps of drops, in milliseconds. */
const SWEEP_MS = 60_000;

/** Time for clients to answer the closing handshake, in milliseconds. */
const CLOSING_MS = 1_000;

/** A relay server. */
export class RelayServer implements AsyncDisposable {
  readonly hub: Hub;
  readonly #config: RelayConfig;
  readonly #environment: Environment;
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #resources: AsyncDisposable[] = [];
  #drops: Drops | null = null;
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

  /** Keeps drops, too; called before {@linkcode listen}. Disposes of them at the end. */
  useDrops(drops: Drops): void {
    this.#drops = drops;
    this.closeWith(drops);
    void drops.sweep();
    this.#timers.push(setInterval(() => void drops.sweep(), SWEEP_MS));
  }

  /** Starts listening. Rejects when the address cannot be used. */
  async listen(): Promise<ListenAddress> {
    this.#listener = await this.#makeListener();
    return await this.#listener.listen();
  }

  /** Loads only the listener in use, because clients wait during a cold start. */
  async #makeListener(): Promise<HttpListener> {
    const isDeno = this.#config.serveAddress !== "";
    // Under Deno's own server only clients count; the platform's proxy limits connections.
    const limits = new ConnectionLimits(
      this.#config,
      isDeno ? (most) => most : this.#environment.countFreeFiles,
    );
    const options = {
      config: this.#config,
      front: new Front(
        this.#config,
        this.#environment,
        this.hub,
        limits,
        this.#drops,
      ),
      limits,
      log: this.#environment.log,
      connect: (wire: Wire) => this.hub.connect(wire),
    };
    if (isDeno) {
      this.#timers.push(setInterval(() => this.hub.stayAwake(), AWAKE_MS));
      const { DenoListener } = await import("./listeners/deno_listener.ts");
      return new DenoListener(options);
    }
    const { NodeListener } = await import("./listeners/node_listener.ts");
    return new NodeListener(options);
  }

  /** Disposes of `resource` after everything else has ended, in the order of the calls. */
  closeWith(resource: AsyncDisposable): void {
    this.#resources.push(resource);
  }

  /** Ends in order: pairs get time to finish; less than five seconds in all. */
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
