/**
 * Receives a payload from another machine, of whatever kind.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import type { Offer } from "../lib/protocol/transfer/offer.ts";
import { findSender } from "./receive/find/find_sender.ts";
import type { DialOptions, Sender } from "./receive/find/sender.ts";
import type { DropCode, Invite } from "./receive/invite.ts";
import { resolvePassphrase } from "./cli/passphrase.ts";
import type { Flags } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import {
  isForPairs,
  parseReceiveArgs,
  type ReceiveOptions,
} from "./receive/options.ts";
import type { LocalCheckout } from "./receive/checkout.ts";
import type { DocumentReceiving } from "./receive/document.ts";
import type { Receiving } from "./receive/receiving.ts";
import type { KnownPair } from "./cli/pairs/known_pairs.ts";
import type { FoundShare, PairSearch } from "./receive/pairs/find_share.ts";
import type { Terminal } from "./cli/terminal.ts";
import {
  fillRandom,
  giveUp,
  readTextInput,
  stateFolder,
} from "./cli/surroundings.ts";

// Modules for receiving and reconnecting; loaded while the sender checks the proof.
const loadReceiving = () => import("./receive/document.ts");
const loadSearch = () => import("./receive/pairs/find_share.ts");
const loadDiscovery = () => import("../lib/discovery/mdns.ts");
const loadRedial = () => import("./receive/find/reconnect.ts");

async function receive(
  options: ReceiveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  using checkout = await openCheckout(options, signal);
  const pairs = isForPairs(options) ? await openPairs(options, terminal) : [];
  const invite = pairs.length > 0
    ? null
    : await readInvite(options, terminal, signal);
  const folder = `${stateFolder()}/partial`;
  // Checked before asking the sender for anything.
  if (options.output !== undefined) {
    const { checkPlace } = await import("../lib/files/payload/place_file.ts");
    checkPlace(options.output);
  }
  if (invite !== null && "dropSecret" in invite) {
    const { receiveDrop } = await import("./receive/drops/receive_drop.ts");
    const startMs = performance.now();
    const means = { terminal, folder, checkout, signal, startMs };
    return await receiveDrop(invite, means);
  }
  const dial: Omit<DialOptions, "secret"> = {
    legacy: options.legacy,
    fillRandom,
    // An import that fails here fails again, with an error, when its module is needed.
    onIdle: () => {
      loadReceiving().then(({ preload }) => preload()).catch(() => {});
      loadRedial().catch(() => {});
    },
    guesses: { spent: 0 },
    signal,
  };
  // Sessions that are asked for are prepared first: the project may be missing.
  let receiving = options.kind === "session"
    ? await openSessions(options, terminal, folder, signal)
    : null;
  await checkout?.started();
  // From here on, strangers are heard.
  await giveUp("run");
  const startMs = performance.now();
  const found = invite === null
    ? await findShare({ pairs, options, dial, terminal, folder })
    : { sender: await findInvited(invite, options, dial, terminal) };
  if (found === null) return;
  if ("drop" in found) {
    const { takeDrop } = await import("./receive/drops/receive_drop.ts");
    using drop = found.drop;
    const means = { terminal, folder, checkout, signal, startMs };
    return await takeDrop(drop, options, means);
  }
  let { sender, offer }: { sender: Sender; offer?: Offer | null } = found;
  const chosen = offer;
  const { redial } = await loadRedial();
  for (let attempt = 0;; attempt++) {
    let taking: Receiving | null = null;
    try {
      if (offer === undefined) offer = await readOffer(sender);
      if (chosen) await requireSame(sender, chosen, offer);
      const isList = options.kind === undefined && offer?.kind === "session";
      taking = receiving ??= isList
        ? await openSessions(options, terminal, folder, signal)
        : await openDocument(options, terminal, folder, startMs, checkout);
      await taking.take(sender, offer);
      break;
    } catch (error) {
      sender.channel.abort(error as Error);
      if (taking?.hasMoved) attempt = 0;
      const keptBytes = taking?.keptBytes ?? 0;
      sender = await redial(sender, dial, attempt, error, terminal, keptBytes);
      offer = undefined;
    }
  }
  const { removeStale } = await import("../lib/files/payload/partial_file.ts");
  await removeStale(folder, new Date());
}

/** The pairs from which something may be received; none when there are none at all. */
async function openPairs(
  { from }: ReceiveOptions,
  terminal: Terminal,
): Promise<KnownPair[]> {
  // Loaded while the files are read.
  loadSearch().catch(() => {});
  loadDiscovery().catch(() => {});
  const { openPairs } = await import("./cli/pairs/known_pairs.ts");
  return await openPairs(terminal, from && [from.name]);
}

async function findShare(search: PairSearch): Promise<FoundShare | null> {
  const { findShare } = await loadSearch();
  return await findShare(search);
}

/** Makes sure that a pair still shares what the user has chosen. */
async function requireSame(
  { pair }: Sender,
  chosen: Offer,
  offer: Offer | null,
): Promise<void> {
  const { isSame, noLongerShared } = await import(
    "./receive/pairs/waiting_offer.ts"
  );
  if (!isSame(offer, chosen)) throw noLongerShared(pair!, chosen);
}

async function findInvited(
  { passphrase, room, address }: Invite,
  options: ReceiveOptions,
  dial: Omit<DialOptions, "secret">,
  terminal: Terminal,
): Promise<Sender> {
  const how = { ...dial, secret: passphrase };
  return await findSender({ ...options, address }, how, terminal, room);
}

async function readOffer(sender: Sender): Promise<Offer | null> {
  const { readOffer } = await import("./receive/find/read_offer.ts");
  return await readOffer(sender);
}

/** Gets the passphrase and reads it; plain words, the common case, need few modules. */
async function readInvite(
  options: ReceiveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Invite | DropCode> {
  const { room, wantsRelay, address } = options;
  const typed = (await resolvePassphrase(options.passphrase, {
    readFile: (path, maxBytes) => readTextInput(path, maxBytes, signal),
    signal,
    say: (text) => terminal.say(text),
    isNew: false,
  }))!;
  const { isPlainWords } = await import("../lib/crypto/eff_short_words.ts");
  if (isPlainWords(typed) && room === undefined && !wantsRelay) {
    return { passphrase: typed, room: null, address };
  }
  const { readInvite } = await import("./receive/invite.ts");
  return await readInvite(typed, options, terminal);
}

/** Opens the checkout with which a document's commit is to be compared. */
async function openCheckout(
  { kind, project }: ReceiveOptions,
  signal: AbortSignal,
): Promise<LocalCheckout | null> {
  if (project === undefined || kind === "session") return null;
  const { LocalCheckout } = await import("./receive/checkout.ts");
  return new LocalCheckout(project, signal);
}

async function openDocument(
  ...how: ConstructorParameters<typeof DocumentReceiving>
): Promise<Receiving> {
  const { DocumentReceiving } = await loadReceiving();
  return new DocumentReceiving(...how);
}

async function openSessions(
  options: ReceiveOptions,
  terminal: Terminal,
  folder: string,
  signal: AbortSignal,
): Promise<Receiving> {
  const { SessionReceiving } = await import("./receive/sessions/sessions.ts");
  return await SessionReceiving.open(options, terminal, folder, signal);
}

/** Runs `receive` with parsed flags, for a person or for a skill. */
export async function run(
  flags: Flags,
  { terminal, signal, typed }: Running,
): Promise<void> {
  const env = (name: string) => Deno.env.get(name);
  const options = await parseReceiveArgs(flags, env, typed);
  try {
    await receive(options, terminal, signal);
  } catch (error) {
    if (!SpreadError.is(error, "INTERRUPTED")) throw error;
    const { explainStop } = await import("./receive/stopped.ts");
    const { output } = options;
    const isPlaced = output !== undefined &&
      await Deno.lstat(output).then(() => true, () => false);
    throw explainStop(error, terminal.moved, isPlaced);
  }
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("receive", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
