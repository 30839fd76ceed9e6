/**
 * `claude-spread install`, placed beside its skill; `scripts/memory/install.ts` does the work.
 *
 * @module
 */

import { main } from "../../../scripts/memory/install.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
