import { assertEquals } from "@std/assert";
import type { Packet, ResourceRecord } from "multicast-dns/typed";
import { decode, encode } from "../../tests/support/mdns_peer.ts";
import { answersTo, legacyAnswer, withAdditionals } from "./answers.ts";
import { describe } from "./dns_records.ts";

const TYPE = "_claude-distill._tcp.local";
const NAME = `claude-distill-0badcafe.${TYPE}`;
const HOST = "claude-spread-00000001.local";
const RECORDS = describe(
  { instance: "claude-distill-0badcafe", port: 4711, kind: "memory" },
  HOST,
  ["192.0.2.7", "192.0.2.8"],
);

/** A query as it comes off the wire. */
async function query(
  name: string,
  type: string,
  known: ResourceRecord[] = [],
): Promise<Packet> {
  const questions = [{ name, type, class: "IN" }];
  const bytes = await encode({ type: "query", questions, answers: known });
  return decode(bytes)!;
}

const types = (records: ResourceRecord[] = []) =>
  records.map(({ type }) => type).join(" ");

for (
  const [name, type, answers, additionals] of [
    ["_services._dns-sd._udp.local", "PTR", "PTR", ""],
    ["_services._dns-sd._udp.local", "ANY", "PTR", ""],
    [TYPE, "PTR", "PTR", "SRV TXT A A NSEC"],
    [TYPE.toUpperCase(), "PTR", "PTR", "SRV TXT A A NSEC"],
    [TYPE, "ANY", "PTR", "SRV TXT A A NSEC"],
    [NAME, "SRV", "SRV", "PTR TXT A A NSEC"],
    [NAME, "TXT", "TXT", "PTR SRV A A NSEC"],
    [NAME, "ANY", "SRV TXT", "PTR A A NSEC"],
    [HOST, "A", "A A", "PTR SRV TXT NSEC"],
    [HOST, "AAAA", "NSEC", "PTR SRV TXT A A"],
    [HOST, "ANY", "A A NSEC", "PTR SRV TXT"],
  ] as const
) {
  Deno.test(`answersTo() says ${answers}, when asked for ${name} ${type}`, async () => {
    const asked = answersTo(await query(name, type), RECORDS);
    const response = withAdditionals(asked, RECORDS);
    assertEquals(types(response.answers), answers);
    assertEquals(types(response.additionals), additionals);
  });
}

for (
  const [name, type] of [
    [TYPE, "SRV"],
    [NAME, "PTR"],
    ["_ipp._tcp.local", "PTR"],
    ["local", "ANY"],
    [`other.${TYPE}`, "SRV"],
    [HOST.replace("1", "2"), "A"],
  ] as const
) {
  Deno.test(`answersTo() says nothing, when asked for ${name} ${type}`, async () => {
    assertEquals(answersTo(await query(name, type), RECORDS), []);
  });
}

for (
  const [qclass, isAnswered] of [
    ["IN", true],
    ["ANY", true],
    ["UNKNOWN_32769", true],
    ["UNKNOWN_33023", true],
    ["CH", false],
  ] as const
) {
  Deno.test(`answersTo() ${isAnswered ? "answers" : "says nothing"}, when the class is ${qclass}`, async () => {
    const packet = await query(TYPE, "PTR");
    packet.questions[0]!.class = qclass;
    assertEquals(answersTo(packet, RECORDS).length > 0, isAnswered);
  });
}

Deno.test("answersTo() says each record once, when questions overlap", async () => {
  const packet = await query(NAME, "ANY");
  packet.questions.push({ name: NAME, type: "SRV", class: "IN" });
  assertEquals(types(answersTo(packet, RECORDS)), "SRV TXT");
});

Deno.test("answersTo() looks at 32 questions, when there are more", async () => {
  const packet = await query("other.local", "A");
  const [other] = packet.questions;
  packet.questions = Array(31).fill(other);
  packet.questions.push({ name: TYPE, type: "PTR" });
  assertEquals(types(answersTo(packet, RECORDS)), "PTR");
  packet.questions.unshift(other!);
  assertEquals(answersTo(packet, RECORDS), []);
});

for (const record of RECORDS) {
  Deno.test(`answersTo() leaves out ${record.name} ${record.type} ${record.data}, when the asker knows it`, async () => {
    const { name, type } = record;
    const known = await query(name, type, [record]);
    const unsure = await query(name, type, [{ ...record, ttl: 59 }]);
    const isSaid = (packet: Packet) =>
      answersTo(packet, RECORDS).includes(record);
    assertEquals(isSaid(await query(name, type)), true);
    assertEquals(isSaid(known), false);
    assertEquals(isSaid(unsure), true);
  });
}

Deno.test("answersTo() stays silent, when all it would say is known", async () => {
  const pointer = RECORDS[1]!;
  assertEquals(answersTo(await query(TYPE, "PTR", [pointer]), RECORDS), []);
});

Deno.test("answersTo() speaks, when the asker knows another share", async () => {
  const other = { ...RECORDS[1]!, data: `claude-distill-1.${TYPE}` };
  const packet = await query(TYPE, "PTR", [other]);
  assertEquals(types(answersTo(packet, RECORDS)), "PTR");
});

Deno.test("legacyAnswer() looks like plain DNS, when sent", async () => {
  const asked = { ...await query(TYPE, "PTR"), id: 4242 };
  asked.questions.push({ name: "\ufffd".repeat(63), type: "A", class: "IN" });
  const answers = answersTo(asked, RECORDS);
  const response = legacyAnswer(asked, withAdditionals(answers, RECORDS));
  const packet = decode(await encode(response as Packet))!;
  assertEquals(packet.id, 4242);
  assertEquals(packet.questions, [{ name: TYPE, type: "PTR", class: "IN" }]);
  for (const record of [...packet.answers, ...packet.additionals]) {
    assertEquals([record.ttl, record.flush], [10, false], record.type);
  }
});
