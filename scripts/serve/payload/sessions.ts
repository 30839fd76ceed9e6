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
import { canCompress, packSession } from "../../../lib/session/pack/pack.ts";
import { BytesPayload } from "../../../lib/files/payload_source.ts";
import type { Choice, Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { Encoding } from "../../../lib/payload.ts";
import type {
  Choices,
  Chosen,
} from "../../../lib/protocol/transfer/send_chosen.ts";
import { claudeSurroundings } from "../../cli/claude.ts";
import { openOptions } from "../../cli/session_options.ts";
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
}

/** Fields that all offers of a share have in common. */
export type CommonOffer = Pick<Offer, "kind" | "created" | "sender">;

/**
 * Finds the sessions that the user chose to offer.
 *
 * @param folder Folder for packed sessions; `stack` removes them at the end.
 * @throws {SpreadError} `USAGE`, `PAYLOAD_EMPTY`; the signal's reason.
 */
export async function shareSessions(
  options: SettledOptions,
  common: CommonOffer,
  { folder, terminal, stack, signal }: {
    folder: string;
    terminal: Terminal;
    stack: AsyncDisposableStack;
    signal: AbortSignal;
  },
): Promise<SharedSessions> {
  const sessions = await chosenSessions(options, terminal, signal);
  const choices = new SessionChoices(sessions, common, folder);
  stack.use(choices);
  const payload = new BytesPayload(encodeCatalogue(sessions));
  return { payload, choices, name: formatCount(sessions.length, "session") };
}

async function chosenSessions(
  { sessions: chosen, everyProject: all, project }: SettledOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<LocalSession[]> {
  const surroundings = claudeSurroundings(project);
  const how = { openOptions: openOptions(), signal };
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

  constructor(
    sessions: LocalSession[],
    private readonly common: CommonOffer,
    folder: string,
  ) {
    this.#sessions = new Map(sessions.map((session) => [session.id, session]));
    this.#packings = new PreparedPayloads({
      folder,
      pack: async (key, output, signal) => {
        const [encoding, id] = key.split(" ") as [Encoding, string];
        const session = this.#sessions.get(id)!;
        await packSession(session, {
          openOptions: openOptions(),
          output,
          encoding,
          signal,
        });
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
        ...this.common,
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
