/**
 * A Deno KV database that several processes reach over the network, in memory: KV Connect, the
 * protocol by which `Deno.openKv("http://…")` speaks to Deno Deploy's.
 *
 * Reads, writes with checks, expiry and watches, which is all that the relay uses; no queues,
 * no sums. Field numbers are those of `com.deno.kv.datapath`.
 *
 * @module
 */

import { encode, Message } from "./_protobuf.ts";

/** The token by which the server lets instances in. */
export const ACCESS_TOKEN = "token of the emulation";

interface Entry {
  key: Uint8Array;
  value: Uint8Array;
  encoding: number;
  version: Uint8Array;
  /** When it is forgotten, in milliseconds since 1970; 0: never. */
  expiresMs: number;
}

interface Watcher {
  keys: Uint8Array[];
  controller: ReadableStreamDefaultController<Uint8Array>;
}

const SUCCESS = 1;
const CHECK_FAILED = 2;
const DELETE = 2;

/** A database and its server. */
export class KvServer implements AsyncDisposable {
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Set<Watcher>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #commits = 0;
  #slow = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Requests that were asked in all. */
  requests = 0;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#respond(request),
    );
  }

  /** The variables that the platform sets for its applications. */
  get env(): Record<string, string> {
    return {
      DENO_KV_DEFAULT_PATH: `http://127.0.0.1:${this.#server.addr.port}`,
      DENO_KV_ACCESS_TOKEN: ACCESS_TOKEN,
    };
  }

  /** Answers nothing for a while; what is asked meanwhile is answered then. */
  slowDown(ms: number): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#slow = promise;
    this.#timer = setTimeout(resolve, ms);
  }

  async #respond(request: Request): Promise<Response> {
    this.requests++;
    const { pathname } = new URL(request.url);
    const data = new Uint8Array(await request.arrayBuffer());
    await this.#slow;
    if (request.headers.get("authorization") !== `Bearer ${ACCESS_TOKEN}`) {
      return new Response("Who is this?", { status: 401 });
    }
    switch (pathname) {
      case "/":
        return this.#describe();
      case "/kv/snapshot_read":
        return answer(this.#read(new Message(data)));
      case "/kv/atomic_write":
        return answer(this.#write(new Message(data)));
      case "/kv/watch":
        return new Response(this.#watch(new Message(data)));
      default:
        return new Response("There is nothing here", { status: 404 });
    }
  }

  #describe(): Response {
    return Response.json({
      version: 3,
      databaseId: "11111111-2222-4333-8444-555555555555",
      endpoints: [{ url: "/kv", consistency: "strong" }],
      token: ACCESS_TOKEN,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
  }

  #read(request: Message): Uint8Array {
    const ranges = request.messages(1).map((range) => {
      const [start, end] = [range.bytes(1).toHex(), range.bytes(2).toHex()];
      const found = this.#keysIn(start, end)
        .flatMap((key) => this.#find(key) ?? []);
      if (range.number(4) === 1) found.reverse();
      return encode(
        ...found.slice(0, range.number(3))
          .map((entry) => [1, encodeEntry(entry)] as [number, Uint8Array]),
      );
    });
    return encode(
      ...ranges.map((range) => [1, range] as [number, Uint8Array]),
      [4, 1],
      [8, SUCCESS],
    );
  }

  /** The keys of a range, in order. */
  #keysIn(start: string, end: string): string[] {
    // The range of a single key, which is what is read most.
    if (end === `${start}00`) return [start];
    return [...this.#entries.keys()]
      .filter((key) => key >= start && key < end).sort();
  }

  #write(request: Message): Uint8Array {
    const holds = request.messages(1).every((check) => {
      const version = this.#find(check.bytes(1).toHex())?.version;
      return (version?.toHex() ?? "") === check.bytes(2).toHex();
    });
    if (!holds) return encode([1, CHECK_FAILED]);
    const version = new Uint8Array(10);
    new DataView(version.buffer).setUint32(4, ++this.#commits);
    for (const mutation of request.messages(2)) this.#mutate(mutation, version);
    this.#tell(request.messages(2).map((mutation) => mutation.bytes(1)));
    return encode([1, SUCCESS], [2, version]);
  }

  #mutate(mutation: Message, version: Uint8Array): void {
    const key = mutation.bytes(1);
    if (mutation.number(3) === DELETE) {
      this.#entries.delete(key.toHex());
      return;
    }
    const value = new Message(mutation.bytes(2));
    this.#entries.set(key.toHex(), {
      key,
      value: value.bytes(1),
      encoding: value.number(2),
      version,
      expiresMs: mutation.number(4),
    });
  }

  #watch(request: Message): ReadableStream<Uint8Array> {
    const keys = request.messages(1).map((key) => key.bytes(1));
    let watcher: Watcher;
    return new ReadableStream({
      start: (controller) => {
        watcher = { keys, controller };
        this.#watchers.add(watcher);
        this.#show(watcher);
      },
      cancel: () => void this.#watchers.delete(watcher),
    });
  }

  #tell(changed: Uint8Array[]): void {
    const names = new Set(changed.map((key) => key.toHex()));
    for (const watcher of this.#watchers) {
      if (watcher.keys.some((key) => names.has(key.toHex()))) {
        this.#show(watcher);
      }
    }
  }

  /** Tells a watcher how its keys stand, after the length of what follows. */
  #show({ keys, controller }: Watcher): void {
    const outputs = keys.map((key): [number, Uint8Array] => {
      const entry = this.#find(key.toHex());
      return [
        2,
        entry === undefined
          ? encode([1, 1])
          : encode([1, 1], [2, encodeEntry(entry)]),
      ];
    });
    const message = encode([1, SUCCESS], ...outputs);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, message.length, true);
    void this.#slow.then(() => {
      controller.enqueue(length);
      controller.enqueue(message);
    }).catch(() => {});
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    const isOver = entry !== undefined && entry.expiresMs > 0 &&
      entry.expiresMs <= Date.now();
    return isOver ? undefined : entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    for (const { controller } of this.#watchers) controller.close();
    await this.#server.shutdown();
  }
}

function encodeEntry({ key, value, encoding, version }: Entry): Uint8Array {
  return encode([1, key], [2, value], [3, encoding], [4, version]);
}

function answer(message: Uint8Array): Response {
  return new Response(message as Uint8Array<ArrayBuffer>, {
    headers: { "content-type": "application/x-protobuf" },
  });
}
