/**
 * `claude-spread bundle`, placed beside its skill; `scripts/memory/bundle.ts` does the work.
 *
 * @module
 */

import { main } from "../../../scripts/memory/bundle.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
