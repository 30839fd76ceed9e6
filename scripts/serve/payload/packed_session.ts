/**
 * A share of one packed session: a catalogue of that session alone. The file goes as it is; no
 * session of this machine is read. With secrets in it, it is refused.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import {
  BytesPayload,
  type Payload,
} from "../../../lib/files/payload/source.ts";
import type { Encoding } from "../../../lib/payload.ts";
import type { Choice } from "../../../lib/protocol/transfer/offer.ts";
import type {
  Choices,
  Chosen,
} from "../../../lib/protocol/transfer/send_chosen.ts";
import { encodeCatalogue } from "../../../lib/session/catalogue.ts";
import type { SessionSummary } from "../../../lib/session/local/summary.ts";
import {
  countKinds,
  type SecretPlace,
  withMasks,
} from "../../../lib/secrets/places.ts";
import { PackedSecrets } from "../../../lib/session/packed_secrets.ts";
import { summarizePacked } from "../../../lib/session/packed_summary.ts";
import { readEncoding } from "../../../lib/session/rebuild/reader.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { formatCount } from "../../cli/screen/format.ts";
import {
  describeCounts,
  placesField,
  showRefused,
  tellingPart,
} from "../../cli/secrets/report.ts";
import {
  SessionSecrets,
  type SessionSecretsOptions,
} from "../../cli/secrets/sessions.ts";
import type { Terminal } from "../../cli/terminal.ts";
import {
  type CommonOffer,
  notOffered,
  type SharedSessions,
} from "./sessions.ts";
import { describeFile } from "./offer.ts";

/**
 * Offers a packed session; with `--preview`, shows the secrets in it.
 *
 * @throws {SpreadError} `SESSION_REFUSED` when it is broken; `SECRETS_FOUND`,
 * `PAYLOAD_TOO_LARGE`, `PAYLOAD_CHANGED`; `USAGE` when the project's allow file cannot be used;
 * the signal's reason.
 */
export async function sharePackedSession(
  packed: Payload,
  common: CommonOffer,
  { options, terminal, signal }: {
    options: SessionSecretsOptions & { file: string };
    terminal: Terminal;
    signal: AbortSignal;
  },
): Promise<SharedSessions> {
  const created = new Date(common.created);
  const { preview, anonymous, file } = options;
  const secrets = new SessionSecrets(options);
  const scanner = secrets.redaction.secrets && await secrets.openScanner();
  const search = scanner === null
    ? undefined
    : new PackedSecrets(scanner, file);
  const how = { secrets: search, signal };
  const summary = await summarizePacked(packed, created, how)
    .catch(throwForSender);
  const places = search?.places ?? [];
  if (preview) showRefused(places, options, terminal);
  else if (scanner !== null && places.length > 0) {
    throw found(places, withMasks(file, await scanner.scan([file])));
  }
  if (anonymous) {
    terminal.warn(
      "--anonymous does not change the paths in an exported session; export it again with --anonymous",
    );
  }
  const encoding = await readEncoding(packed);
  return {
    payload: new BytesPayload(encodeCatalogue([summary])),
    choices: new PackedChoice(packed, encoding, summary, common),
    name: formatCount(1, "session"),
    secrets: tellingPart({ allowed: secrets.allowed }),
    safe: (facts) => secrets.safe(facts),
  };
}

/** @param file Its secrets are masked. */
function found(places: SecretPlace[], file: string): SpreadError {
  return new SpreadError(
    "SECRETS_FOUND",
    `Cannot share ${describeFile(file)}: it holds ${
      describeCounts(countKinds(places))
    }`,
    "Export the session again, which takes them out; to share it as it is, add --keep-secrets",
    { fields: placesField(places) },
  );
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
