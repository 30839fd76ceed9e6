/**
 * The kind of a payload to share, as its content tells it, and refusals of what a receiver could
 * not install.
 *
 * @module
 */

import { concatBytes } from "../../../lib/bytes.ts";
import { SpreadError, usage } from "../../../lib/errors.ts";
import type { Payload } from "../../../lib/files/payload/source.ts";
import { HEAD_BYTES, type Kind, kindOf } from "../../../lib/payload.ts";

/** A payload as the user has named it. */
export interface Named {
  /** Its name in errors. */
  name: string;
  /** The kind that the user says it is; if absent, the content tells. */
  kind?: Kind;
  /** Whether protocol 1 is to be served too, without sessions. */
  legacy: boolean;
}

/**
 * Returns the kind of a payload.
 *
 * A memory may also be a document, for people and for Claude to file, if the user says so.
 *
 * @throws {SpreadError} `USAGE` when the content is not of the kind that the user says, or cannot
 * be served by protocol 1.
 */
export async function readKindOf(
  payload: Payload,
  { name, kind: said, legacy }: Named,
): Promise<Kind> {
  const head = await readHead(payload);
  const told = kindOf(head);
  const kind = said ?? told;
  const isAsSaid = kind === told ||
    kind === "memory" && told === "distillation" &&
      await canBeMemory(payload, head);
  if (!isAsSaid) throw otherKind(name, kind, told);
  if (kind === "session" && legacy) throw noLegacy(name);
  return kind;
}

async function readHead(payload: Payload): Promise<Uint8Array> {
  for await (const piece of payload.read(0)) return piece.slice(0, HEAD_BYTES);
  throw new TypeError("A payload is not empty");
}

/** Whether `install` would take it: as a document, or as a bundle that states its type late. */
async function canBeMemory(
  payload: Payload,
  head: Uint8Array,
): Promise<boolean> {
  if (!isText(head)) return false;
  if (!/^\s*[{[]/.test(new TextDecoder().decode(head))) return true;
  const { decodeBundle, looksLikeBundle, MAX_BUNDLE_BYTES } = await import(
    "../../../lib/memory/bundle.ts"
  );
  if (payload.size > MAX_BUNDLE_BYTES) return false;
  const bytes = concatBytes(
    ...await Array.fromAsync(payload.read(0), (piece) => piece.slice()),
  );
  try {
    if (looksLikeBundle(bytes)) decodeBundle(bytes);
    return true;
  } catch (error) {
    if (error instanceof SpreadError) return false;
    throw error;
  }
}

/** Whether bytes are UTF-8; the last character may be cut off. */
function isText(head: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

const CONTENTS: Record<Kind, string> = {
  distillation: "a document",
  memory: "a memory bundle",
  session: "a packed session",
};

function otherKind(name: string, said: Kind, told: Kind): SpreadError {
  const found = told === "distillation" ? "" : `${CONTENTS[told]}, `;
  return usage(
    `Cannot share ${name} as --kind ${said}: it is ${found}not ${
      CONTENTS[said]
    }`,
    said === "memory" && told === "distillation"
      ? "Leave --kind out, or make a bundle: claude-spread bundle FILE"
      : "Leave --kind out: the content tells the kind",
  );
}

function noLegacy(name: string): SpreadError {
  return usage(
    `Cannot share ${name} with --legacy: it is a packed session`,
    "Leave --legacy out: sessions need this version on both machines",
  );
}
