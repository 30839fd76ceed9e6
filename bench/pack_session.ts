/**
 * Packs the only session of a home folder in a process of its own, so that its memory can be
 * measured.
 *
 * Usage: `pack_session.ts HOME PROJECT OUTPUT`.
 *
 * @module
 */

import { openScanner } from "../lib/secrets/scanner.ts";
import { SessionShareSecrets } from "../lib/session/redact/share_secrets.ts";
import { listSessions } from "../lib/session/local/list.ts";
import { openOptions } from "../scripts/cli/sessions/options.ts";
import { packSession } from "../lib/session/pack/pack.ts";

if (import.meta.main) {
  const [home, cwd, output] = Deno.args;
  const surroundings = { home: home!, cwd: cwd!, env: () => undefined };
  const how = {
    openOptions: openOptions(),
    secrets: new SessionShareSecrets(() => Promise.resolve(openScanner())),
    anonymous: null,
  };
  const { sessions } = await listSessions(surroundings, how);
  await packSession(sessions[0]!, {
    ...how,
    output: output!,
    encoding: "zstd",
  });
}
