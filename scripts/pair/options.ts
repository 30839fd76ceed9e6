/**
 * The command line of `pair`.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import type { Flags, ReadEnv } from "../cli/flags.ts";
import { namedRelay, parseRelayUrl, refuseHost } from "../cli/relay_url.ts";
import type { TypedWords } from "../cli/run_command.ts";
import type { PlaceOptions } from "../receive/invite.ts";
import { joinOperands } from "../receive/operands.ts";
import { parseAddress } from "../receive/address.ts";
import { DEFAULT_TIMEOUT_S } from "../receive/options.ts";
import { checkName } from "./own_name.ts";

/** Options of `pair`. */
export interface PairOptions extends PlaceOptions {
  /** Name of this machine, if the person has chosen one. */
  name?: string;
  interface?: string;
  qr: boolean;
  copy: boolean;
  /** Whether the words stay valid in a process of their own. */
  detach: boolean;
  /** Whether this process is that one. */
  child: boolean;
  /** The words of the other machine, as typed; `null` to show words here. */
  typed: string | null;
}

/**
 * Reads the options of `pair`.
 *
 * @param line Words from the line typed in Claude Code, if there is one.
 * @throws {SpreadError} `USAGE`.
 */
export function parsePairArgs(flags: Flags, line?: TypedWords): PairOptions {
  const operands = line?.passphrase ? [line.passphrase] : flags.operands;
  refuseHost(flags, operands[0]);
  const { typed, address = line?.address ?? undefined } = operands.length === 0
    ? { typed: null }
    : joinOperands(operands);
  const name = flags.get("name");
  const options = {
    name: name === undefined ? undefined : checkName(name),
    interface: flags.get("interface"),
    relay: flags.optional("relay"),
    wantsRelay: flags.has("relay"),
    insecureRelay: flags.has("insecureRelay"),
    timeoutS: DEFAULT_TIMEOUT_S,
    qr: flags.has("qr"),
    copy: flags.has("copy"),
    detach: flags.has("detach"),
    child: flags.has("child"),
    typed,
    address: address === undefined ? undefined : parseAddress(address),
  };
  refuseSides(options);
  return options;
}

/**
 * Address of the relay at which words are shown, and at which the pair is to meet from then on;
 * `undefined` without one.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function relayOf(
  options: PairOptions,
  env: ReadEnv,
): string | undefined {
  if (!options.wantsRelay) return undefined;
  return parseRelayUrl(namedRelay(options.relay, env), options.insecureRelay);
}

/** Refuses options that belong to the other side. */
function refuseSides(
  { typed, address, qr, copy, detach }: PairOptions,
): void {
  if (typed === null && address !== undefined) {
    throw usage(
      "The words of the other machine are missing",
      "Write them before its address, or leave the address out to show words here",
    );
  }
  if (typed !== null && (qr || copy)) {
    throw usage(
      "--qr and --copy are for the machine that shows the words",
      "Leave them out",
    );
  }
  if (typed !== null && detach) {
    throw usage(
      "--detach is for the machine that shows the words",
      "Leave it out",
    );
  }
}
