/**
 * Kit for tests of multicast DNS on loopback: shares, and messages of other responders.
 *
 * @module
 */

import type { Packet, Question, ResourceRecord } from "multicast-dns/typed";
import type { Bytes } from "../bytes.ts";
import {
  type Announcement,
  browse,
  type Candidate,
  type InterfaceAddress,
  InterfaceWatch,
  nameInstance,
} from "../discovery/mdns.ts";

/** The service, as responders name it. */
export const TYPE = "_claude-distill._tcp.local";

/** Time limit for a browse in these tests, in milliseconds. */
export const DEADLINE_MS = 60_000;

/** The interface of these tests. */
export const LOOPBACK: InterfaceAddress = {
  name: "lo",
  family: "IPv4",
  address: "127.0.0.1",
  cidr: "127.0.0.1/8",
};

/** A test that fails when it leaves a socket or a timer behind. */
export function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

export const fillRandom = (bytes: Bytes): Bytes =>
  crypto.getRandomValues(bytes);
/** A watch of interfaces that stay. */
export const watching = (...interfaces: InterfaceAddress[]): InterfaceWatch =>
  new InterfaceWatch(() => interfaces, interfaces[0]?.address);
/** Options of an announcer. */
export const options = { watch: watching(LOOPBACK), fillRandom };

/** A share with a name of its own. */
export function newShare(): Announcement {
  const instance = nameInstance(fillRandom);
  return { instance, port: 4711, kind: "memory", from: "ada@engine" };
}

/** Browses until a candidate of that instance comes; `seen` collects the others. */
export async function find(
  instance: string,
  link = LOOPBACK,
  seen: Candidate[] = [],
): Promise<Candidate | null> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for await (const candidate of browse({ watch: watching(link), signal })) {
    if (candidate.instance === instance) return candidate;
    seen.push(candidate);
  }
  return null;
}

/** A question of a resolver. */
export function question(name: string, type: string): Question {
  return { name, type, class: "IN" };
}

/** The record that names a share. */
export function pointer(instance: string): ResourceRecord {
  return { name: TYPE, type: "PTR", ttl: 120, data: `${instance}.${TYPE}` };
}

/** Records of a responder without TXT: the service, its place and its address. */
export function records(instance: string, port = 4711): ResourceRecord[] {
  const host = `${instance}-host.local`;
  return [
    pointer(instance),
    {
      name: `${instance}.${TYPE}`,
      type: "SRV",
      ttl: 120,
      data: { port, target: host },
    },
    { name: host, type: "A", ttl: 120, data: "127.0.0.1" },
  ];
}

/** Whether a message answers with the pointer to that instance. */
export function pointsTo(instance: string): (packet: Packet) => boolean {
  return ({ type, answers }) =>
    type === "response" &&
    answers.some(({ data }) => data === `${instance}.${TYPE}`);
}

/** Whether a message asks for that name. */
export function asksFor(wanted: string): (packet: Packet) => boolean {
  return ({ type, questions }) =>
    type === "query" && questions.some(({ name }) => name === wanted);
}
