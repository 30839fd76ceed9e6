/**
 * `serve --leave`: leaves a payload at a relay, for a receiver who comes later.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { makeCode } from "../../../lib/drops/code.ts";
import type { DropLimits } from "../../../lib/drops/answers.ts";
import {
  DropRelay,
  type DropRelayOptions,
} from "../../../lib/drops/drop_relay.ts";
import {
  type DropEntry,
  removeDropEntry,
  writeDropEntry,
} from "../../../lib/drops/entries.ts";
import { DropKeys, makeDeleteToken } from "../../../lib/drops/keys.ts";
import { leaveDrop } from "../../../lib/drops/leave.ts";
import { DropRefused } from "../../../lib/drops/refusals.ts";
import { DropSealer } from "../../../lib/drops/seal.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { proxyFor } from "../../cli/proxy.ts";
import { formatSpan } from "../../cli/screen/format.ts";
import { dropsFolder, fillRandom, giveUp } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { LeaveOptions, ServeOptions } from "../options.ts";
import { type Holding, prepare, type Prepared } from "../prepare.ts";
import { type DroppedPayload, droppedPayload } from "./dropped_payload.ts";
import { dropCommands, sayLeft } from "./say_left.ts";

/** Time to take back what a stopped command has left, in milliseconds. */
const TAKE_BACK_MS = 3_000;

/**
 * Leaves a drop and ends.
 *
 * @param isTyped Whether a skill runs the command, which says itself how to go on.
 * @throws {SpreadError} As `prepare()` and {@linkcode leavePrepared}.
 */
export async function leave(
  options: ServeOptions,
  { terminal, signal, isTyped }: {
    terminal: Terminal;
    signal: AbortSignal;
    isTyped: boolean;
  },
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const holding = { terminal, stack, signal };
  // A drop has a code of its own.
  const asked: ServeOptions = { ...options, passphrase: { kind: "generated" } };
  const prepared = await prepare(asked, holding);
  // From here on, strangers are heard.
  await giveUp("run");
  const id = await leavePrepared(prepared, options.leave!, holding);
  if (id !== null && !isTyped) {
    terminal.remark(
      `claude-spread status shows whether it has been taken; claude-spread stop ${id} takes it back`,
    );
  }
  const { removeDocument, sweepDocuments } = await import(
    "../payload/documents.ts"
  );
  if (options.removeFile) await removeDocument(options.file);
  await sweepDocuments(Deno.env.get("HOME") ?? "", new Date());
}

/**
 * Leaves what is prepared, and reports it once the relay has confirmed all of it.
 *
 * @returns The ID for `stop`; `null` when the entry could not be written.
 * @throws {SpreadError} `DROPS_OFF`, `RELAY_BUSY`, `RELAY_UNREACHABLE`, `PAYLOAD_TOO_LARGE`; `USAGE`
 *   for a time that the relay does not keep a drop.
 */
export async function leavePrepared(
  prepared: Prepared,
  { relay: url, ttlS }: LeaveOptions,
  { terminal, signal }: Pick<Holding, "terminal" | "signal">,
): Promise<string | null> {
  const proxy = await proxyFor(url, (name) => Deno.env.get(name)) ?? null;
  const how: DropRelayOptions = {
    proxy,
    signal,
    onRetry: () => terminal.say("the relay does not answer; trying again"),
  };
  using relay = new DropRelay(url, how);
  // Before anything is made or sent: a relay without drops ends it here.
  const limits = await relay.limits().catch((error) => {
    throw relay.inWords(error);
  });
  const life = chooseLife(ttlS, limits, url);
  using dropped = await droppedPayload(prepared);
  const { secret, code } = await makeCode(fillRandom);
  const keys = await DropKeys.ofCode(secret);
  const { offer, source } = dropped;
  const sealer = new DropSealer(keys, offer, source, limits.max_bytes);
  const token = makeDeleteToken(fillRandom);
  const entry = entryOf(dropped, { url, keys, token: token.toHex(), life });
  const isKnown = await keepEntry(entry, terminal);
  try {
    await leaveDrop(relay, sealer, {
      keys,
      deleteToken: token,
      ttlS: life,
      fillRandom,
      onProgress: (bytes) =>
        terminal.progress(nameRelay(url), bytes, sealer.bytes),
    });
  } catch (error) {
    await takeBack(entry, proxy);
    throw relay.inWords(error);
  }
  const left = new Date().toISOString();
  if (isKnown) await writeDropEntry(dropsFolder(), { ...entry, left });
  await sayLeft(terminal, {
    ...offer,
    id: isKnown ? entry.id : undefined,
    code,
    relay: url,
    expires: entry.expires,
    secrets: prepared.secrets,
    ...dropCommands(code, offer.kind, url),
  }, prepared.options);
  return isKnown ? entry.id : null;
}

/** The life of a drop in seconds, as asked for or as the relay has it. */
function chooseLife(
  asked: number | undefined,
  { default_ttl_s, max_ttl_s }: DropLimits,
  url: string,
): number {
  if (asked === undefined) return default_ttl_s;
  if (asked <= max_ttl_s) return asked;
  throw new SpreadError(
    "USAGE",
    `The relay ${nameRelay(url)} keeps drops for ${
      formatSpan(max_ttl_s * 1000)
    } at most`,
    "Name a shorter time with --leave TIME, or another relay with --relay URL",
  );
}

function entryOf(
  { offer: { kind, name, size } }: DroppedPayload,
  { url, keys, token, life }: {
    url: string;
    keys: DropKeys;
    token: string;
    life: number;
  },
): DropEntry {
  const now = Date.now();
  return {
    version: 1,
    id: fillRandom(new Uint8Array(4)).toHex(),
    drop: keys.id.toHex(),
    relay: url,
    token,
    kind,
    name,
    size,
    begun: new Date(now).toISOString(),
    expires: new Date(now + life * 1000).toISOString(),
  };
}

/** Writes the entry before anything is sent; whether that worked. */
async function keepEntry(
  entry: DropEntry,
  terminal: Terminal,
): Promise<boolean> {
  try {
    await writeDropEntry(dropsFolder(), entry);
    return true;
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    terminal.warn(`${error.message}: status and stop will not find this drop`);
    return false;
  }
}

/** Takes back what was left before a failure; the entry stays when that fails too. */
async function takeBack(
  { relay: url, drop, token, id }: DropEntry,
  proxy: string | null,
): Promise<void> {
  const signal = AbortSignal.timeout(TAKE_BACK_MS);
  using relay = new DropRelay(url, { proxy, signal, pausesMs: [] });
  const isGone = await relay.takeBack(drop, token).then(
    () => true,
    (error) => error instanceof DropRefused,
  );
  if (isGone) await removeDropEntry(dropsFolder(), id);
}
