/**
 * The parts of a share: passphrase, payload and offer, ready before any receiver can come.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../lib/bytes.ts";
import { generatePassphrase } from "../../lib/crypto/passphrase.ts";
import { usage } from "../../lib/errors.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import type { ProjectFacts } from "../../lib/distillation/project_facts.ts";
import {
  BytesPayload,
  FilePayload,
  openFile,
  type Payload,
} from "../../lib/files/payload_source.ts";
import { spool } from "../../lib/files/spool.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { Choices } from "../../lib/protocol/transfer/send_chosen.ts";
import { KINDS } from "../cli/kinds.ts";
import { resolvePassphrase } from "../cli/passphrase.ts";
import type { ServeOptions } from "./options.ts";
import type { CommonOffer } from "./sessions.ts";
import type { Terminal } from "../cli/terminal.ts";
import {
  fillRandom,
  readTextInput,
  realFolder,
  runGit,
  stateFolder,
  whoAmI,
} from "../cli/surroundings.ts";

/** The parts of a share before any receiver can come. */
export interface Prepared {
  passphrase: string;
  /** The passphrase, if it was generated here. */
  generated: string | null;
  payload: Payload;
  /** The choices, if the payload is a catalogue. */
  choices?: Choices;
  offer: Offer;
  created: Date;
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
  const { stack, signal } = holding;
  const { passphrase: given, input } = options.child
    ? await (await import("./child_input.ts")).readChildInput(
      Deno.stdin.readable,
    )
    : {
      passphrase: await resolvePassphrase(
        options.passphrase,
        {
          readFile: (path) => readTextInput(path, signal),
          signal,
          isNew: true,
        },
      ),
      input: Deno.stdin.readable,
    };
  if (given !== null) await refuseGeneratedForm(given);
  const generated = given === null ? generatePassphrase(fillRandom) : null;
  const facts = options.project === undefined
    ? null
    : await readFacts(options.project);
  const created = new Date();
  const passphrase = given ?? generated!;
  if (options.kind === "session") {
    const common = commonOffer(options, created);
    const place = { ...holding, folder: spoolFolder() };
    const { shareSessions } = await import("./sessions.ts");
    const shared = await shareSessions(options, common, place);
    const { payload, choices, name } = shared;
    const about = makeOffer(options, payload, facts, created);
    const offer: Offer = { ...about, name, catalogue: true };
    return { passphrase, generated, payload, choices, offer, created };
  }
  const source = { options, facts, created, input };
  const payload = await openPayload(source, stack, signal);
  const offer = makeOffer(options, payload, facts, created);
  return { passphrase, generated, payload, offer, created };
}

async function openPayload(
  { options, facts, created, input }: {
    options: ServeOptions;
    facts: ProjectFacts | null;
    created: Date;
    /** The unread rest of standard input. */
    input: ReadableStream<Bytes>;
  },
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Payload> {
  const payload = options.file === "-"
    ? stack.use(await spool(input, spoolFolder(), { signal })).payload
    : await openFilePayload(options, stack, signal);
  const isDocument = options.kind === "distillation" &&
    (facts !== null || options.removeFile);
  if (!isDocument) return payload;
  const { addFacts, readDocument } = await import(
    "../../lib/distillation/document.ts"
  );
  const text = await readDocument(payload);
  return new BytesPayload(
    utf8(facts === null ? text : addFacts(text, facts, created)),
  );
}

async function readFacts(folder: string): Promise<ProjectFacts> {
  const { readProjectFacts } = await import(
    "../../lib/distillation/project_facts.ts"
  );
  return await readProjectFacts(await realFolder(folder), runGit);
}

/** Opens a file payload in place, or a copy of any size if the file is to be removed. */
async function openFilePayload(
  { file: path, kind, removeFile }: ServeOptions,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Payload> {
  if (!removeFile || kind === "distillation") {
    return await FilePayload.open(path, { signal });
  }
  const file = await openFile(path);
  const options = { signal, name: `"${path}"` };
  return stack.use(await spool(file.readable, spoolFolder(), options)).payload;
}

function commonOffer(options: ServeOptions, created: Date): CommonOffer {
  return {
    kind: options.kind,
    created: created.toISOString(),
    sender: options.anonymous ? undefined : cleanLine(whoAmI(), 128),
  };
}

function makeOffer(
  options: ServeOptions,
  payload: Payload,
  facts: ProjectFacts | null,
  created: Date,
): Offer {
  const name = cleanLine(options.file.split(/[\\/]/).at(-1)!, 255);
  return {
    ...commonOffer(options, created),
    // Standard input has no name, and some names have no printable character.
    name: options.file === "-" || name === ""
      ? KINDS[options.kind].fileName
      : name,
    size: payload.size,
    sha256: payload.sha256,
    project: facts?.project,
    git: facts?.git,
  };
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
  const isInvite = secret.kind !== "typed" && secret.roomCode !== null;
  if (
    secret.kind === "words" || secret.kind === "mistake" && secret.isReserved
  ) {
    throw usage(
      isInvite
        ? "The passphrase has the form of an invite, whose first word names a room"
        : "The passphrase has the form of the words that a share makes",
      "Use another one, or leave it out to get one made",
    );
  }
}
