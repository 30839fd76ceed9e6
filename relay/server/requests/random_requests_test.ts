/** A flood of random ids, tokens and topics: what it finds, costs and disturbs, which is nothing. */

import { assert, assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PART_BYTES } from "../../drops/drop_row.ts";
import type { RefusalCode } from "../../limits/refusal.ts";
import { DropStage, leaveAll, testDrop } from "../../testing/drops.ts";
import { receiverHeaders } from "../../testing/drop_relay.ts";
import type { HttpAnswer, HttpRequest } from "../http.ts";
import { DropFront } from "./drop_front.ts";
import { TopicFront } from "./topic_front.ts";

const TRIALS = 100_000;
/** Requests that go through the front; the others ask for the state alone, which is cheaper. */
const REQUESTS = 20_000;
const DROP = testDrop(1, 2 * PART_BYTES + 77);
const MIB = 1024 * 1024;

/** Fresh random bytes in hexadecimal, from a supply that is drawn at once. */
function random(bytes: number): string {
  if (at + bytes > supply.length) {
    crypto.getRandomValues(supply);
    at = 0;
  }
  return supply.subarray(at, at += bytes).toHex();
}
const supply = new Uint8Array(60_000);
let at = supply.length;

function request(
  method: string,
  target: string,
  headers: Record<string, string>,
  body?: Uint8Array,
): HttpRequest {
  return {
    method,
    target,
    remoteAddress: "",
    header: (name) => headers[name],
    body: (async function* () {
      if (body !== undefined) yield body;
    })(),
  };
}

/** Bytes in memory, without garbage. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** A guess: every second one names the drop that there is, with tokens that are not its own. */
function guess(trial: number): HttpRequest {
  const id = trial % 2 === 0 ? random(16) : DROP.id;
  const token = random(32);
  switch (trial % 10 >> 1) {
    case 0: {
      const headers = { "drop-delete": token };
      return request("PUT", `/drops/${id}/1`, headers, supply.slice(0, 100));
    }
    case 1:
      return request("GET", `/drops/${id}`, { "drop-take": token });
    case 2: {
      const headers = { "drop-take": token, "drop-taking": random(16) };
      return request("GET", `/drops/${id}/0`, headers);
    }
    case 3:
      return request("DELETE", `/drops/${id}`, { "drop-delete": token });
    default:
      return request("GET", `/drops/${id}`, { "drop-delete": token });
  }
}

Deno.test("100,000 random ids, tokens and topics find nothing, take little memory, and leave a drop as it was", async () => {
  await using stage = await DropStage.open("FolderStore");
  const { drops } = stage;
  await leaveAll(drops, DROP);
  const refused = new Map<RefusalCode, number>();
  const common = {
    isEnding: () => false,
    refused: (code: RefusalCode) =>
      void refused.set(code, (refused.get(code) ?? 0) + 1),
  };
  const dropFront = new DropFront({ ...common, drops });
  const ask = (asked: HttpRequest, address: string): Promise<HttpAnswer> =>
    dropFront.answer(asked, asked.target, address);
  const before = heldBytes();
  const answers = new Set<string>();
  for (let trial = 0; trial < REQUESTS; trial++) {
    // From many networks, each of which the limits remember.
    const address = `10.${trial >> 16}.${trial >> 8 & 255}.${trial & 255}`;
    const { status, body } = await ask(guess(trial), address);
    answers.add(`${status} ${body}`);
  }
  assertEquals([...answers], ['404 {"error":"drop_not_found"}\n']);
  assertEquals([...refused], [["drop_not_found", REQUESTS]]);
  const codes = new Set<unknown>();
  for (let trial = REQUESTS; trial < TRIALS; trial++) {
    const id = trial % 2 === 0 ? random(16) : DROP.id;
    const kind = trial % 4 < 2 ? "takeHash" : "deleteHash";
    const looked = drops.look(id, kind, random(32));
    codes.add(await looked.then(() => "found", ({ code }) => code));
  }
  assertEquals([...codes], ["drop_not_found"]);

  const topicFront = new TopicFront({
    ...common,
    mayAsk: () => true,
    rooms: () => Promise.resolve([]),
    drops: (topics) => drops.waiting(topics),
    answered: () => {},
  });
  const look = async (body: Uint8Array) => {
    const asked = request("POST", "/topics", {}, body);
    return (await topicFront.answer(asked, "192.0.2.1")).body;
  };
  for (let trial = 0; trial < TRIALS; trial += 1024) {
    const topics = crypto.getRandomValues(new Uint8Array(1024 * 16));
    assertEquals(await look(topics), '{"found":[]}\n');
  }
  const found = JSON.stringify({ found: [{ topic: DROP.id, drop: true }] });
  assertEquals(await look(Uint8Array.fromHex(DROP.id)), `${found}\n`);

  const grown = (heldBytes() - before) / MIB;
  assert(grown < 40, `${grown} MiB`);
  const headers = receiverHeaders(DROP);
  for (const part of [0, 1, 2]) {
    const asked = request("GET", `/drops/${DROP.id}/${part}`, headers);
    const { body } = await ask(asked, "192.0.2.1");
    const bytes = DROP.bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
    assertEquals(body, bytes);
  }
});
