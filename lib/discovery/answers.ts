/**
 * Answers of a responder to the questions of a query: RFC 6762, sections 6 and 7.
 *
 * Pure. `responder.ts` limits the rate of answers; `sockets.ts` drops queries from beyond the
 * link, and sends.
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

/** Most questions read of one query; those after them are ignored. */
const MAX_QUESTIONS = 32;

/** Longest time for which a plain resolver may keep an answer, in seconds: RFC 6762, 6.7. */
const LEGACY_TTL_S = 10;

/** Classes that are answered: Internet or any, each also with the bit for a unicast answer (QU). */
const CLASSES = ["IN", "ANY", "UNKNOWN_32769", "UNKNOWN_33023"];

/**
 * Selects the records that answer `query`, without those that the asker knows already.
 *
 * @param records Records of the share, from {@linkcode describe}.
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
 * Makes a response of these answers. All other records of the share go along as additional
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

/** Whether `record` is an NSEC record which states that this type does not exist. */
function isDenied(type: string, record: ResourceRecord): boolean {
  if (record.type !== "NSEC") return false;
  const { rrtypes } = record.data as { rrtypes: string[] };
  return !rrtypes.includes(type);
}

/** Whether the asker knows the record, for at least half of its lifetime: RFC 6762, 7.1. */
function isKnown(known: ResourceRecord, record: ResourceRecord): boolean {
  return known.type === record.type && isName(known.name, record.name) &&
    (known.ttl ?? 0) * 2 >= (record.ttl ?? 0) &&
    contentOf(known) === contentOf(record);
}

/** The data of a record as text: the same for equal records of one type, ours or decoded. */
function contentOf({ type, data }: ResourceRecord): string {
  if (type !== "SRV") return String(data).toLowerCase();
  const { port, target } = data as { port: number; target: string };
  return `${port} ${target.toLowerCase()}`;
}

/**
 * Turns a response into the form for a plain resolver (one that is not multicast DNS): RFC
 * 6762, 6.7.
 *
 * It repeats the resolver's own ID and questions, and has nothing specific to multicast DNS.
 * Unanswered questions are left out, so that a stranger's names do not go through the
 * codec.
 */
export function legacyAnswer(query: Packet, response: Response): Response {
  const toPlain = ({ flush: _, ...record }: ResourceRecord) => ({
    ...record,
    ttl: Math.min(record.ttl ?? 0, LEGACY_TTL_S),
  });
  return {
    id: query.id,
    questions: query.questions.slice(0, MAX_QUESTIONS)
      .filter((asked) => response.answers.some((one) => isAsked(asked, one)))
      .map(({ name, type }) => ({ name, type, class: "IN" })),
    answers: response.answers.map(toPlain),
    additionals: (response.additionals ?? []).map(toPlain),
  };
}
