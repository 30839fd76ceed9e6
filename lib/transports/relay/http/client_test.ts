import { assertEquals, assertRejects } from "@std/assert";
import { utf8 } from "../../../bytes.ts";
import { OpeningError } from "../websocket/steps.ts";
import { type ClientRequest, HttpClient, SilentError } from "./client.ts";

/** Answers each request of each connection with the next text; `null` closes instead. */
class Server implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly requests: string[] = [];
  connections = 0;
  readonly #serving: Promise<void>;

  /** @param step Bytes that are written at a time. */
  constructor(
    private readonly answers: (string | null)[],
    private readonly step = Infinity,
  ) {
    this.#serving = this.#serve();
  }

  get host(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections++;
      await this.#talk(conn).catch(() => {});
    }
  }

  async #talk(conn: Deno.TcpConn): Promise<void> {
    using _conn = conn;
    conn.setNoDelay(true);
    const buffer = new Uint8Array(65_536);
    while (this.answers.length > 0) {
      const count = await conn.read(buffer);
      if (count === null) return;
      this.requests.push(new TextDecoder().decode(buffer.subarray(0, count)));
      const answer = this.answers.shift()!;
      if (answer === null) return;
      const bytes = utf8(answer);
      for (let at = 0; at < bytes.length; at += this.step) {
        await conn.write(bytes.subarray(at, at + this.step));
      }
      if (!/content-length|chunked|^HTTP\/1.1 200 Connected/i.test(answer)) {
        return;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving.catch(() => {});
  }
}

const GET: ClientRequest = { method: "GET", path: "/a", maxBytes: 10 };

function clientOf(
  url: string,
  proxy: string | null = null,
  silentMs = 30_000,
): HttpClient {
  const { signal } = new AbortController();
  return new HttpClient(url, { proxy, signal, silentMs, requestMs: 60_000 });
}

const text = async (client: HttpClient, request = GET) =>
  new TextDecoder().decode((await client.ask(request)).body);

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

for (
  const [form, answer] of [
    ["of a length", LENGTH],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n03;a=b\r\nllo\r\n0\r\nX: y\r\n\r\n",
    ],
    ["until the end", "HTTP/1.1 200 OK\r\n\r\nhello"],
    [
      "after a provisional answer",
      `HTTP/1.1 103 Hints\r\nA: b\r\n\r\n${LENGTH}`,
    ],
  ] as const
) {
  Deno.test(`HttpClient reads a body ${form}, in pieces and at once`, async () => {
    for (const step of [1, Infinity]) {
      await using server = new Server([answer], step);
      using client = clientOf(`ws://${server.host}`);
      assertEquals(await text(client), "hello");
    }
  });
}

Deno.test("HttpClient asks below the path of the relay, over one connection, and again when that was closed", async () => {
  const closing = LENGTH.replace("Content", "Connection: close\r\nContent");
  await using server = new Server([LENGTH, LENGTH, null, closing, LENGTH]);
  using client = clientOf(`ws://${server.host}/relay/?key=1`);
  const body = utf8("part");
  const put: ClientRequest = {
    ...GET,
    method: "PUT",
    headers: { A: "b" },
    body,
  };
  assertEquals(await text(client), "hello");
  assertEquals(await text(client, put), "hello");
  assertEquals(server.connections, 1);
  // The third is lost with its connection, and sent once more.
  assertEquals(await text(client), "hello");
  assertEquals(server.connections, 2);
  assertEquals(await text(client), "hello");
  assertEquals(server.connections, 3);
  assertEquals(
    server.requests[1],
    `PUT /relay/a?key=1 HTTP/1.1\r\nHost: ${server.host}\r\nUser-Agent: claude-spread\r\nA: b\r\nContent-Length: 4\r\n\r\npart`,
  );
});

Deno.test("HttpClient goes through a proxy, to which alone it shows the login", async () => {
  await using proxy = new Server(["HTTP/1.1 200 Connected\r\n\r\n", LENGTH]);
  using client = clientOf(
    "ws://relay.invalid",
    `http://user:pass@${proxy.host}`,
  );
  assertEquals(await text(client), "hello");
  const [connect, get] = proxy.requests;
  assertEquals(connect!.split("\r\n")[0], "CONNECT relay.invalid:80 HTTP/1.1");
  assertEquals(/authorization/i.test(get!), false);
});

for (
  const [typed, login] of [
    ["user:pass", "user:pass"],
    ["user:p%40ss%C3%A9", "user:p@ssé"],
    ["user:100%", "user:100%"],
    ["user:5%zz 6%ff", "user:5%zz 6%ff"],
    [":token", ":token"],
    ["token", "token:"],
    ["", null],
  ] as const
) {
  Deno.test(`HttpClient logs in at a proxy as ${login}, when its address begins with "${typed}@"`, async () => {
    await using proxy = new Server(["HTTP/1.1 200 Connected\r\n\r\n", LENGTH]);
    using client = clientOf("ws://relay.invalid", `${typed}@${proxy.host}`);
    assertEquals(await text(client), "hello");
    const [, given = null] =
      /^proxy-authorization: basic (\S+)\r$/im.exec(proxy.requests[0]!) ?? [];
    assertEquals(given, login && utf8(login).toBase64());
  });
}

Deno.test("HttpClient ends by its signal, and not long after the server is silent", async () => {
  await using server = new Server(["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"]);
  using client = clientOf(`ws://${server.host}`);
  await assertRejects(() => client.ask(GET), OpeningError);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `ws://127.0.0.1:${listener.addr.port}`;
  using waiting = clientOf(url, null, 300);
  await assertRejects(() => waiting.ask(GET), SilentError);
  const stopping = new AbortController();
  using stopped = new HttpClient(url, { proxy: null, signal: stopping.signal });
  setTimeout(() => stopping.abort(new RangeError("Stopped")), 50);
  await assertRejects(() => stopped.ask(GET), RangeError, "Stopped");
  (await listener.accept()).close();
  (await listener.accept()).close();
});
