/**
 * The option `--to`: the pairs that a share is for.
 *
 * @module
 */

import { usage } from "../../../lib/errors.ts";
import { MAX_RECIPIENTS } from "../../../lib/shares/entries.ts";
import { type Flags, pairName } from "../../cli/flags.ts";
import type { PassphraseOrigin } from "../../cli/passphrase.ts";
import type { TypedWords } from "../../cli/run_command.ts";

/**
 * The pairs that a share is for; `null` for a share with words or a passphrase.
 *
 * @param own The passphrase among the operands.
 * @throws {SpreadError} `USAGE`.
 */
export function readRecipients(
  flags: Flags,
  own: string | undefined,
  words: TypedWords | undefined,
): PassphraseOrigin | null {
  const to = flags.get("to");
  if (to === undefined) return null;
  if (own !== undefined || words?.passphrase) {
    throw usage(
      "--to and a passphrase cannot be used together",
      "A share for paired machines needs none; leave one of them out",
    );
  }
  if (flags.has("relay")) {
    throw usage(
      "--to and --relay cannot be used together",
      "A pair uses the relay that it was made with; for another one, pair the two machines again with --relay",
    );
  }
  const names = to.split(",").map(pairName)
    .filter((name) => name !== "");
  const recipients = [...new Set(names)];
  if (recipients.length === 0 || recipients.length > MAX_RECIPIENTS) {
    throw usage(
      `--to takes 1 to ${MAX_RECIPIENTS} names of pairs`,
      "Write --to cedar, or --to cedar,maple; claude-spread pairs lists them",
    );
  }
  return { kind: "pairs", names: recipients };
}
