/** Drops over HTTP, by both listeners. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "../../../lib/testing/folder.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { until } from "../../testing/clients.ts";
import {
  type DropRelay,
  putAll,
  receiverHeaders,
  senderHeaders,
  startDropRelay,
} from "../../testing/drop_relay.ts";
import { testDrop } from "../../testing/drops.ts";
import { PART_BYTES } from "../../drops/drop_row.ts";

const DROP = testDrop(1, 2 * PART_BYTES + 77);
const PATH = `/drops/${DROP.id}`;
const SENDER = senderHeaders(DROP);
const RECEIVER = receiverHeaders(DROP);

for (const isDeno of [false, true]) {
  const listener = isDeno ? "DenoListener" : "NodeListener";
  const test = (
    name: string,
    act: (relay: DropRelay) => Promise<void>,
    env: Record<string, string> = {},
  ) =>
    Deno.test(`${listener}: ${name}`, () =>
      inFolder(async (folder) => {
        const place = { RELAY_DROPS: `folder:${folder}` };
        await using relay = await startDropRelay({ ...place, ...env }, isDeno);
        await act(relay);
      }));

  test("a relay tells in one answer that it keeps no drops", async (relay) => {
    for (const [method, path] of [["GET", "/drops"], ["PUT", `${PATH}/0`]]) {
      const { status, said } = await relay.ask(method!, path!, SENDER);
      assertEquals([status, said], [404, { error: "drops_off" }]);
    }
  }, { RELAY_DROPS: "" });

  test("the page says that payloads wait, and for how long", async (relay) => {
    const { body } = await relay.ask("GET", "/");
    const page = new TextDecoder().decode(body);
    assertStringIncludes(page, "encrypted, for at most 3 hours.");
  }, { RELAY_DROP_TTL: "10800" });

  test("a relay tells in one answer what drops it keeps", async (relay) => {
    const { status, said } = await relay.ask("GET", "/drops");
    assertEquals([status, said], [200, {
      part_bytes: 61_440,
      max_bytes: 100_000,
      default_ttl_s: 3600,
      max_ttl_s: 3600,
    }]);
  }, { RELAY_DROP_SIZE: "100000", RELAY_DROP_TTL: "3600" });

  for (const place of ["folder", "kv"]) {
    const env: Record<string, string> = place === "kv"
      ? { RELAY_DROPS: "kv", RELAY_KV_PATH: ":memory:" }
      : {};
    test(
      `a drop is left, taken once and acknowledged (${place})`,
      async (relay) => {
        assertEquals(await putAll(relay, DROP), [201, 201, 201]);
        assertEquals(await putAll(relay, DROP), [200, 200, 200]);
        for (const part of [0, 1, 2]) {
          const { status, body } = await relay.ask(
            "GET",
            `${PATH}/${part}`,
            RECEIVER,
          );
          const [start, end] = [part * PART_BYTES, (part + 1) * PART_BYTES];
          assertEquals(status, 200);
          assertEquals(body, DROP.bytes.slice(start, end));
        }
        const other = { ...RECEIVER, "drop-taking": "2".repeat(32) };
        const refused = await relay.ask("GET", `${PATH}/0`, other);
        assertEquals(refused.status, 409);
        assertStringIncludes(JSON.stringify(refused.said), "being_taken");
        const state = { bytes: DROP.bytes.length, parts: 3, next: 3 };
        for (
          const [method, headers] of [["DELETE", RECEIVER], ["GET", SENDER]]
        ) {
          const { status, said } = await relay.ask(
            method as string,
            PATH,
            headers as Record<string, string>,
          );
          const { expires_s: _, taken_s: __, ...rest } = said as Record<
            string,
            unknown
          >;
          assertEquals([status, rest], [200, { state: "taken", ...state }]);
        }
        const gone = await relay.ask("GET", `${PATH}/0`, RECEIVER);
        assertEquals([gone.status, gone.said], [410, { error: "drop_taken" }]);
      },
      env,
    );
  }

  for (
    const [name, method, path, headers, answer] of [
      ["a short id", "GET", "/drops/abc", RECEIVER, [400, "bad_request"]],
      ["a slash", "GET", "/drops/", RECEIVER, [400, "bad_request"]],
      ["part 00", "GET", `${PATH}/00`, RECEIVER, [400, "bad_request"]],
      ["part -1", "GET", `${PATH}/-1`, RECEIVER, [400, "bad_request"]],
      ["part 1e3", "GET", `${PATH}/1e3`, RECEIVER, [400, "bad_request"]],
      ["part 10^5", "GET", `${PATH}/100000`, RECEIVER, [400, "bad_request"]],
      ["no part of it", "GET", `${PATH}/3`, RECEIVER, [400, "bad_request"]],
      ["no token", "GET", `${PATH}/0`, {}, [400, "bad_request"]],
      ["no taking", "GET", `${PATH}/0`, SENDER, [400, "bad_request"]],
      ["an upper-case id", "GET", `/drops/${"A".repeat(32)}`, RECEIVER, [
        400,
        "bad_request",
      ]],
      [
        "a long token",
        "GET",
        PATH,
        { "drop-take": "a".repeat(65) },
        [400, "bad_request"],
      ],
      ["no drop", "GET", `/drops/${"e".repeat(32)}`, RECEIVER, [
        404,
        "drop_not_found",
      ]],
      ["another token", "GET", PATH, { "drop-take": DROP.deleteToken }, [
        404,
        "drop_not_found",
      ]],
      ["a web page", "GET", PATH, { ...RECEIVER, origin: "http://x" }, [
        403,
        "web_page",
      ]],
      ["POST", "POST", PATH, SENDER, [405, "method"]],
      ["DELETE of a part", "DELETE", `${PATH}/0`, SENDER, [405, "method"]],
      ["DELETE of all", "DELETE", "/drops", SENDER, [405, "method"]],
      ["no size", "PUT", `/drops/${"e".repeat(32)}/0`, {
        "drop-delete": DROP.deleteToken,
        "drop-take": DROP.takeToken,
      }, [400, "bad_request"]],
      ["size 0", "PUT", `/drops/${"e".repeat(32)}/0`, {
        ...SENDER,
        "drop-bytes": "0",
      }, [400, "bad_request"]],
      ["a long life", "PUT", `/drops/${"e".repeat(32)}/0`, {
        ...SENDER,
        "drop-ttl": "604801",
      }, [400, "bad_request"]],
    ] as const
  ) {
    test(`a request with ${name} is refused, and changes nothing`, async (relay) => {
      await putAll(relay, DROP);
      const { status, said } = await relay.ask(
        method,
        path,
        headers as Record<string, string>,
      );
      assertEquals([status, said], [answer[0], { error: answer[1] }]);
      const metrics = await relay.ask("GET", "/metrics");
      const text = new TextDecoder().decode(metrics.body);
      assertStringIncludes(text, "\nclaude_spread_relay_drops 1\n");
      assertStringIncludes(
        text,
        `claude_spread_relay_refusals_total{kind="${answer[1]}"} 1\n`,
      );
    });
  }

  test("a part that is too long is refused, with its length or without", async (relay) => {
    const long = new Uint8Array(PART_BYTES + 1);
    for (const body of [long, new Blob([long]).stream()]) {
      const { status, said } = await relay.ask(
        "PUT",
        `${PATH}/0`,
        SENDER,
        body,
      );
      assertEquals([status, said], [413, { error: "body_too_large" }]);
    }
  });

  test("an upload that was cut in the midst of a part goes on", async (relay) => {
    const head = [
      `PUT ${PATH}/0 HTTP/1.1`,
      "host: relay",
      ...Object.entries(SENDER).map(([name, value]) => `${name}: ${value}`),
      `content-length: ${PART_BYTES}`,
    ].join("\r\n");
    {
      using cut = await Deno.connect({
        hostname: "127.0.0.1",
        port: relay.port,
      });
      const half = "x".repeat(1000);
      await cut.write(new TextEncoder().encode(`${head}\r\n\r\n${half}`));
      await until(async () => {
        const { body } = await relay.ask("GET", "/health");
        return body.length > 0;
      });
    }
    assertEquals(await putAll(relay, DROP), [201, 201, 201]);
    const { body } = await relay.ask("GET", `${PATH}/0`, RECEIVER);
    assertEquals(body, DROP.bytes.slice(0, PART_BYTES));
  });

  test(
    "whoever tries ids and tokens at random is refused, also when one is right",
    async (relay) => {
      await putAll(relay, DROP);
      const random = (bytes: number) =>
        crypto.getRandomValues(new Uint8Array(bytes)).toHex();
      const codes: string[] = [];
      for (let trial = 0; trial < 40; trial++) {
        const { said } = await relay.ask("GET", `/drops/${random(16)}`, {
          "drop-take": random(32),
        });
        codes.push((said as { error: string }).error);
      }
      assertEquals(codes.slice(0, 20), Array(20).fill("drop_not_found"));
      assertEquals(codes.at(-1), "too_many_requests");
      const right = await relay.ask("GET", PATH, RECEIVER);
      assertEquals(right.status, 429);
    },
    { RELAY_DROP_REQUESTS_PER_MINUTE: "30" },
  );
}

Deno.test("a relay keeps drops in a folder over a restart", () =>
  inFolder(async (folder) => {
    const env = { RELAY_DROPS: `folder:${folder}/drops` };
    {
      await using relay = await startDropRelay(env);
      await putAll(relay, DROP);
    }
    await using relay = await startDropRelay(env);
    const { body } = await relay.ask("GET", `${PATH}/2`, RECEIVER);
    assertEquals(body, DROP.bytes.slice(2 * PART_BYTES));
  }));

Deno.test("a relay deletes drops that have expired at its start, and half drops", () =>
  inFolder(async (folder) => {
    const env = { RELAY_DROPS: `folder:${folder}` };
    const half = testDrop(2, 2 * PART_BYTES);
    {
      await using relay = await startDropRelay(env);
      await putAll(relay, DROP, { "drop-ttl": "1" });
      const part = half.bytes.slice(0, PART_BYTES);
      await relay.ask("PUT", `/drops/${half.id}/0`, senderHeaders(half), part);
    }
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await using relay = await startDropRelay(env);
    await until(() => relay.log.some(({ outcome }) => outcome === "expired"));
    assertEquals([...Deno.readDirSync(`${folder}/00`)], []);
  }));

Deno.test("bodies that do not come keep no one else out", () =>
  inFolder(async (folder) => {
    const env = { RELAY_DROPS: `folder:${folder}` };
    await using relay = await startDropRelay(env);
    const head = `PUT ${PATH}/0 HTTP/1.1\r\nhost: relay\r\n` +
      `content-length: 5\r\n\r\n`;
    await using slow = new AsyncDisposableStack();
    const connections: Deno.TcpConn[] = [];
    for (let count = 0; count < 17; count++) {
      const connection = slow.use(
        await Deno.connect({ hostname: "127.0.0.1", port: relay.port }),
      );
      await connection.write(new TextEncoder().encode(head));
      connections.push(connection);
    }
    const buffer = new Uint8Array(4096);
    const length = await connections[0]!.read(buffer);
    const text = new TextDecoder().decode(buffer.subarray(0, length ?? 0));
    assertStringIncludes(text, '{"error":"body_late"}');
    assertEquals(await putAll(relay, DROP), [201, 201, 201]);
  }));

Deno.test("a connection carries several parts, one after the other", () =>
  inFolder(async (folder) => {
    const env = { RELAY_DROPS: `folder:${folder}` };
    await using relay = await startDropRelay(env);
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: relay.port,
    });
    const ask = `GET /drops HTTP/1.1\r\nhost: relay\r\n\r\n`;
    for (let count = 0; count < 3; count++) {
      await connection.write(new TextEncoder().encode(ask));
      const buffer = new Uint8Array(4096);
      const length = await connection.read(buffer);
      const text = new TextDecoder().decode(buffer.subarray(0, length ?? 0));
      assertStringIncludes(text, "HTTP/1.1 200 OK");
    }
  }));

Deno.test("a relay does not start with a folder that it cannot use", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const error = await assertRejects(
      () => startDropRelay({ RELAY_DROPS: `folder:${folder}/file` }),
      SpreadError,
      `Cannot keep drops in the folder "${folder}/file"`,
    );
    assertEquals(error.code, "USAGE");
  }));

/** Requests for the first part, one after the other, and all that is answered. */
async function pipeline(port: number, count: number): Promise<string> {
  const lines = Object.entries(RECEIVER).map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  const request = `GET ${PATH}/0 HTTP/1.1\r\nHost: relay\r\n${
    lines.join("")
  }\r\n`;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const last = `GET /health HTTP/1.1\r\nHost: relay\r\n\r\n`;
  const bytes = new TextEncoder().encode(request.repeat(count) + last);
  await connection.write(bytes);
  let text = "";
  const buffer = new Uint8Array(PART_BYTES);
  for (;;) {
    // The relay resets the connection when it has not read all of it.
    const read = await connection.read(buffer).catch(() => null);
    if (read === null) return text;
    text += new TextDecoder("latin1").decode(buffer.subarray(0, read));
  }
}

Deno.test("NodeListener: requests that come before the last answer wait for it, and too many end the connection", () =>
  inFolder(async (folder) => {
    await using relay = await startDropRelay({
      RELAY_DROPS: `folder:${folder}`,
    });
    await putAll(relay, DROP);
    const few = await pipeline(relay.port, 3);
    assertEquals(few.match(/HTTP\/1\.1 200 OK/g)?.length, 4);
    assertEquals(few.indexOf('"status":"ok"') > 3 * PART_BYTES, true);
    const many = await pipeline(relay.port, 20);
    assertEquals((many.match(/HTTP\/1\.1/g) ?? []).length <= 5, true);
    assertEquals((await relay.ask("GET", "/health")).status, 200);
  }));
