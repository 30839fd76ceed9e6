/**
 * `claude-spread bundle`, beside the skill that it belongs to. What it does is `scripts/memory/bundle.ts`.
 *
 * @module
 */

import { main } from "../../../scripts/memory/bundle.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
