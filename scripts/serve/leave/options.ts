/**
 * The options of a drop.
 *
 * @module
 */

import { MAX_TTL_S } from "../../../lib/drops/answers.ts";
import { usage } from "../../../lib/errors.ts";
import type { Flags, ReadEnv } from "../../cli/flags.ts";
import type { PassphraseOrigin } from "../../cli/passphrase.ts";
import { namedRelay, parseRelayUrl } from "../../cli/relay_url.ts";

/** Options of a drop. */
export interface LeaveOptions {
  /** Time until it expires, in seconds; the relay's own when absent. */
  ttlS?: number;
  /** Address of the relay that keeps it; absent for pairs, which have their own. */
  relay?: string;
}

/** Shortest life of a drop, in seconds. */
const MIN_TTL_S = 60;

const SECONDS: Record<string, number> = { m: 60, h: 3600, d: 24 * 3600 };

/**
 * Reads the options of a drop.
 *
 * @param passphrase Source of the passphrase, which only a share beside the drop can have.
 * @throws {SpreadError} `USAGE`.
 */
export function parseLeave(
  flags: Flags,
  env: ReadEnv,
  passphrase: PassphraseOrigin,
): LeaveOptions {
  const isOwn = passphrase.kind === "asked" || passphrase.kind === "file" ||
    passphrase.kind === "given" && passphrase.from !== "variable";
  if (isOwn && !flags.has("keepOpen")) {
    throw usage(
      "A drop has a code instead of a passphrase of your own",
      "Leave the passphrase out, or write a time after --leave as 90m, 24h or 3d; " +
        "a passphrase is for a share, which --keep-open opens beside the drop",
    );
  }
  const time = flags.optional("leave");
  return {
    ttlS: time === "" ? undefined : parseTime(time),
    relay: passphrase.kind === "pairs" ? undefined : parseRelayUrl(
      namedRelay(flags.optional("relay"), env),
      flags.has("insecureRelay"),
    ),
  };
}

/** A time such as `90m`, `24h` or `3d`, in seconds. @throws {SpreadError} `USAGE`. */
function parseTime(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS[unit ?? ""] ?? NaN);
  if (seconds >= MIN_TTL_S && seconds <= MAX_TTL_S) return seconds;
  throw usage(
    `--leave ${text} is not a time from 1m to 7d`,
    "Write it in minutes, hours or days: --leave 90m, --leave 24h, --leave 3d",
  );
}
