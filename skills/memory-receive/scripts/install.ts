/**
 * `claude-spread install`, beside the skill that it belongs to. What it does is `scripts/memory/install.ts`.
 *
 * @module
 */

import { main } from "../../../scripts/memory/install.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
