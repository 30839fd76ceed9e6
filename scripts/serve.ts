/**
 * Shares a payload with other machines: a file of any kind, or sessions of this machine.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import { removeLeftovers } from "../lib/files/payload/spool.ts";
import { Share } from "../lib/protocol/share.ts";
import type { Flags } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { fillRandom, giveUp } from "./cli/surroundings.ts";
import type { Terminal } from "./cli/terminal.ts";
import type { Listeners } from "./serve/listen.ts";
import type { LeftDrops } from "./serve/leave/left_drops.ts";
import { parseServeArgs, type ServeOptions } from "./serve/options.ts";
import { prepare, spoolFolder } from "./serve/prepare.ts";
import {
  LEGACY_SHARE_WARNING,
  readinessOf,
  sayAddresses,
  sayReady,
} from "./serve/ready.ts";
import { commandsOf, showCommands } from "./serve/receive_commands.ts";
import { AcceptLoop } from "./serve/receivers/accept.ts";
import { ShareEndings } from "./serve/receivers/endings.ts";
import type { Recipients } from "./serve/recipients/recipients.ts";
import type { RoomChange } from "./serve/relay_room.ts";
import type { Registration } from "./serve/share_entry.ts";

// Loaded while the payload is read.
const loadShareEntry = () => import("./serve/share_entry.ts");
const loadWords = () => import("./serve/words.ts");
const loadListen = () => import("./serve/listen.ts");
const loadDiscovery = () => import("../lib/discovery/mdns.ts");

const loadScratch = () => import("../lib/work/scratch.ts");
const loadDocuments = () => import("./serve/payload/documents.ts");

async function serve(
  asked: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const holding = { terminal, stack, signal };
  const recipients = await openRecipients(asked);
  const [
    prepared,
    { register },
    { makeWords },
    { findPreferred, openListeners },
    { InterfaceWatch },
  ] = await Promise.all([
    prepare(asked, holding),
    loadShareEntry(),
    loadWords(),
    loadListen(),
    loadDiscovery(),
  ]);
  // From here on, strangers are heard.
  await giveUp("run");
  const left = asked.leave === undefined ? null : stack.use(
    await leaveToo(prepared, asked.leave, {
      ...holding,
      pairs: recipients?.known ?? null,
    }),
  );
  const { given, payload, choices, offer, takenOut } = prepared;
  const options = { ...prepared.options };
  if (recipients !== null) options.relay = recipients.relay;
  const { legacy } = options;
  const watch = new InterfaceWatch(
    () => Deno.networkInterfaces(),
    options.interface,
  );
  const preferred = findPreferred(watch);
  const generated = given === null && recipients === null
    ? await makeWords(options, watch, signal)
    : null;
  const share = new Share({
    secret: recipients?.secrets ?? given ?? generated!,
    offer,
    source: payload,
    choices,
    legacy,
    fillRandom,
    room: () => recipients === null ? undefined : opened?.room?.roomCode,
  });
  if (legacy) terminal.warn(LEGACY_SHARE_WARNING);

  let registration: Registration | null = null;
  let opened: Listeners | null = null;
  const onRoom = ({ roomCode, state, isNew }: RoomChange) => {
    registration?.moved({ room: roomCode, room_state: state });
    // Pairs find the new room by themselves.
    if (!isNew || opened === null || recipients !== null) return;
    const share = { options, generated, recipients, ...opened };
    showCommands(terminal, commandsOf(share));
  };
  opened = await openListeners(
    { options, offer, generated, recipients, watch, preferred, onRoom },
    holding,
  );
  const stopping = new AbortController();
  registration = await register(
    { ...prepared, options },
    opened,
    stopping,
    terminal,
  );
  if (registration !== null) stack.use(registration);
  stack.use(opened.followAddresses((addresses) => {
    registration?.moved({ addresses });
    sayAddresses(terminal, addresses);
  }, stopping));
  // Only now: an earlier failure would have cost the document.
  if (options.removeFile) {
    const { removeDocument } = await loadDocuments();
    await removeDocument(options.file);
  }
  const { id } = registration ?? {};
  const ready = readinessOf({
    options,
    offer,
    ...opened,
    id,
    generated,
    recipients,
    secrets: prepared.secrets,
    workReport: prepared.workReport,
  });
  const log = options.child ? registration!.keep() : null;
  await sayReady(terminal, ready, options);
  // At once: the process that started this one no longer listens.
  if (log !== null) terminal.leave(log);
  void loadDocuments().then(({ sweepDocuments }) => sweepDocuments(new Date()));
  // Cleans up once nobody is waiting for the command.
  const cleaning = cleanSpool();
  stack.defer(() => cleaning);
  const endings = new ShareEndings(options, terminal);
  const loop = new AcceptLoop(share, options, terminal, endings, {
    delivered: (peer, offer, pair) => {
      const secrets = takenOut?.(offer.choice!);
      registration?.delivered({ peer, pair }, offer, secrets);
      if (pair !== undefined) left?.hasReceived(pair, offer);
    },
    isDone: (pair) => left?.isDone(pair),
    nameOf: recipients?.nameOf.bind(recipients),
    guessed: (peer) => registration?.guessed(peer),
  });
  stack.defer(() => loop.close());
  const ending = AbortSignal.any([signal, stopping.signal]);
  try {
    await loop.run(opened.listeners, ending);
    registration?.ends("done");
  } catch (error) {
    registration?.ends(error instanceof SpreadError ? error.code : "failed");
    throw error;
  }
}

/** Removes what killed processes have left: payloads and packed work. */
async function cleanSpool(): Promise<void> {
  const { removeScratch } = await loadScratch();
  await removeLeftovers(spoolFolder());
  await removeScratch(spoolFolder());
}

/** Leaves a drop before the share opens. */
async function leaveToo(
  ...how: Parameters<typeof import("./serve/leave/leave.ts").leavePrepared>
): Promise<LeftDrops> {
  const { leavePrepared } = await import("./serve/leave/leave.ts");
  return await leavePrepared(...how);
}

/** The pairs that the share is for; `null` for one with words or a passphrase. */
async function openRecipients(
  { passphrase }: ServeOptions,
): Promise<Recipients | null> {
  if (passphrase.kind !== "pairs") return null;
  const { Recipients } = await import("./serve/recipients/recipients.ts");
  return await Recipients.open(passphrase.names);
}

/** Runs `serve` with parsed flags, for a person or for a skill. */
export async function run(
  flags: Flags,
  { terminal, signal, typed }: Running,
): Promise<void> {
  const env = (name: string) => Deno.env.get(name);
  const options = await parseServeArgs(flags, env, typed);
  if (options.child) terminal.warnInEvents();
  if (options.preview) {
    const { preview } = await import("./serve/preview.ts");
    return await preview(options, terminal, signal);
  }
  if (options.qr || options.copy) {
    const { checkPassOn } = await import("./serve/pass_on.ts");
    checkPassOn(options, terminal);
  }
  // With --keep-open it is a share as well, which lasts.
  if (options.leave !== undefined && options.keepOpenMin === undefined) {
    const { leave } = await import("./serve/leave/leave.ts");
    const isTyped = typed !== undefined;
    return await leave(options, { terminal, signal, isTyped });
  }
  if (!options.detach) return await serve(options, terminal, signal);
  const { detach } = await import("./serve/detached/detach.ts");
  await detach(options, flags.forChild(), terminal, signal);
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("serve", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
