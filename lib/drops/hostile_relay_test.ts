/** A relay that breaks the rules, before a receiver and a sender. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import { BytesPayload } from "../files/payload/source.ts";
import type { Offer } from "../protocol/transfer/offer.ts";
import { DropRelay } from "./drop_relay.ts";
import { DropKeys } from "./keys.ts";
import { partCount } from "./layout.ts";
import { leaveDrop } from "./leave.ts";
import { DropSealer } from "./seal.ts";
import { DropTaking } from "./take.ts";

const TAKING = "7".repeat(32);
const random = (bytes: Bytes) => crypto.getRandomValues(bytes);

/** A drop of three parts. */
async function makeDrop(fill: number) {
  const payload = new Uint8Array(150_000).fill(fill);
  const source = new BytesPayload(payload);
  const keys = await DropKeys.ofCode(new Uint8Array(16).fill(fill));
  const offer: Offer = {
    kind: "distillation",
    name: "a",
    size: payload.length,
    sha256: source.sha256,
    created: "2026-11-29T10:00:00.000Z",
  };
  const sealer = new DropSealer(keys, offer, source, 1e7);
  const parts = await Array.fromAsync(sealer.seal(random));
  const state = {
    state: "waiting",
    bytes: sealer.bytes,
    parts: partCount(sealer.bytes),
    next: 3,
    expires_s: 1000,
  };
  return { keys, sealer, parts, state };
}

type Drop = Awaited<ReturnType<typeof makeDrop>>;

/** Answers a request by its method and the last part of its path. */
type Answer = (name: string) => string | Bytes | null;

/** An HTTP answer with this body, as bytes on the wire. */
function http(body: string | Bytes, head = "200 OK", headers = ""): string {
  const text = typeof body === "string"
    ? body
    : String.fromCharCode(...[...body]);
  return `HTTP/1.1 ${head}\r\n${headers}Content-Length: ${text.length}\r\n\r\n${text}`;
}

const json = (value: unknown) => http(JSON.stringify(value));

/** A server that writes what `answer` says, byte for byte, and without end what begins with `∞`. */
class Hostile implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  readonly requests: string[] = [];
  /** Bytes that were written. */
  sent = 0;

  constructor(private readonly answer: Answer) {
    this.#serving = this.#serve();
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  async #serve(): Promise<void> {
    const all: Promise<void>[] = [];
    for await (const conn of this.#listener) {
      all.push(this.#talk(conn).catch(() => {}));
    }
    await Promise.all(all);
  }

  async #talk(conn: Deno.TcpConn): Promise<void> {
    using _conn = conn;
    const buffer = new Uint8Array(100_000);
    for (;;) {
      let text = "";
      while (!text.includes("\r\n\r\n")) {
        const count = await conn.read(buffer);
        if (count === null) return;
        text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
      }
      const body = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      let got = text.length - text.indexOf("\r\n\r\n") - 4;
      while (got < body) got += await conn.read(buffer) ?? body;
      const [method, path] = text.split(" ");
      const name = `${method} ${path!.split("/").at(-1)}`;
      this.requests.push(name);
      const said = this.answer(name);
      if (said === null) return;
      const bytes = typeof said === "string"
        ? Uint8Array.from(said.replace(/^∞/, ""), (c) => c.charCodeAt(0))
        : said;
      do {
        for (let at = 0; at < bytes.length;) {
          at += await conn.write(bytes.subarray(at));
        }
        this.sent += bytes.length;
      } while (typeof said === "string" && said.startsWith("∞"));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving.catch(() => {});
  }
}

function relayAt(url: string, silentMs = 20_000): DropRelay {
  const { signal } = new AbortController();
  const times = { silentMs, requestMs: 60_000 };
  return new DropRelay(url, { proxy: null, signal, pausesMs: [], ...times });
}

/** An honest answer to a receiver. */
function honest({ state, parts }: Drop, name: string): string {
  const part = /^GET (\d)$/.exec(name)?.[1];
  return part === undefined ? json(state) : http(parts[Number(part)]!);
}

const endless = "x".repeat(50_000);

const RECEIVING: [
  what: string,
  code: SpreadErrorCode,
  answer: (drop: Drop, other: Drop, name: string) => string | null,
][] = [
  [
    "another's drop",
    "PAYLOAD_CORRUPT",
    (drop, other, name) => honest(name === "GET 0" ? other : drop, name),
  ],
  [
    "a part of another's drop",
    "PAYLOAD_CORRUPT",
    (drop, other, name) => honest(name === "GET 2" ? other : drop, name),
  ],
  [
    "a part twice",
    "PAYLOAD_CORRUPT",
    (drop, _, name) => honest(drop, name === "GET 2" ? "GET 1" : name),
  ],
  [
    "a short part",
    "PAYLOAD_CORRUPT",
    (drop, _, name) =>
      name === "GET 1" ? http(drop.parts[1]!.slice(0, -1)) : honest(drop, name),
  ],
  [
    "a shorter drop",
    "PAYLOAD_CORRUPT",
    (drop, _, name) =>
      name.length > 10
        ? json({ ...drop.state, bytes: 61_440, parts: 1 })
        : honest(drop, name),
  ],
  [
    "a longer drop",
    "PAYLOAD_CORRUPT",
    (drop, _, name) =>
      name.length > 10
        ? json({ ...drop.state, bytes: drop.state.bytes + 61_440, parts: 4 })
        : honest(drop, name),
  ],
  [
    "a number of parts that is wrong",
    "BAD_MESSAGE",
    (drop) => json({ ...drop.state, parts: 2 }),
  ],
  [
    "a drop of 4 GB",
    "BAD_MESSAGE",
    (drop) => json({ ...drop.state, bytes: 4e9, parts: partCount(4e9) }),
  ],
  ["JSON of another form", "BAD_MESSAGE", () => json({ state: "waiting" })],
  ["no JSON", "BAD_MESSAGE", () => http("hello")],
  [
    "JSON of a megabyte",
    "RELAY_UNREACHABLE",
    (drop) => json({ ...drop.state, more: "x".repeat(1e6) }),
  ],
  [
    "JSON without end",
    "RELAY_UNREACHABLE",
    () => `∞HTTP/1.1 200 OK\r\n\r\n${endless}`,
  ],
  [
    "chunks without end",
    "RELAY_UNREACHABLE",
    () => `∞HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n`,
  ],
  [
    "a head without end",
    "RELAY_UNREACHABLE",
    () => `∞HTTP/1.1 200 OK\r\nX-A: ${endless}`,
  ],
  [
    "a part without end",
    "RELAY_UNREACHABLE",
    (drop, _, name) =>
      name === "GET 1"
        ? `∞HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n${endless}`
        : honest(drop, name),
  ],
  [
    "provisional answers without end",
    "RELAY_UNREACHABLE",
    () => "∞HTTP/1.1 100 Continue\r\n\r\n",
  ],
  [
    "a compressed answer",
    "RELAY_UNREACHABLE",
    (drop) =>
      http(JSON.stringify(drop.state), "200 OK", "Content-Encoding: gzip\r\n"),
  ],
  [
    "a redirection",
    "RELAY_UNREACHABLE",
    () => http("", "302 Found", "Location: http://127.0.0.1:1/\r\n"),
  ],
  [
    "silence",
    "RELAY_UNREACHABLE",
    (drop, _, name) => name === "GET 1" ? "" : honest(drop, name),
  ],
  [
    "an end",
    "RELAY_UNREACHABLE",
    (drop, _, name) => name === "GET 1" ? null : honest(drop, name),
  ],
  [
    "a refusal that nobody knows",
    "BAD_MESSAGE",
    () => http('{"error":"no_such_thing"}', "418 No"),
  ],
];

for (const [what, code, answer] of RECEIVING) {
  Deno.test(`DropTaking takes nothing from a relay that sends ${what}`, async () => {
    const [drop, other] = [await makeDrop(7), await makeDrop(8)];
    await using hostile = new Hostile((name) => answer(drop, other, name));
    using relay = relayAt(hostile.url, what === "silence" ? 300 : undefined);
    let taken = 0;
    const error = await assertRejects(async () => {
      const taking = await DropTaking.open(relay, drop.keys, TAKING);
      await taking.fetch(0, 150_000, (bytes) => {
        assert(bytes.every((byte) => byte === 7));
        taken += bytes.length;
      });
    }, SpreadError);
    assertEquals(error.code, code, error.message);
    assert(taken < 150_000, "all of it was taken");
    assert(hostile.sent < 8e6, `it could send ${hostile.sent} bytes`);
    assert(!hostile.requests.some((name) => name.startsWith("DELETE")));
    // Nothing that it sends is shown to a person.
    assert(!/xxx|hello|no such/i.test(`${error.message} ${error.hint}`));
  });
}

const LEAVING: [
  string,
  SpreadErrorCode,
  (drop: Drop, name: string) => string,
][] = [
  [
    "confirms less than it got",
    "BAD_MESSAGE",
    (drop) => json({ ...drop.state, state: "filling" }),
  ],
  [
    "confirms another drop",
    "BAD_MESSAGE",
    (drop) => json({ ...drop.state, bytes: 61_440, parts: 1 }),
  ],
  [
    "confirms without end",
    "RELAY_UNREACHABLE",
    () => `∞HTTP/1.1 201 Created\r\n\r\n${endless}`,
  ],
  [
    "sends the sender elsewhere",
    "RELAY_UNREACHABLE",
    () => http("", "307 Temporary Redirect", "Location: /elsewhere\r\n"),
  ],
];

for (const [what, code, answer] of LEAVING) {
  Deno.test(`leaveDrop() does not take a relay's word that ${what}`, async () => {
    const drop = await makeDrop(7);
    await using hostile = new Hostile((name) => answer(drop, name));
    using relay = relayAt(hostile.url);
    const error = await assertRejects(
      () =>
        leaveDrop(relay, drop.sealer, {
          keys: drop.keys,
          deleteToken: utf8("d".repeat(32)),
          ttlS: 60,
          fillRandom: random,
          onProgress: () => {},
        }),
      SpreadError,
    );
    assertEquals(error.code, code, error.message);
    assert(!hostile.requests.includes("PUT elsewhere"));
  });
}
