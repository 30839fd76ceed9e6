/**
 * A responder's answers to questions: RFC 6762, sections 6 and 7.
 *
 * Pure. The decision to answer at all (rate, neighbors) and the sending are the job of
 * `responder.ts` and `sockets.ts`.
 *
 * @module
 */

import type {
  Packet,
  Question,
  ResourceRecord,
  Response,
} from "multicast-dns/typed";
import { ENUMERATION, isName } from "./dns_records.ts";

/** Most questions read in one message; a real one has a handful. */
const MAX_QUESTIONS = 32;

/** Longest time for which a plain resolver may keep an answer, in seconds: RFC 6762, 6.7. */
const LEGACY_TTL_S = 10;

/** Internet or any class, each also with the bit that asks for a unicast answer (QU). */
const CLASSES = ["IN", "ANY", "UNKNOWN_32769", "UNKNOWN_33023"];

/**
 * The records that answer `query`, of those of the share.
 *
 * @param records Records from {@linkcode describe}.
 */
export function answersTo(
  query: Packet,
  records: ResourceRecord[],
): ResourceRecord[] {
  const questions = query.questions.slice(0, MAX_QUESTIONS);
  return records.filter((record) =>
    questions.some((question) => isAsked(question, record)) &&
    !query.answers.some((known) => isKnown(known, record))
  );
}

/**
 * A response with these answers. All other records of the share go along as additional
 * records, so that one datagram is enough to connect.
 */
export function withAdditionals(
  answers: ResourceRecord[],
  records: ResourceRecord[],
): Response {
  const isAboutShare = answers.some(({ name }) => name !== ENUMERATION);
  const additionals = records.filter((record) =>
    isAboutShare && record.name !== ENUMERATION && !answers.includes(record)
  );
  return { answers, additionals };
}

function isAsked(question: Question, record: ResourceRecord): boolean {
  return isName(question.name, record.name) &&
    CLASSES.includes(question.class ?? "IN") &&
    (question.type === record.type || question.type === "ANY" ||
      isDenied(question.type, record));
}

/** Whether `record` states that a record of this type does not exist. */
function isDenied(type: string, record: ResourceRecord): boolean {
  if (record.type !== "NSEC") return false;
  const { rrtypes } = record.data as { rrtypes: string[] };
  return !rrtypes.includes(type);
}

/** Whether the asker has the record, and will keep it for long enough: RFC 6762, 7.1. */
function isKnown(known: ResourceRecord, record: ResourceRecord): boolean {
  return known.type === record.type && isName(known.name, record.name) &&
    (known.ttl ?? 0) * 2 >= (record.ttl ?? 0) &&
    contentOf(known) === contentOf(record);
}

/** Text that is the same for equal records of one type, ours or decoded. */
function contentOf({ type, data }: ResourceRecord): string {
  if (type !== "SRV") return String(data).toLowerCase();
  const { port, target } = data as { port: number; target: string };
  return `${port} ${target.toLowerCase()}`;
}

/**
 * The same answer, in the form for a plain resolver: RFC 6762, 6.7.
 *
 * It contains the resolver's own id and question, and nothing specific to multicast DNS.
 * Unanswered questions are left out, so that a stranger's names do not go through the
 * codec.
 */
export function legacyAnswer(query: Packet, response: Response): Response {
  const plain = ({ flush: _, ...record }: ResourceRecord) => ({
    ...record,
    ttl: Math.min(record.ttl ?? 0, LEGACY_TTL_S),
  });
  return {
    id: query.id,
    questions: query.questions.slice(0, MAX_QUESTIONS)
      .filter((asked) => response.answers.some((told) => isAsked(asked, told)))
      .map(({ name, type }) => ({ name, type, class: "IN" })),
    answers: response.answers.map(plain),
    additionals: (response.additionals ?? []).map(plain),
  };
}
