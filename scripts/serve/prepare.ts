/**
 * The parts of a share: passphrase, payload and offer, ready before any receiver can come.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { usage } from "../../lib/errors.ts";
import type { ProjectFacts } from "../../lib/distillation/project_facts.ts";
import {
  FilePayload,
  openFile,
  type Payload,
} from "../../lib/files/payload/source.ts";
import { spool } from "../../lib/files/payload/spool.ts";
import type { Kind } from "../../lib/payload.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { Choices } from "../../lib/protocol/transfer/send_chosen.ts";
import { resolvePassphrase } from "../cli/passphrase.ts";
import {
  type ServeOptions,
  type SettledOptions,
  settleOptions,
} from "./options.ts";
import type { PackedWork } from "../../lib/work/pack/pack_work.ts";
import type { WorkReport } from "../cli/work/report.ts";
import {
  commonOffer,
  describeFile,
  makeOffer,
  nameOf,
} from "./payload/offer.ts";
import type { SharedSessions } from "./payload/sessions.ts";
import { formatCount } from "../cli/screen/format.ts";
import type { SecretsReport } from "../cli/secrets/report.ts";
import type { Terminal } from "../cli/terminal.ts";
import { readTextInput, realFolder, stateFolder } from "../cli/surroundings.ts";

/** Longest that git may take for one answer, in milliseconds: large projects need seconds. */
const GIT_TIMEOUT_MS = 20_000;

/** The parts of a share before any receiver can come. */
export interface Prepared {
  options: SettledOptions;
  /** The passphrase of the user's own; `null` when words are to be made. */
  given: string | null;
  payload: Payload;
  /** The choices, if the payload is a catalogue. */
  choices?: Choices;
  offer: Offer;
  /** Outcome of the search for secrets in a text. */
  secrets?: SecretsReport;
  /** Returns the secrets that were taken out of a choice. */
  takenOut?: SharedSessions["takenOut"];
  /** The unfinished work that comes along, if some does. */
  work?: PackedWork;
  /** Its report, if it was asked for. */
  workReport?: WorkReport;
}

/** Terminal, resources and signal of a share. */
export interface Holding {
  terminal: Terminal;
  stack: AsyncDisposableStack;
  signal: AbortSignal;
}

/**
 * Reads the passphrase and the payload from their sources.
 *
 * @throws {SpreadError} `USAGE`, and any error from reading the payload.
 */
export async function prepare(
  options: ServeOptions,
  holding: Holding,
): Promise<Prepared> {
  const { signal, terminal } = holding;
  const { passphrase: given, input } = options.child
    ? await (await import("./detached/child_input.ts")).readChildInput(
      Deno.stdin.readable,
    )
    : {
      passphrase: await resolvePassphrase(
        options.passphrase,
        {
          readFile: (path, maxBytes) => readTextInput(path, maxBytes, signal),
          signal,
          say: (text) => terminal.say(text),
          isNew: true,
        },
      ),
      input: Deno.stdin.readable,
    };
  if (given !== null) await refuseGeneratedForm(given);
  const facts = options.project === undefined
    ? null
    : await readFacts(options.project, holding);
  const created = new Date();
  const source = { facts, created, input };
  const shared = options.sessions === undefined
    ? await prepareFile(options, source, holding)
    : await prepareSessions(options, source, holding);
  const whole = options.withWork
    ? await addWork(shared, created, holding)
    : shared;
  return { ...whole, given };
}

/** Adds the unfinished work of the checkout. */
async function addWork(
  shared: Shared,
  created: Date,
  holding: Holding,
): Promise<Shared> {
  const { options, payload, choices, offer } = shared;
  const { prepareWork, WithWork } = await import("./payload/work.ts");
  const place = { ...holding, folder: spoolFolder(), created };
  const { packed: work, report: workReport } = await prepareWork(
    options,
    place,
  );
  if (work === null) return { ...shared, workReport };
  const { size, sha256 } = work.payload;
  const own = choices ?? { offer, source: payload };
  const { kind, created: time, sender } = offer;
  const common = { kind, created: time, sender };
  return {
    ...shared,
    work,
    workReport,
    offer: { ...offer, work: { size, sha256 } },
    choices: new WithWork(own, work, common),
  };
}

/** The sources of a share besides its options. */
interface Source {
  facts: ProjectFacts | null;
  created: Date;
  /** The unread rest of standard input. */
  input: ReadableStream<Bytes>;
}

type Shared = Omit<Prepared, "given">;

/** Sessions of this machine. */
async function prepareSessions(
  asked: ServeOptions,
  source: Source,
  holding: Holding,
): Promise<Shared> {
  const options = settleOptions(asked, "session");
  const { shareSessions } = await import("./payload/sessions.ts");
  const common = await commonOffer(options, source.created);
  const place = { ...holding, folder: spoolFolder() };
  const shared = await shareSessions(options, common, place);
  return await offerSessions(options, shared, source);
}

/** A file, or standard input, of the kind that its content tells. */
async function prepareFile(
  asked: ServeOptions,
  source: Source,
  holding: Holding,
): Promise<Shared> {
  const payload = await openPayload(asked, source.input, holding);
  const options = settleOptions(asked, await settleKind(asked, payload));
  if (options.kind === "session") {
    const { sharePackedSession } = await import("./payload/packed_session.ts");
    const common = await commonOffer(options, source.created);
    const how = { ...holding, options };
    const shared = await sharePackedSession(payload, common, how);
    return await offerSessions(options, shared, source);
  }
  const { prepareText } = await import("./payload/text.ts");
  const named = { ...source, payload, name: await nameOf(options) };
  const safe = await prepareText(named, options, holding.terminal);
  const offer = await makeOffer(options, safe.payload, { ...source, ...safe });
  return { options, payload: safe.payload, offer, secrets: safe.secrets };
}

async function settleKind(
  { file, kind, legacy }: ServeOptions,
  payload: Payload,
): Promise<Kind> {
  const { readKindOf } = await import("./payload/kind.ts");
  const name = describeFile(file);
  return await readKindOf(payload, { name, kind, legacy });
}

async function offerSessions(
  options: SettledOptions,
  { payload, choices, name, secrets, safe, takenOut }: SharedSessions,
  source: Source,
): Promise<Shared> {
  const facts = await safe(source.facts);
  const about = await makeOffer(options, payload, { ...source, facts, name });
  const offer = { ...about, catalogue: true } as const;
  return { options, payload, choices, offer, secrets, takenOut };
}

/** Tells a person at a terminal, whose keyboard is the standard input, how to type a text. */
export function sayHowToType(terminal: Terminal): void {
  if (!Deno.stdin.isTerminal()) return;
  terminal.say("type the text to share; Ctrl+D ends it");
}

/** Opens a file in place, or a copy of any size if the file is to be removed. */
async function openPayload(
  { file: path, removeFile }: ServeOptions,
  input: ReadableStream<Bytes>,
  { terminal, stack, signal }: Holding,
): Promise<Payload> {
  if (path === "-") sayHowToType(terminal);
  if (path !== "-" && !removeFile) {
    return await FilePayload.open(path, { signal });
  }
  const stream = path === "-" ? input : (await openFile(path)).readable;
  const name = path === "-" ? undefined : `"${path}"`;
  const spooled = await spool(stream, spoolFolder(), { signal, name });
  return stack.use(spooled).payload;
}

async function readFacts(
  folder: string,
  { terminal, signal }: Holding,
): Promise<ProjectFacts> {
  const [{ factsWithoutGit, readProjectFacts }, { GitProgram }] = await Promise
    .all([
      import("../../lib/distillation/project_facts.ts"),
      import("../../lib/git/git.ts"),
    ]);
  using git = new GitProgram({ timeoutMs: GIT_TIMEOUT_MS, signal });
  const path = await realFolder(folder);
  try {
    return await readProjectFacts(path, git.start);
  } catch (error) {
    if (!(error instanceof Deno.errors.TimedOut)) throw error;
    terminal.warn(
      `git did not answer within ${
        formatCount(GIT_TIMEOUT_MS / 1000, "second")
      }: branch, commit and changed files are left out`,
    );
    return factsWithoutGit(path);
  }
}

/** Folder of payloads while they are shared. */
export function spoolFolder(): string {
  return `${stateFolder()}/spool`;
}

/**
 * Refuses a passphrase of the user's own that receivers would take for generated words or an
 * invite.
 */
async function refuseGeneratedForm(passphrase: string): Promise<void> {
  const { readSecret } = await import("../../lib/words/read_secret.ts");
  const secret = readSecret(passphrase);
  if (secret.kind === "code") {
    throw usage(
      "The passphrase looks like the code of a drop",
      "Use another passphrase, or leave it out to share with new words",
    );
  }
  const isInvite = secret.kind !== "typed" && secret.roomCode !== null;
  if (
    secret.kind === "words" || secret.kind === "mistake" && secret.isReserved
  ) {
    throw usage(
      isInvite
        ? "The passphrase looks like an invite, whose first part names a room"
        : "The passphrase looks like the words that a share makes",
      "Use another passphrase, or leave it out to share with new words",
    );
  }
}
