import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Packet, ResourceRecord } from "multicast-dns/typed";
import { decode, encode } from "../../tests/support/mdns_peer.ts";
import { utf8 } from "../bytes.ts";
import { CandidateTable, MAX_CANDIDATES } from "./candidates.ts";
import { type Link, MAX_ADDRESSES } from "./interfaces.ts";

const TYPE = "_claude-distill._tcp.local";
const LINK: Link = { scope: "eth0", isLoopback: false, addresses: [] };
const LAN: Link = { scope: "wlan0", isLoopback: false, addresses: [] };

const record = (name: string, type: string, data: unknown, ttl = 120) => ({
  name,
  type,
  ttl,
  data,
});
const ptr = (id: string, ttl?: number) =>
  record(TYPE, "PTR", `claude-distill-${id}.${TYPE}`, ttl);
const srv = (id: string, port: number, target = `${id}.local`, ttl = 120) =>
  record(`claude-distill-${id}.${TYPE}`, "SRV", { port, target }, ttl);
const txt = (id: string, ...items: string[]) =>
  record(`claude-distill-${id}.${TYPE}`, "TXT", items.map(utf8));
const a = (host: string, address: string, ttl?: number) =>
  record(`${host}.local`, "A", address, ttl);
const aaaa = (host: string, address: string) =>
  record(`${host}.local`, "AAAA", address);

function packet(answers: ResourceRecord[], additionals: ResourceRecord[] = []) {
  return { type: "response", answers, additionals } as unknown as Packet;
}

function hearing(...packets: ResourceRecord[][]): CandidateTable {
  const table = new CandidateTable();
  for (const records of packets) table.hear(packet(records), LINK);
  return table;
}

function takeAll(table: CandidateTable) {
  const all = [];
  for (let next = table.take(); next !== null; next = table.take()) {
    all.push(next);
  }
  return all;
}

const PARTS = [
  ptr("1"),
  srv("1", 80),
  txt("1", "v=2", "kind=session"),
  a("1", "192.0.2.1"),
];
const WHOLE = {
  instance: "claude-distill-1",
  port: 80,
  addresses: ["192.0.2.1"],
  protocol: 2 as const,
  kind: "session" as const,
};

Deno.test("take() gives a candidate once, when one message says it all", () => {
  const table = hearing(PARTS);
  assertEquals(table.take(), WHOLE);
  assertEquals(table.take(), null);
  table.hear(packet(PARTS), LINK);
  assertEquals(table.take(), null);
});

Deno.test("take() gives a candidate, when the records of one message are in any order", () => {
  fc.assert(fc.property(
    fc.shuffledSubarray(PARTS, { minLength: PARTS.length }),
    fc.nat(PARTS.length),
    (parts, split) => {
      const table = new CandidateTable();
      table.hear(packet(parts.slice(0, split), parts.slice(split)), LINK);
      assertEquals(table.take(), WHOLE);
    },
  ));
});

Deno.test("take() waits for the address, when records come one by one", () => {
  const table = new CandidateTable();
  for (const [index, part] of PARTS.entries()) {
    assertEquals(table.take(), null, `before ${index}`);
    table.hear(packet([part]), LINK);
  }
  assertEquals(table.take(), WHOLE);
});

Deno.test("take() gives protocol 1, when there is no TXT record or an empty one", () => {
  const table = hearing(
    [ptr("1"), srv("1", 80), a("1", "192.0.2.1")],
    [ptr("2"), srv("2", 80), a("2", "192.0.2.2"), txt("2", "")],
  );
  assertEquals(takeAll(table).map(({ protocol }) => protocol), [1, 1]);
});

Deno.test("take() gives a candidate again, when more is known of it", () => {
  const table = hearing([srv("1", 80), a("1", "192.0.2.1")]);
  assertEquals(table.take()!.addresses, ["192.0.2.1"]);
  table.hear(packet([a("1", "192.0.2.2")]), LINK);
  assertEquals(table.take()!.addresses, ["192.0.2.1", "192.0.2.2"]);
  table.hear(packet([txt("1", "v=2")]), LINK);
  assertEquals(table.take()!.protocol, 2);
  table.hear(packet([srv("1", 81)]), LINK);
  assertEquals(table.take()!.port, 81);
});

Deno.test("take() gives link-local addresses their zone, when heard on several links", () => {
  const table = new CandidateTable();
  const message = packet([srv("1", 80), aaaa("1", "fe80::1")]);
  table.hear(message, LINK);
  table.hear(message, LAN);
  assertEquals(table.take()!.addresses, ["fe80::1%eth0", "fe80::1%wlan0"]);
});

Deno.test("take() forgets addresses, when the share moves to another host", () => {
  const table = hearing([srv("1", 80, "x.local"), a("x", "192.0.2.1")]);
  table.take();
  table.hear(packet([srv("1", 80, "y.local"), a("y", "192.0.2.2")]), LINK);
  assertEquals(table.take()!.addresses, ["192.0.2.2"]);
});

Deno.test("take() gives every share of one host, when several have the same address", () => {
  const table = hearing([
    srv("1", 80, "x.local"),
    srv("2", 81, "X.local"),
    a("x", "192.0.2.1"),
  ]);
  assertEquals(takeAll(table).map(({ port }) => port), [80, 81]);
});

for (const goodbye of [ptr("1", 0), srv("1", 80, "1.local", 0)]) {
  Deno.test(`take() gives nothing, when ${goodbye.type} said goodbye`, () => {
    const table = hearing(PARTS, [goodbye]);
    assertEquals(table.take(), null);
    table.hear(packet(PARTS), LINK);
    assertEquals(table.take(), WHOLE);
  });
}

Deno.test("take() gives nothing, when an address is taken back, foreign or nonsense", () => {
  const table = hearing([
    srv("1", 80),
    a("1", "192.0.2.1", 0),
    a("2", "192.0.2.1"),
    a("1", "127.0.0.1"),
    a("1", "1.2.3.undefined"),
    record("1.local", "TXT", "192.0.2.1"),
  ]);
  assertEquals(table.take(), null);
});

for (
  const hostile of [
    srv("1", 0),
    srv("1", 65536),
    srv("1", 80, ""),
    srv("1", 80, "a..b"),
    record(`claude-distill-1\u001b[2J.${TYPE}`, "SRV", {
      port: 80,
      target: "1.local",
    }),
    record(`printer.${TYPE}`, "SRV", { port: 80, target: "1.local" }),
    record(`claude-distill-1._ipp._tcp.local`, "SRV", {
      port: 80,
      target: "1.local",
    }),
  ]
) {
  Deno.test(`take() gives nothing, when SRV is ${JSON.stringify([hostile.name, hostile.data])}`, () => {
    assertEquals(hearing([hostile, a("1", "192.0.2.1")]).take(), null);
  });
}

Deno.test("newQuestions() asks for what is missing once, when only pieces come", () => {
  const table = hearing([ptr("1")]);
  const share = [{
    name: `claude-distill-1.${TYPE}`,
    type: "ANY",
    class: "IN",
  }];
  const host = [{ name: "1.local", type: "ANY", class: "IN" }];
  assertEquals(table.newQuestions(), share);
  assertEquals(table.newQuestions(), []);
  assertEquals(table.openQuestions(), share);
  table.hear(packet([srv("1", 80)]), LINK);
  assertEquals(table.newQuestions(), host);
  assertEquals(table.newQuestions(), []);
  assertEquals(table.openQuestions(), host);
  table.hear(packet([a("1", "192.0.2.1")]), LINK);
  assertEquals(table.newQuestions(), []);
  assertEquals(table.openQuestions(), []);
});

Deno.test("openQuestions() fits in a message, when names are as long as they can be", async () => {
  const long = (id: number) =>
    `${String(id).padStart(3, "x")}.${"y.".repeat(120)}local`;
  const table = hearing(
    Array.from(
      { length: MAX_CANDIDATES },
      (_, id) => srv(String(id), 80, long(id)),
    ),
  );
  const questions = table.openQuestions();
  assertEquals(questions.length, 16);
  assert((await encode({ type: "query", questions })).length <= 9000);
});

Deno.test("hear() remembers the last 64 shares, when there are more", () => {
  const table = hearing(
    Array.from({ length: 1000 }, (_, id) => srv(String(id), 80, "x.local")),
    [a("x", "192.0.2.1")],
  );
  const ids = takeAll(table).map(({ instance }) => instance.split("-").at(-1));
  assertEquals(
    ids,
    Array.from(
      { length: MAX_CANDIDATES },
      (_, i) => String(1000 - MAX_CANDIDATES + i),
    ),
  );
});

Deno.test("hear() remembers 16 addresses, when there are more", () => {
  const addresses = Array.from(
    { length: 100 },
    (_, n) => a("1", `192.0.2.${n}`),
  );
  const table = hearing([srv("1", 80)], addresses);
  assertEquals(table.take()!.addresses.length, MAX_ADDRESSES);
});

Deno.test("hear() neither throws nor lets nonsense out, when records are arbitrary", () => {
  const names = fc.constantFrom(
    TYPE,
    `claude-distill-1.${TYPE}`,
    "1.local",
    ".",
  );
  const types = fc.constantFrom(
    "PTR",
    "SRV",
    "TXT",
    "A",
    "AAAA",
    "NSEC",
    "OPT",
  );
  const location = fc.record({ port: fc.anything(), target: fc.anything() });
  const data = fc.oneof(
    fc.anything(),
    location,
    fc.array(fc.uint8Array()),
    fc.string(),
  );
  const records = fc.array(fc.record({
    name: fc.oneof(names, fc.string()),
    type: types,
    ttl: fc.nat(2),
    data,
  }));
  fc.assert(fc.property(records, records, (answers, additionals) => {
    const table = new CandidateTable();
    table.hear(
      packet(answers as ResourceRecord[], additionals as ResourceRecord[]),
      LINK,
    );
    for (const { port, addresses } of takeAll(table)) {
      assert(port >= 1 && port <= 65535 && addresses.length > 0);
    }
    table.newQuestions();
  }));
});

Deno.test("hear() survives, when 10 000 damaged datagrams come", async () => {
  const text = record(`claude-distill-1.${TYPE}`, "TXT", ["v=2"]);
  const answers = [ptr("1"), srv("1", 80), text, a("1", "192.0.2.1")];
  const good = await encode({ type: "response", answers });
  const table = new CandidateTable();
  let decoded = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {
        maxLength: 8,
      }),
      fc.nat(good.length),
      (damage, length) => {
        const datagram = new Uint8Array(good).subarray(0, length);
        for (const [at, byte] of damage) datagram[at] = byte;
        const message = decode(datagram);
        if (message === null) return;
        decoded++;
        table.hear(message, LINK);
      },
    ),
    { numRuns: 10_000 },
  );
  assert(decoded > 100, `only ${decoded} could be decoded`);
  assert(takeAll(table).length <= MAX_CANDIDATES);
});
