/**
 * The unfinished work of the checkout, beside a document or sessions.
 *
 * @module
 */

import { SpreadError, usage } from "../../../lib/errors.ts";
import { factsWithoutGit } from "../../../lib/distillation/project_facts.ts";
import { GitProgram } from "../../../lib/git/git.ts";
import { openRepository } from "../../../lib/git/repository.ts";
import {
  type Choice,
  type Offer,
  TEXT_CHOICE,
  WORK_CHOICE,
} from "../../../lib/protocol/transfer/offer.ts";
import type {
  Choices,
  Chosen,
} from "../../../lib/protocol/transfer/send_chosen.ts";
import type { PayloadSource } from "../../../lib/protocol/transfer/send.ts";
import type { SecretPlace } from "../../../lib/secrets/places.ts";
import type { Suspect } from "../../../lib/work/pack/packing.ts";
import {
  type NoWork,
  type PackedWork,
  packWork,
} from "../../../lib/work/pack/pack_work.ts";
import { unusable } from "../../../lib/work/errors.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { removeScratch } from "../../../lib/work/scratch.ts";
import { openProjectScanner } from "../../cli/secrets/project.ts";
import { anonymizerOf } from "../../cli/secrets/anonymous.ts";
import { formatCount } from "../../cli/screen/format.ts";
import { describePlaces } from "../../cli/secrets/report.ts";
import {
  homeFolder,
  realFolder,
  stateFolder,
  usualStateFolder,
  writtenFolder,
} from "../../cli/surroundings.ts";
import { canAsk } from "../../cli/terminal.ts";
import {
  describeInside,
  MAX_NAMED,
  type WorkReport,
} from "../../cli/work/report.ts";
import type { SettledOptions } from "../options.ts";
import { type CommonOffer, notOffered, type SharePlace } from "./sessions.ts";

/** Longest that git may take for one step, in milliseconds: a long history takes a while. */
const GIT_TIMEOUT_MS = 300_000;

/** Most pairs of files that some disks cannot hold together. */
const MAX_TWINS = 3;

/** Work that comes along, if there is some, and what to know of it. */
export interface PreparedWork {
  packed: PackedWork | null;
  report: WorkReport;
}

/**
 * Packs the work of the project's checkout.
 *
 * @throws {SpreadError} `USAGE` for a memory; as `packWork()`.
 */
export async function prepareWork(
  options: SettledOptions,
  place: SharePlace & { created: Date },
): Promise<PreparedWork> {
  if (options.kind === "memory") {
    throw usage(
      "--with-work is for a distillation or sessions, not for memory",
      "Leave it out",
    );
  }
  const { folder, created, terminal, stack, signal } = place;
  const named = options.project ?? ".";
  if (!await mayRead(named)) throw noOwnCheckout();
  const project = await realFolder(named);
  using git = new GitProgram({ timeoutMs: GIT_TIMEOUT_MS, signal });
  const cleaning = removeScratch(folder);
  const held = new Map<string, SecretPlace[]>();
  const used = new Set<string>();
  const packed = await packWork(project, {
    startGit: git.start,
    folder,
    own: [stateFolder(), usualStateFolder(), writtenFolder()],
    created,
    project: factsWithoutGit(project).project,
    rename: anonymizerOf(options),
    openScanner: async (root) => {
      await refuseHome(root, git);
      return await openProjectScanner(project, root === project ? [] : [root]);
    },
    mayLeave: async (suspect) => {
      const word = options.include.find((word) => isNamed(suspect, word));
      if (word !== undefined) {
        used.add(word);
        return true;
      }
      if (await agrees(suspect, options, { terminal, signal })) return true;
      held.set(suspect.shown, suspect.places);
      return false;
    },
    signal,
  }).catch(withPlaces);
  await cleaning;
  for (const word of options.include.filter((word) => !used.has(word))) {
    terminal.warn(
      `--include "${
        cleanLine(word, 80)
      }" names no file or commit with a secret; name files from the root of the checkout`,
    );
  }
  const report = reportOf(packed, held, options);
  if (packed.header === null) return { packed: null, report };
  return { packed: stack.use(packed), report };
}

/** Says of secrets in commits what they are. */
function withPlaces(error: unknown): never {
  if (!SpreadError.is(error, "SECRETS_FOUND")) throw error;
  const { code, message, hint, fields } = error;
  const what = describePlaces(fields.places as SecretPlace[]);
  throw new SpreadError(code, `${message} (${what})`, hint, {
    cause: error,
    fields,
  });
}

function reportOf(
  packed: PackedWork | NoWork,
  held: Map<string, SecretPlace[]>,
  { anonymous, preview }: SettledOptions,
): WorkReport {
  const { leftOut, header } = packed;
  const named = leftOut.slice(0, MAX_NAMED).map(({ path, reason }) => ({
    path,
    reason,
    places: held.get(path),
  }));
  const behind = {
    left_out: named,
    left_out_more: leftOut.length - named.length,
  };
  if (header === null) {
    return { commits: 0, files: 0, under_way: [], ...behind };
  }
  const { branch, commits, files, under_way, base } = header;
  return {
    bytes: packed.payload.size,
    branch,
    commits,
    files,
    ...preview && { named: packed.coming },
    whole_history: base.length === 0,
    under_way,
    ...behind,
    twins: packed.twins.slice(0, MAX_TWINS),
    unsearched: packed.isSearchCut,
    names_authors: anonymous && commits > 0,
  };
}

/** Refuses a checkout around the home: it holds all that the user has. */
async function refuseHome(root: string, git: GitProgram): Promise<void> {
  if (!await mayRead(root) || await holdsHome(root, git)) throw noOwnCheckout();
}

/** Whether a checkout is around the home, which may be a link: git names roots without links. */
async function holdsHome(root: string, git: GitProgram): Promise<boolean> {
  const home = homeFolder();
  if (home === undefined) return false;
  const isInside = (path: string) =>
    comparable(path).startsWith(comparable(root));
  if (isInside(home)) return true;
  const real = await Deno.realPath(home).catch(() => null) ??
    // The launcher lets nobody read the home: git knows in which checkout it is.
    (await openRepository(home, git.start))?.root;
  return real !== undefined && isInside(real);
}

/** A folder's path with a slash at its end; git writes slashes on Windows, where case is no matter. */
function comparable(path: string): string {
  const same = Deno.build.os === "windows"
    ? path.replaceAll("\\", "/").toLowerCase()
    : path;
  return same.replace(/\/*$/, "/");
}

/** Whether the launcher has found a checkout here: it lets nobody read one around the home. */
async function mayRead(path: string): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "read", path });
  return state === "granted";
}

function noOwnCheckout() {
  return unusable(
    "Cannot send the work: this folder is in no git checkout, or only in one that holds your whole home folder",
    "Go to a project with a checkout of its own, or leave --with-work out",
  );
}

/** Whether a word of the user names a file, or a commit by at least 7 digits. */
function isNamed({ name }: Suspect, word: string): boolean {
  if (word === name) return true;
  return /^[0-9a-f]{12}$/.test(name) && word.length >= 7 && isStart(word, name);
}

/** Whether one of two texts begins with the other. */
function isStart(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** Asks a person whether a file leaves with its secrets; if nobody can be asked, it does not. */
async function agrees(
  { shown: name, places }: Suspect,
  { child, isTyped, json }: SettledOptions,
  { terminal, signal }: Pick<SharePlace, "terminal" | "signal">,
): Promise<boolean> {
  if (child || isTyped || json || !canAsk()) return false;
  const shown = `"${cleanLine(name, 80)}"`;
  terminal.say(
    `${shown} has ${formatCount(places.length, "secret")}: ${
      describeInside(places)
    }`,
  );
  return await terminal.agrees(`Send ${shown} as it is?`, signal);
}

/** The choices of a share with work: its own, or its document, and the work. */
export class WithWork implements Choices {
  constructor(
    private readonly own: Choices | { offer: Offer; source: PayloadSource },
    private readonly work: PackedWork,
    private readonly common: CommonOffer,
  ) {}

  open(choice: Choice): Promise<Chosen> {
    if (choice.id === WORK_CHOICE) return Promise.resolve(this.#work());
    if ("open" in this.own) return this.own.open(choice);
    if (choice.id !== TEXT_CHOICE) return Promise.reject(notOffered(choice.id));
    const { offer, source } = this.own;
    const { kind, created, sender, name, size, sha256, project, git } = offer;
    const about = { kind, created, sender, name, size, sha256, project, git };
    return Promise.resolve({
      offer: { ...about, choice: TEXT_CHOICE },
      source,
      [Symbol.dispose]: () => {},
    });
  }

  #work(): Chosen {
    const { payload, header } = this.work;
    return {
      offer: {
        ...this.common,
        name: header.branch || "work",
        size: payload.size,
        sha256: payload.sha256,
        choice: WORK_CHOICE,
      },
      source: payload,
      [Symbol.dispose]: () => {},
    };
  }
}
