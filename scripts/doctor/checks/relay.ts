/**
 * Checks a relay: connects, makes a room and meets itself there. It sends nothing of the user's.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { proxyFor } from "../../cli/proxy.ts";
import { parseRelayUrl } from "../../cli/relay_url.ts";
import { checkRelay } from "../../relay/check.ts";
import type { StepFindings } from "../../relay/steps.ts";
import type { CheckFinding } from "../finding.ts";
import type { DoctorOptions } from "../options.ts";

/**
 * Says whether the relay works, if one is named; takes 25 seconds at most.
 *
 * @throws The signal's reason.
 */
export async function checkNamedRelay(
  { relay, insecureRelay }: Pick<DoctorOptions, "relay" | "insecureRelay">,
  signal: AbortSignal,
): Promise<CheckFinding> {
  const check = "relay";
  if (relay === undefined) {
    const text = "not checked; to check one, add --relay";
    return { check, state: "unknown", text };
  }
  const startMs = performance.now();
  try {
    const url = parseRelayUrl(relay, insecureRelay);
    const proxy = await proxyFor(url, (name) => Deno.env.get(name));
    const offers: StepFindings = {};
    await checkRelay({
      url,
      proxy,
      isBrief: true,
      passed: (_, found) => Object.assign(offers, found),
      signal,
    });
    const ms = Math.round(performance.now() - startMs);
    return working(url, proxy !== undefined, ms, offers);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SpreadError)) throw error;
    const { message: text, hint: todo, code } = error;
    const fields = { relay, error: code };
    return { check, state: "wrong", text, todo, fields };
  }
}

function working(
  relay: string,
  hasProxy: boolean,
  ms: number,
  { topics, drops }: StepFindings,
): CheckFinding {
  const lacks = [
    ...topics ? [] : ["pairs do not meet there"],
    ...drops ? [] : ["it keeps no drops"],
  ];
  return {
    check: "relay",
    state: "ok",
    text: `${relay} works${hasProxy ? ", through the proxy" : ""} (${ms} ms)${
      lacks.length === 0 ? "" : `; ${lacks.join(", ")}`
    }`,
    fields: { relay, ms, topics, drops },
  };
}
