/**
 * A share of one packed session: a catalogue of that session alone. The file goes as it is; no
 * session of this machine is read.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import {
  BytesPayload,
  type Payload,
} from "../../../lib/files/payload_source.ts";
import type { Encoding } from "../../../lib/payload.ts";
import type { Choice } from "../../../lib/protocol/transfer/offer.ts";
import type {
  Choices,
  Chosen,
} from "../../../lib/protocol/transfer/send_chosen.ts";
import { encodeCatalogue } from "../../../lib/session/catalogue.ts";
import type { SessionSummary } from "../../../lib/session/local/summary.ts";
import { summarizePacked } from "../../../lib/session/packed_summary.ts";
import { readEncoding } from "../../../lib/session/rebuild/reader.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { formatCount } from "../../cli/screen/format.ts";
import {
  type CommonOffer,
  notOffered,
  type SharedSessions,
} from "./sessions.ts";

/**
 * Offers a packed session.
 *
 * @throws {SpreadError} `SESSION_REFUSED` when it is broken; `PAYLOAD_TOO_LARGE`,
 * `PAYLOAD_CHANGED`; the signal's reason.
 */
export async function sharePackedSession(
  packed: Payload,
  common: CommonOffer,
  signal: AbortSignal,
): Promise<SharedSessions> {
  const created = new Date(common.created);
  const summary = await summarizePacked(packed, created, signal)
    .catch(throwForSender);
  const encoding = await readEncoding(packed);
  return {
    payload: new BytesPayload(encodeCatalogue([summary])),
    choices: new PackedChoice(packed, encoding, summary, common),
    name: formatCount(1, "session"),
  };
}

/** The errors of a reader advise a receiver; here the sender is asked. */
function throwForSender(error: unknown): never {
  if (!SpreadError.is(error, "SESSION_REFUSED", "PAYLOAD_TOO_LARGE")) {
    throw error;
  }
  throw new SpreadError(
    error.code,
    error.message,
    "Write the file again with claude-spread sessions export ID FILE",
    { cause: error },
  );
}

/** The only choice. */
class PackedChoice implements Choices {
  constructor(
    private readonly packed: Payload,
    private readonly encoding: Encoding,
    private readonly summary: SessionSummary,
    private readonly common: CommonOffer,
  ) {}

  open({ id, encodings }: Choice): Promise<Chosen> {
    const { packed, encoding, summary, common } = this;
    if (id !== summary.id) return Promise.reject(notOffered(id));
    if (!encodings.includes(encoding)) {
      return Promise.reject(cannotDecode(encoding));
    }
    return Promise.resolve({
      offer: {
        ...common,
        name: cleanLine(summary.title, 200) || formatCount(1, "session"),
        size: packed.size,
        sha256: packed.sha256,
        choice: id,
        encoding,
      },
      source: packed,
      [Symbol.dispose]: () => {},
    });
  }
}

function cannotDecode(encoding: Encoding): SpreadError {
  return new SpreadError(
    "CANNOT_PACK",
    `The receiver cannot read ${encoding}, in which this session is packed`,
    "Ask the receiver to update, or share the session itself with --session ID",
  );
}
