/**
 * `serve --leave`: leaves a payload at a relay, for a receiver who comes later.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import type { DropLimits } from "../../../lib/drops/answers.ts";
import { DropRelay } from "../../../lib/drops/drop_relay.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { type KnownPair, openPairs } from "../../cli/pairs/known_pairs.ts";
import { proxyFor } from "../../cli/proxy.ts";
import { formatSpan } from "../../cli/screen/format.ts";
import { giveUp } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { ServeOptions } from "../options.ts";
import type { LeaveOptions } from "./options.ts";
import { type Holding, prepare, type Prepared } from "../prepare.ts";
import { droppedPayload } from "./dropped_payload.ts";
import { DropLeaving, type KeepingRelay } from "./leaving.ts";
import { LeftDrops } from "./left_drops.ts";
import { dropCommands, sayLeft } from "./say_left.ts";
import { makeTargets, type Target } from "./targets.ts";

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
  const places: KeepingRelay[] = [];
  for (const target of await makeTargets(pairs, options)) {
    places.push(await askRelay(target, options.ttlS, asking));
  }
  using dropped = await droppedPayload(prepared);
  const { offer } = dropped;
  const left = new LeftDrops(terminal);
  const names = places.map(({ target }) => target.to);
  for (const [i, place] of places.entries()) {
    const { code, to, relay } = place.target;
    const leaving = new DropLeaving(place, dropped, terminal);
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

/** Asks a relay before anything is made or sent: one without drops ends it here. */
async function askRelay(
  target: Target,
  ttlS: number | undefined,
  { terminal, signal, stack }: Pick<Holding, "terminal" | "signal"> & {
    stack: DisposableStack;
  },
): Promise<KeepingRelay> {
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
