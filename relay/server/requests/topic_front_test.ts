/** Topics: rooms and drops that are found by them, with every listener and backend. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  decodeFound,
  encodeTopics,
  type TopicMatch,
} from "../../../lib/relay_topics.ts";
import { readConfig, type RelayConfig } from "../../config.ts";
import { PART_BYTES } from "../../drops/drop_row.ts";
import { startRelay } from "../../start.ts";
import { type Said, TestClient, until } from "../../testing/clients.ts";
import { CONFIG as DROPS, testDrop } from "../../testing/drops.ts";
import { startInstance, TestDatabase } from "../../testing/kv.ts";
import { testEnvironment } from "../../testing/environment.ts";

const topic = (number: number) => number.toString(16).padStart(32, "0");
const [ONE, TWO, NONE] = [topic(1), topic(2), topic(3)];
const NOT_FOUND = { type: "ERROR", reason: "room_not_found" };

/** A relay of one or two instances: senders use the first one, receivers the last. */
class Place implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #urls: string[] = [];

  static async open(
    kind: keyof typeof PLACES,
    settings: Partial<RelayConfig> = {},
  ): Promise<Place> {
    const place = new Place();
    const { serveAddress, instances } = PLACES[kind];
    if (instances > 0) await place.#startInstances(instances, settings);
    else await place.#startRelay({ serveAddress, ...settings });
    return place;
  }

  async #startInstances(count: number, settings: Partial<RelayConfig>) {
    const database = this.#stack.use(await TestDatabase.open());
    for (; this.#urls.length < count;) {
      const relay = await startInstance(database, settings);
      this.#urls.push(this.#stack.use(relay).url);
    }
  }

  /** Starts a relay that keeps drops, if it does, in a folder. */
  async #startRelay({ drops = null, ...settings }: Partial<RelayConfig>) {
    const path = await Deno.makeTempDir();
    this.#stack.defer(() => Deno.remove(path, { recursive: true }));
    const config = {
      ...readConfig(() => undefined),
      host: "127.0.0.1",
      port: 0,
      ...settings,
      drops: drops && { ...drops, place: { kind: "folder", path } as const },
    };
    const log = (line: Record<string, unknown>) => {
      if (line.event === "started") {
        this.#urls.push(`ws://127.0.0.1:${line.port}`);
      }
    };
    this.#stack.use(await startRelay(config, testEnvironment(log)));
  }

  async send(message: Said): Promise<{ client: TestClient; said: Said }> {
    return await this.#ask(this.#urls[0]!, message);
  }

  async receive(message: Said): Promise<Said> {
    const { client, said } = await this.#ask(this.#urls.at(-1)!, message);
    if (said.type === "ROOM_JOINED") await client.close();
    return said;
  }

  /** Resumes a room through the instance of the receivers. */
  async resume(message: Said): Promise<Said> {
    const { said } = await this.#ask(this.#urls.at(-1)!, message);
    return said;
  }

  async #ask(url: string, message: Said) {
    const client = this.#stack.use(await TestClient.open(url));
    return { client, said: await client.ask({ protocol: 2, ...message }) };
  }

  async #http(
    path: string,
    init: RequestInit,
  ): Promise<{ status: number; text: string }> {
    using client = Deno.createHttpClient({});
    const url = this.#urls.at(-1)!.replace("ws:", "http:") + path;
    const answer = await fetch(url, { ...init, client });
    return { status: answer.status, text: await answer.text() };
  }

  post(body: BodyInit, headers: Record<string, string> = {}) {
    return this.#http("/topics", { method: "POST", body, headers });
  }

  get(path: string) {
    return this.#http(path, {});
  }

  /** Leaves a part of a drop. */
  async leave(id: string, part: number, size: number): Promise<void> {
    const { takeToken, deleteToken, bytes } = testDrop(7, size);
    const body = bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
    const { status } = await this.#http(`/drops/${id}/${part}`, {
      method: "PUT",
      body: body as BodyInit,
      headers: {
        "drop-delete": deleteToken,
        "drop-take": takeToken,
        "drop-bytes": String(size),
      },
    });
    assertEquals(status, 201);
  }

  /** Takes a drop back. */
  async withdraw(id: string): Promise<void> {
    const { deleteToken } = testDrop(7, 1);
    const headers = { "drop-delete": deleteToken };
    const init = { method: "DELETE", headers };
    assertEquals((await this.#http(`/drops/${id}`, init)).status, 200);
  }

  async find(...topics: string[]): Promise<TopicMatch[] | null> {
    const { status, text } = await this.post(encodeTopics(topics));
    assertEquals(status, 200, text);
    return decodeFound(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const PLACES = {
  "memory, node:http": { serveAddress: "", instances: 0 },
  "memory, Deno.serve": { serveAddress: "tcp:127.0.0.1:0", instances: 0 },
  "two instances on Deno KV": { serveAddress: "", instances: 2 },
};

for (const kind of Object.keys(PLACES) as (keyof typeof PLACES)[]) {
  const test = (
    name: string,
    act: (place: Place) => Promise<void>,
    settings: Partial<RelayConfig> = {},
  ) =>
    Deno.test(`${name}, ${kind}`, async () => {
      await using place = await Place.open(kind, settings);
      await act(place);
    });

  test("a room is found and joined by each of its topics, and by nothing else, until it ends", async (place) => {
    const topics = [ONE, TWO];
    const { client, said } = await place.send({ type: "CREATE_ROOM", topics });
    const room_id = String(said.room_id);
    assertEquals(said.topics, true);
    assertEquals(await place.find(NONE), []);
    assertEquals(await place.find(TWO, NONE, ONE, TWO), [
      { topic: TWO, room: room_id },
      { topic: ONE, room: room_id },
    ]);
    const join = { type: "JOIN_ROOM", room_id };
    assertEquals(await place.receive(join), NOT_FOUND);
    assertEquals(await place.receive({ ...join, topic: NONE }), NOT_FOUND);
    const joined = await place.receive({ ...join, topic: TWO });
    assertEquals(joined, { type: "ROOM_JOINED", room_id, protocol: 2 });
    await client.close();
    await until(async () => (await place.find(ONE, TWO))?.length === 0);
  });

  test("a room without topics is joined by its code alone, and not with a topic", async (place) => {
    const { said } = await place.send({ type: "CREATE_ROOM" });
    assertEquals("topics" in said, false);
    const join = { type: "JOIN_ROOM", room_id: said.room_id };
    assertEquals(await place.receive({ ...join, topic: ONE }), NOT_FOUND);
    assertEquals((await place.receive(join)).type, "ROOM_JOINED");
  });

  test("rooms that share a topic are all found, eight at most", async (place) => {
    const codes: unknown[] = [];
    for (let count = 0; count < 9; count++) {
      const create = { type: "CREATE_ROOM", topics: [ONE, topic(10 + count)] };
      codes.push((await place.send(create)).said.room_id);
      const found = await place.find(ONE);
      assertEquals(found?.length, Math.min(count + 1, 8));
      const others = new Set(found?.map((entry) => Object.values(entry)[1]));
      assertEquals(others.isSubsetOf(new Set(codes as string[])), true);
    }
    assertEquals(await place.find(topic(18)), [
      { topic: topic(18), room: String(codes[8]) },
    ]);
  });

  test("a room keeps its topics when its sender comes back, who has to name them", async (place) => {
    const topics = [ONE, TWO];
    const { client, said } = await place.send({ type: "CREATE_ROOM", topics });
    const { room_id, resume_token } = said;
    await client.close(4000);
    assertEquals((await place.find(ONE))?.length, 1);
    const resume = { type: "RESUME_ROOM", room_id, resume_token };
    assertEquals(await place.resume(resume), NOT_FOUND);
    const other = { ...resume, topics: [ONE, NONE] };
    assertEquals(await place.resume(other), NOT_FOUND);
    const right = { ...resume, topics };
    assertEquals((await place.resume(right)).type, "ROOM_RESUMED");
    assertEquals(await place.find(TWO), [
      { topic: TWO, room: String(room_id) },
    ]);
    const join = { type: "JOIN_ROOM", room_id };
    assertEquals(await place.receive(join), NOT_FOUND);
    const joined = await place.receive({ ...join, topic: TWO });
    assertEquals(joined.type, "ROOM_JOINED");
  });

  test(
    "requests that are malformed, from a web page or too many are refused and counted",
    async (place) => {
      const topics = encodeTopics([ONE]);
      const page = { origin: "https://example.org" };
      const cases = [
        [() => place.post(""), 400, "bad_request"],
        [() => place.post(topics.slice(1)), 400, "bad_request"],
        [
          () => place.post(new Uint8Array(1024 * 16 + 16)),
          413,
          "body_too_large",
        ],
        [() => place.post(topics, page), 403, "web_page"],
        [() => place.get("/topics"), 405, "method"],
        [() => place.post(topics), 429, "too_many_requests"],
      ] as const;
      for (const [ask, status, error] of cases) {
        const { status: given, text } = await ask();
        assertEquals([given, text], [status, JSON.stringify({ error }) + "\n"]);
      }
      const { text } = await place.get("/metrics");
      for (const [, , error] of cases) {
        assertStringIncludes(text, `refusals_total{kind="${error}"}`);
      }
    },
    { lookupsPerMinute: 3 },
  );

  test(
    "a drop is found by its id from its last part until it ends",
    async (place) => {
      const create = { type: "CREATE_ROOM", topics: [ONE] };
      const { said } = await place.send(create);
      const room = { topic: ONE, room: String(said.room_id) };
      const size = PART_BYTES + 1;
      await place.leave(ONE, 0, size);
      assertEquals(await place.find(ONE, TWO), [room]);
      await place.leave(ONE, 1, size);
      const found = await place.find(TWO, ONE);
      assertEquals(found, [room, { topic: ONE, drop: true }]);
      await place.withdraw(ONE);
      assertEquals(await place.find(ONE), [room]);
    },
    { drops: DROPS },
  );
}
