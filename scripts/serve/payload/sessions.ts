/**
 * A share of sessions: selects those on offer, and packs each one when a receiver chooses it.
 *
 * @module
 */

import { findSessions } from "../../../lib/session/local/find.ts";
import {
  listSessions,
  type LocalSession,
} from "../../../lib/session/local/list.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { PreparedPayloads } from "../../../lib/session/pack/prepared.ts";
import {
  encodeCatalogue,
  MAX_ENTRIES,
} from "../../../lib/session/catalogue.ts";
import {
  canCompress,
  packSession,
  previewSession,
} from "../../../lib/session/pack/pack.ts";
import type { SecretCount, SecretPlace } from "../../../lib/secrets/places.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import type { Choice, Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { Encoding } from "../../../lib/payload.ts";
import type {
  Choices,
  Chosen,
} from "../../../lib/protocol/transfer/send_chosen.ts";
import { claudeSurroundings } from "../../cli/claude.ts";
import {
  sayReport,
  type SecretsReport,
  showPlaces,
  tellingPart,
} from "../../cli/secrets/report.ts";
import { SessionSecrets } from "../../cli/secrets/sessions.ts";
import type { SettledOptions } from "../options.ts";
import { formatCount } from "../../cli/screen/format.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** The parts of a share of sessions. */
export interface SharedSessions {
  /** The list, which a receiver gets first. */
  payload: BytesPayload;
  choices: Choices;
  /** Name of the sessions as a whole. */
  name: string;
  secrets?: SecretsReport;
  /** Returns the secrets that were taken out of a choice, once it is packed. */
  takenOut?: (choice: string) => SecretCount[] | undefined;
  /** Returns the facts of a project as they may leave. */
  safe: <T>(facts: T) => Promise<T>;
}

/** Fields that all offers of a share have in common. */
export type CommonOffer = Pick<Offer, "kind" | "created" | "sender">;

/** The surroundings of a share. */
export interface SharePlace {
  /** Folder for what is packed; `stack` removes that at the end. */
  folder: string;
  terminal: Terminal;
  stack: AsyncDisposableStack;
  signal: AbortSignal;
}

/**
 * Finds the sessions that the user chose to offer; with `--preview`, shows the secrets in them.
 *
 * @throws {SpreadError} `USAGE`, `PAYLOAD_EMPTY`; the signal's reason.
 */
export async function shareSessions(
  options: SettledOptions,
  common: CommonOffer,
  place: SharePlace,
): Promise<SharedSessions> {
  const { terminal, stack } = place;
  const secrets = new SessionSecrets(options);
  const sessions = await chosenSessions(options, secrets, place);
  if (options.preview) await preview(sessions, { options, secrets, place });
  const choices = new SessionChoices(sessions, { common, secrets, place });
  stack.use(choices);
  const listed = await Promise.all(sessions.map(async (session) => (
    {
      ...session,
      project: await secrets.safe(session.project, session.project),
    }
  )));
  secrets.warnOfUnseen(terminal);
  return {
    payload: new BytesPayload(encodeCatalogue(listed)),
    choices,
    name: formatCount(sessions.length, "session"),
    secrets: tellingPart({ allowed: secrets.allowed }),
    takenOut: (choice) => choices.takenOut.get(choice),
    safe: (facts) => secrets.safe(facts),
  };
}

/** Shows every secret in sessions, as they are now. */
async function preview(
  sessions: LocalSession[],
  { options, secrets, place: { terminal, signal } }: {
    options: SettledOptions;
    secrets: SessionSecrets;
    place: SharePlace;
  },
): Promise<void> {
  const places: SecretPlace[] = [];
  const onSecret = (found: SecretPlace) => places.push(found);
  for (const session of sessions) {
    await previewSession(session, { ...secrets.redaction, onSecret, signal });
  }
  showPlaces(places, options, terminal);
}

async function chosenSessions(
  { sessions: chosen, everyProject: all, project, preview }: SettledOptions,
  { redaction }: SessionSecrets,
  { terminal, signal }: SharePlace,
): Promise<LocalSession[]> {
  const surroundings = claudeSurroundings(project);
  // A preview shows the secrets of titles too.
  const how = { ...redaction, ...preview && { secrets: null }, signal };
  if (Array.isArray(chosen)) {
    return await findSessions(surroundings, chosen, how);
  }
  const listing = { all, limit: MAX_ENTRIES, ...how };
  const { sessions, omitted } = await listSessions(surroundings, listing);
  if (sessions.length === 0) throw noSessions(all);
  if (omitted > 0) {
    terminal.warn(
      `not offered: ${
        formatCount(omitted, "older session")
      }; a list holds ${MAX_ENTRIES}`,
    );
  }
  // The same session may be in two projects; the list names each once.
  const byId = new Map(sessions.map((session) => [session.id, session]));
  return [...byId.values()];
}

/** Packs chosen sessions, and only those on offer. */
class SessionChoices implements Choices, AsyncDisposable {
  readonly #sessions: Map<string, LocalSession>;
  readonly #packings: PreparedPayloads;
  /** Secrets taken out of the sessions that are packed, by their ids. */
  readonly takenOut = new Map<string, SecretCount[]>();

  readonly #common: CommonOffer;

  constructor(
    sessions: LocalSession[],
    { common, secrets, place: { folder, terminal } }: {
      common: CommonOffer;
      secrets: SessionSecrets;
      place: SharePlace;
    },
  ) {
    this.#common = common;
    this.#sessions = new Map(sessions.map((session) => [session.id, session]));
    this.#packings = new PreparedPayloads({
      folder,
      pack: async (key, output, signal) => {
        const [encoding, id] = key.split(" ") as [Encoding, string];
        const session = this.#sessions.get(id)!;
        const before = secrets.allowed;
        const tally = await packSession(session, {
          ...secrets.redaction,
          output,
          encoding,
          signal,
        });
        const allowed = secrets.allowed - before;
        const report = tellingPart({ taken_out: tally.secrets, allowed });
        if (report === undefined) return;
        this.takenOut.set(id, tally.secrets);
        terminal.event("packed", { choice: id, secrets: report });
        sayReport(report, terminal);
      },
    });
  }

  async open({ id, encodings }: Choice): Promise<Chosen> {
    const session = this.#sessions.get(id);
    if (session === undefined) throw notOffered(id);
    const encoding = encodings.includes("zstd") && canCompress()
      ? "zstd"
      : "identity";
    const lease = await this.#packings.open(`${encoding} ${id}`);
    const { payload } = lease;
    return {
      offer: {
        ...this.#common,
        name: session.title,
        size: payload.size,
        sha256: payload.sha256,
        choice: id,
        encoding,
      },
      source: payload,
      [Symbol.dispose]: () => lease[Symbol.dispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packings[Symbol.asyncDispose]();
  }
}

/** Error for a choice that is not on offer. */
export function notOffered(id: string): SpreadError {
  return new SpreadError(
    "NOT_OFFERED",
    `The receiver asked for session ${id}, which is not offered`,
    "",
  );
}

function noSessions(all: boolean): SpreadError {
  return new SpreadError(
    "PAYLOAD_EMPTY",
    all ? "This machine has no sessions" : "This project has no sessions",
    all
      ? "Start one in Claude Code, which keeps sessions for 30 days by default"
      : "Add --all for the sessions of other projects, or name another --project",
  );
}
