import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import { RelaySocket } from "./socket.ts";

const { signal } = new AbortController();

/** Answers every connection with these bytes, once a request has come, and then may close it. */
function answerWith(
  answer: string,
  ends = true,
): { url: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serving = (async () => {
    for await (const conn of listener) {
      open.add(conn);
      await conn.read(new Uint8Array(4096));
      await conn.write(new TextEncoder().encode(answer)).catch(() => {});
      if (ends) conn.close();
      if (ends) open.delete(conn);
    }
  })();
  return {
    url: `ws://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) conn.close();
      await serving;
    },
  };
}

/** An HTTP answer, head and body. */
function http(status: number, body = "", headers: string[] = []): string {
  const length = `content-length: ${body.length}`;
  const head = [`HTTP/1.1 ${status} nonsense`, length, ...headers];
  return [...head, "", body].join("\r\n");
}

async function refusal(url: string): Promise<SpreadError> {
  try {
    await RelaySocket.open({ url }, signal);
  } catch (error) {
    assert(error instanceof SpreadError, String(error));
    return error;
  }
  throw new Error("It was not refused");
}

for (
  const [answer, code, message, hint] of [
    [http(200, "hello"), "", "its address answers 200 OK", "(Upgrade)"],
    [http(299), "", "its address answers 299", "(Upgrade)"],
    [
      http(301),
      "",
      "answers 301 Moved Permanently",
      "shows a page about itself",
    ],
    [
      http(301, "", ["location: https://127.0.0.1:8443/"]),
      "",
      "answers 301 Moved Permanently",
      "It leads to 127.0.0.1:8443 with TLS: write wss:// instead of ws://",
    ],
    [
      http(302, "", ["location: http://login.example.org/?nonsense"]),
      "",
      "answers 302 Found",
      "It leads to login.example.org: check the address, and whether this network wants you to sign in",
    ],
    [
      http(302, "", ["location: mailto:nobody"]),
      "",
      "answers 302 Found",
      "shows a page about itself",
    ],
    [http(400), "", "answers 400 Bad Request", "begins with wss://"],
    [http(401), "", "answers 401 Unauthorized", "asks for a login"],
    [http(403), "", "answers 403 Forbidden", "does not let you through"],
    [http(404), "", "answers 404 Not Found", "Check the path"],
    [http(407), "", "answers 407 Proxy Authentication Required", "HTTP_PROXY"],
    [http(418), "", "its address answers 418", "Check the address"],
    [
      http(429, "slow down"),
      "RELAY_BUSY",
      "answers 429 Too Many Requests",
      "Wait a minute",
    ],
    [
      http(429, "too_many_connections\n"),
      "RELAY_BUSY",
      "The relay accepts no more connections",
      "another relay",
    ],
    [http(500), "", "answers 500 Internal Server Error", "is down"],
    [http(502), "", "answers 502 Bad Gateway", "is down"],
    [http(503), "", "answers 503 Service Unavailable", "is down"],
    [
      http(503, "shutting_down\n"),
      "PEER_GONE",
      "The relay is shutting down",
      "in a moment",
    ],
    [http(503, "too_many_connections"), "", "answers 503 Service", "is down"],
    [http(504), "", "answers 504 Gateway Timeout", "is down"],
    [
      http(101),
      "",
      "answers 101 Switching Protocols",
      "(Upgrade)",
    ],
    ["SSH-2.0-x\r\n", "", "the server there is not a relay", "a browser"],
    ["", "", "it closes the connection without an answer", "firewall"],
  ] as [string, SpreadErrorCode | "", string, string][]
) {
  const what = JSON.stringify(answer.split("\r\n", 1)[0]!.slice(0, 12));
  Deno.test(`RelaySocket.open() says "${message}", when the answer is ${what}`, async () => {
    await using server = answerWith(answer);
    const error = await refusal(server.url);
    assertEquals(error.code, code || "RELAY_UNREACHABLE");
    assertStringIncludes(error.message, message);
    assertStringIncludes(error.hint, hint);
    assert(!/nonsense/.test(error.message + error.hint));
  });
}

Deno.test("RelaySocket.open() keeps the path in what it says, and asks for a slash that is missing", async () => {
  const answer = http(301, "", ["location: http://127.0.0.1/relay/?a=b"]);
  await using server = answerWith(answer);
  const { host } = new URL(server.url);
  const error = await refusal(`${server.url}/relay?a=b`);
  assertEquals(
    error.message,
    `Cannot reach the relay ${host}/relay: its address answers 301 Moved Permanently`,
  );
  assertEquals(
    error.hint,
    `Write a slash at its end: ${server.url}/relay/?a=b`,
  );
});

Deno.test("RelaySocket.open() needs no more than the beginning of an endless body", async () => {
  const head = http(503, "shutting_down").replace(/: 13/, ": 1000000000");
  await using server = answerWith(head + "x".repeat(100_000), false);
  const start = performance.now();
  const error = await refusal(server.url);
  assertStringIncludes(error.message, "answers 503 Service Unavailable");
  assert(performance.now() - start < 8_000);
});

Deno.test("RelaySocket.open() can be given up, while an answer is awaited", async () => {
  const controller = new AbortController();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `ws://127.0.0.1:${listener.addr.port}`;
  const opening = RelaySocket.open({ url }, controller.signal);
  using conn = await listener.accept();
  await conn.read(new Uint8Array(4096));
  await conn.write(new TextEncoder().encode("HTTP/1.1 404 "));
  const reason = new Error("enough");
  controller.abort(reason);
  assertEquals(await opening.catch((error) => error), reason);
});
