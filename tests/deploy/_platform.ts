/**
 * Deno Deploy as it runs an application, as far as its documentation tells (docs.deno.com,
 * "Deploy", "Runtime"): instances that are started by a request, hand-picked listeners, the
 * client's address in a header alone, SIGINT and SIGKILL, an end when idle, one database.
 *
 * Nothing here is Deno Deploy: no sandbox, no regions, no TLS, and a database of our own.
 *
 * @module
 */

import { close, pump, streamOf, writeAll } from "../../lib/testing/streams.ts";
import type { Build } from "./_builds.ts";
import { type End, Instance } from "./_instance.ts";
import { KvServer } from "./_kv_server.ts";

/** The address of the clients, as the relay is told. */
const CLIENT = "192.0.2.7";

/** How long the platform waits for an application to listen, in milliseconds. */
const START_MS = 20_000;

/** Settings of the platform; all may be left out. */
export interface PlatformOptions {
  /** Time without a byte after which an instance is stopped, in milliseconds. */
  idleMs?: number;
  /** More variables of the application. */
  env?: Record<string, string>;
}

/** An instance that requests can be led to. */
interface Place {
  instance: Instance;
  path: string;
  /** When the last byte passed. */
  usedMs: number;
}

/** The platform with one application on it. */
export class Platform implements AsyncDisposable {
  readonly kv = new KvServer();
  /** Instances, in the order of their start. */
  readonly instances: Instance[] = [];
  /** Bytes that were passed on to clients. */
  bytesToClients = 0;
  readonly #build: Build;
  readonly #options: PlatformOptions;
  readonly #folder: string;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();
  readonly #passing = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;
  /** The instance that gets requests; `null`: a new one. */
  #place: Promise<Place> | null = null;
  #holdBytes = Infinity;
  #held = Promise.withResolvers<void>();
  #released = Promise.withResolvers<void>();

  private constructor(build: Build, folder: string, options: PlatformOptions) {
    this.#build = build;
    this.#folder = folder;
    this.#options = options;
    this.#accepting = this.#accept();
    this.#timer = setInterval(() => this.#stopIdle(), 100);
  }

  static async open(
    build: Build,
    options: PlatformOptions = {},
  ): Promise<Platform> {
    const folder = await Deno.makeTempDir({ prefix: "cs-deploy-" });
    return new Platform(build, folder, options);
  }

  /** The address of the application; the port is the platform's. */
  get url(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** The variables of the next instance. */
  get env(): Record<string, string> {
    return {
      DENO_SERVE_ADDRESS: `unix:${this.#folder}/${this.instances.length}.sock`,
      ...this.kv.env,
      ...this.#options.env,
    };
  }

  /** Whether the next request starts an instance. */
  get isAsleep(): boolean {
    return this.#place === null;
  }

  /** Starts an instance, beside those that there are, and leads to it what comes from now on. */
  async lead(): Promise<Instance> {
    this.#place = this.#start();
    return (await this.#place).instance;
  }

  /** Stops an instance; what comes from now on starts another one. */
  async evict(instance: Instance): Promise<End> {
    this.#place = null;
    return await instance.stop();
  }

  /** Kills an instance; what comes from now on starts another one. */
  async lose(instance: Instance): Promise<void> {
    this.#place = null;
    instance.kill();
    await instance.ended();
  }

  /** Ends every connection that there is. */
  cut(): void {
    for (const connection of this.#connections) close(connection);
  }

  /** Resolves once clients have got so many bytes in all; from then on they get no more. */
  async hold(bytes: number): Promise<void> {
    this.#holdBytes = bytes;
    this.#held = Promise.withResolvers();
    const late = () => this.#held.reject(new Error("Nobody got that much"));
    const timer = setTimeout(late, START_MS);
    await this.#held.promise.finally(() => clearTimeout(timer));
  }

  /** Lets everything pass again. */
  release(): void {
    this.#holdBytes = Infinity;
    this.#released.resolve();
    this.#released = Promise.withResolvers();
  }

  #start(): Promise<Place> {
    const env = this.env;
    const instance = new Instance(this.#build, env);
    this.instances.push(instance);
    return Promise.resolve({
      instance,
      path: env.DENO_SERVE_ADDRESS!.slice(5),
      usedMs: performance.now(),
    });
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const passing = this.#pass(client).catch(() => {}).then(() => {
        close(client);
        this.#connections.delete(client);
        this.#passing.delete(passing);
      });
      this.#passing.add(passing);
    }
  }

  /** Passes one connection on, with the address of the client in the head of its request. */
  async #pass(client: Deno.TcpConn): Promise<void> {
    this.#connections.add(client);
    const request = addHeader(await readHead(client));
    const place = await (this.#place ??= this.#start());
    const relay = await reach(place.path);
    this.#connections.add(relay);
    const used = () => {
      place.usedMs = performance.now();
    };
    const [asking, answering] = [streamOf(client), streamOf(relay)];
    try {
      await writeAll(relay, request);
      await Promise.all([
        pump(asking, answering, used),
        pump(answering, asking, async ({ length }) => {
          used();
          this.bytesToClients += length;
          if (this.bytesToClients < this.#holdBytes) return;
          this.#held.resolve();
          await this.#released.promise;
        }),
      ]);
    } finally {
      close(relay);
      this.#connections.delete(relay);
    }
  }

  async #stopIdle(): Promise<void> {
    const place = await this.#place;
    if (place === null) return;
    const idleMs = performance.now() - place.usedMs;
    if (idleMs < (this.#options.idleMs ?? Infinity)) return;
    await this.evict(place.instance);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#listener.close();
    await this.#accepting;
    this.release();
    this.cut();
    for (const instance of this.instances) {
      await instance[Symbol.asyncDispose]();
    }
    await Promise.all(this.#passing);
    await this.kv[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Reads until the headers of a request have ended, and what came with them. */
async function readHead(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(16_384);
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("No request");
    // Byte for byte.
    head += String.fromCharCode(...buffer.subarray(0, count));
  }
  return head;
}

function addHeader(request: string): Uint8Array {
  const [line, ...rest] = request.split("\r\n");
  const all = [line, `X-Forwarded-For: ${CLIENT}`, ...rest].join("\r\n");
  return Uint8Array.from(all, (character) => character.charCodeAt(0));
}

/** Connects to a socket as soon as somebody listens there. */
async function reach(path: string): Promise<Deno.UnixConn> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
