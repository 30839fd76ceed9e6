/**
 * The description of a payload for its receiver.
 *
 * @module
 */

import type { ProjectFacts } from "../../../lib/distillation/project_facts.ts";
import type { Payload } from "../../../lib/files/payload/source.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { KINDS } from "../../cli/kinds.ts";
import { whoAmI } from "../../cli/surroundings.ts";
import type { SettledOptions } from "../options.ts";
import type { CommonOffer } from "./sessions.ts";

const loadCleaner = () => import("../../../lib/text/clean_text.ts");

/** Fields that all offers of a share have in common. */
export async function commonOffer(
  options: SettledOptions,
  created: Date,
): Promise<CommonOffer> {
  const { cleanLine } = await loadCleaner();
  return {
    kind: options.kind,
    created: created.toISOString(),
    sender: options.anonymous ? undefined : cleanLine(whoAmI(), 128),
  };
}

/** The offer of a payload. */
export async function makeOffer(
  options: SettledOptions,
  payload: Payload,
  { name, facts, created }: {
    name: string;
    facts: ProjectFacts | null;
    created: Date;
  },
): Promise<Offer> {
  return {
    ...await commonOffer(options, created),
    name,
    size: payload.size,
    sha256: payload.sha256,
    project: facts?.project,
    git: facts?.git,
  };
}

/** Name of the payload, for the receiver. */
export async function nameOf({ file, kind }: SettledOptions): Promise<string> {
  const { cleanLine } = await loadCleaner();
  const name = cleanLine(file.split(/[\\/]/).at(-1)!, 255);
  // Standard input has no name, and some names have no printable character.
  return file === "-" || name === "" ? KINDS[kind].fileName : name;
}

/** Name of a file in a message to the sender; `-` is standard input. */
export function describeFile(file: string): string {
  return file === "-" ? "the input" : `"${file}"`;
}
