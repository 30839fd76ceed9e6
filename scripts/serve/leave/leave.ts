/**
 * `serve --leave`: leaves a payload at a relay, for a receiver who comes later.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import type { DropLimits } from "../../../lib/drops/answers.ts";
import { DropRelay } from "../../../lib/drops/drop_relay.ts";
import { type DropEntry, removeDropEntry } from "../../../lib/drops/entries.ts";
import { type DropKeys, makeDeleteToken } from "../../../lib/drops/keys.ts";
import { leaveDrop } from "../../../lib/drops/leave.ts";
import { DropRefused } from "../../../lib/drops/refusals.ts";
import { DropSealer } from "../../../lib/drops/seal.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { type KnownPair, openPairs } from "../../cli/pairs/known_pairs.ts";
import { proxyFor } from "../../cli/proxy.ts";
import { formatSpan } from "../../cli/screen/format.ts";
import { dropsFolder, fillRandom, giveUp } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { ServeOptions } from "../options.ts";
import type { LeaveOptions } from "./options.ts";
import { type Holding, prepare, type Prepared } from "../prepare.ts";
import { type DroppedPayload, droppedPayload } from "./dropped_payload.ts";
import { LeftDrops } from "./left_drops.ts";
import { dropCommands, sayLeft } from "./say_left.ts";
import { makeTargets, type Target } from "./targets.ts";
import {
  keepEntry,
  noteEnd,
  noteLeft,
  requireWanted,
} from "./written_entry.ts";

/** Time to take back what a stopped command has left, in milliseconds. */
const TAKE_BACK_MS = 3_000;

/**
 * Leaves a drop, or one for each pair, and ends.
 *
 * @param isTyped Whether a skill runs the command, which says itself how to go on.
 * @throws {SpreadError} `NO_PAIR`, `CANNOT_STORE`; as `prepare()` and {@linkcode leavePrepared}.
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
  const prepared = await prepare(options, holding);
  // From here on, strangers are heard.
  await giveUp("run");
  const { passphrase } = options;
  const pairs = passphrase.kind === "pairs"
    ? await openPairs(terminal, passphrase.names)
    : null;
  const { ids } = await leavePrepared(prepared, options.leave!, {
    ...holding,
    pairs,
  });
  if (ids.length > 0 && !isTyped) {
    terminal.remark(
      `claude-spread status shows whether it has been taken; claude-spread stop ${
        ids.join(" or ")
      } takes it back`,
    );
  }
  const { removeDocument, sweepDocuments } = await import(
    "../payload/documents.ts"
  );
  if (options.removeFile) await removeDocument(options.file);
  await sweepDocuments(new Date());
}

/**
 * Leaves what is prepared, and reports it once the relay has confirmed all of it.
 *
 * @param pairs Those that the drops are for; `null` for one with a code.
 * @returns The drops whose entries could be written.
 * @throws {SpreadError} `DROPS_OFF`, `RELAY_BUSY`, `RELAY_UNREACHABLE`, `PAYLOAD_TOO_LARGE`; `USAGE`
 *   for a time that the relay does not keep a drop; `INTERRUPTED` when another command takes a drop
 *   back meanwhile; as `makeTargets()`.
 */
export async function leavePrepared(
  prepared: Prepared,
  options: LeaveOptions,
  { terminal, signal, pairs }: Pick<Holding, "terminal" | "signal"> & {
    pairs: readonly KnownPair[] | null;
  },
): Promise<LeftDrops> {
  using stack = new DisposableStack();
  const asking = { terminal, signal, stack };
  const places: DropPlace[] = [];
  for (const target of await makeTargets(pairs, options)) {
    places.push(await askRelay(target, options.ttlS, asking));
  }
  using dropped = await droppedPayload(prepared);
  const { offer } = dropped;
  const left = new LeftDrops(terminal);
  const names = places.map(({ target }) => target.to);
  for (const [i, place] of places.entries()) {
    const { code, to, relay } = place.target;
    const leaving = new Leaving(place, dropped, terminal);
    const { entry, isKnown } = await leaving.leave().catch((error) => {
      throw i === 0 ? error : partlyLeft(error, names, i);
    });
    if (isKnown) left.add(entry);
    await sayLeft(terminal, {
      ...offer,
      id: isKnown ? entry.id : undefined,
      code,
      to,
      relay,
      expires: entry.expires,
      secrets: prepared.secrets,
      work_report: i === 0 ? prepared.workReport : undefined,
      ...dropCommands(code, offer.kind, relay),
    }, prepared.options);
  }
  return left;
}

/** Adds to an error for which pairs the payload was left. @param count Number of these pairs. */
function partlyLeft(
  error: unknown,
  names: (string | undefined)[],
  count: number,
): unknown {
  if (!(error instanceof SpreadError)) return error;
  const { code, message, hint, fields } = error;
  const [done, others] = [names.slice(0, count), names.slice(count)];
  return new SpreadError(
    code,
    `${message}; it was left for ${done.join(", ")}, and not for ${
      others.join(", ")
    }`,
    hint,
    { cause: error, fields },
  );
}

/** A relay that will keep a drop. */
interface DropPlace {
  target: Target;
  relay: DropRelay;
  proxy: string | null;
  limits: DropLimits;
  /** Life of the drop, in seconds. */
  life: number;
}

/** Asks a relay before anything is made or sent: one without drops ends it here. */
async function askRelay(
  target: Target,
  ttlS: number | undefined,
  { terminal, signal, stack }: Pick<Holding, "terminal" | "signal"> & {
    stack: DisposableStack;
  },
): Promise<DropPlace> {
  const { relay: url } = target;
  const proxy = await proxyFor(url, (name) => Deno.env.get(name)) ?? null;
  const relay = stack.use(
    new DropRelay(url, {
      proxy,
      signal,
      onRetry: () => terminal.say("the relay does not answer; trying again"),
    }),
  );
  const limits = await relay.limits().catch((error) => {
    throw relay.inWords(error);
  });
  return { target, relay, proxy, limits, life: chooseLife(ttlS, limits, url) };
}

/** A payload on its way to a relay. */
class Leaving {
  constructor(
    private readonly place: DropPlace,
    private readonly dropped: DroppedPayload,
    private readonly terminal: Terminal,
  ) {}

  /**
   * Leaves it, under the first of the target's names that is free.
   *
   * @returns The entry, and whether `status` and `stop` find it.
   */
  async leave(): Promise<{ entry: DropEntry; isKnown: boolean }> {
    const { target, relay } = this.place;
    try {
      for await (const keys of target.keys()) {
        const left = await this.#leaveAs(keys);
        if (left !== null) return left;
      }
    } catch (error) {
      throw relay.inWords(error);
    }
    // A code is new: a relay that has a drop of its name breaks the rules.
    throw target.to === undefined
      ? relay.inWords(new DropRefused("drop_exists"))
      : noneFree(target.to);
  }

  /** Leaves it under one name; `null` when that is in use. */
  async #leaveAs(
    keys: DropKeys,
  ): Promise<{ entry: DropEntry; isKnown: boolean } | null> {
    const { place, terminal, dropped: { offer, source } } = this;
    const { relay, limits, life } = place;
    const sealer = new DropSealer(keys, offer, source, limits.max_bytes);
    const token = makeDeleteToken(fillRandom);
    const entry = entryOf(offer, place, keys, token.toHex());
    const isKnown = await keepEntry(entry, terminal);
    const checkWanted = async () => {
      if (isKnown) await requireWanted(entry);
    };
    try {
      await leaveDrop(relay, sealer, {
        keys,
        deleteToken: token,
        ttlS: life,
        fillRandom,
        onProgress: (bytes) =>
          terminal.progress(nameRelay(relay.url), bytes, sealer.bytes),
        onForgotten: checkWanted,
      });
      await checkWanted();
    } catch (error) {
      if (DropRefused.is(error, "drop_exists")) {
        await removeDropEntry(dropsFolder(), entry.id);
        return null;
      }
      await this.#takeBack(entry);
      throw error;
    }
    const left = { ...entry, left: new Date().toISOString() };
    if (isKnown) await noteLeft(left, terminal);
    return { entry: left, isKnown };
  }

  /** Takes back what was left before a failure; the entry stays when that fails too. */
  async #takeBack(entry: DropEntry): Promise<void> {
    const { proxy, relay: { url } } = this.place;
    const signal = AbortSignal.timeout(TAKE_BACK_MS);
    using relay = new DropRelay(url, { proxy, signal, pausesMs: [] });
    const isGone = await relay.takeBack(entry.drop, entry.token).then(
      () => true,
      (error) => DropRefused.is(error, "drop_not_found", "drop_taken"),
    );
    await noteEnd(entry, isGone, this.terminal);
  }
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
  { kind, name, size, work }: Offer,
  { target: { relay, to }, life }: DropPlace,
  keys: DropKeys,
  token: string,
): DropEntry {
  const now = Date.now();
  return {
    version: 1,
    id: fillRandom(new Uint8Array(4)).toHex(),
    drop: keys.id.toHex(),
    relay,
    token,
    kind,
    name,
    size,
    work: work?.size,
    to,
    begun: new Date(now).toISOString(),
    expires: new Date(now + life * 1000).toISOString(),
  };
}

/** Error for a pair whose names at the relay are all in use. */
function noneFree(to: string): SpreadError {
  return new SpreadError(
    "RELAY_BUSY",
    `Cannot leave more for ${to} today: eight drops wait already, or were taken`,
    "Wait until tomorrow, or share while both machines are awake, without --leave",
  );
}
