/**
 * The relay as a program, run by `deno task relay` and as the entry point on Deno Deploy.
 *
 * @module
 */

import { main } from "./command.ts";

// Not awaited: Deno Deploy must load the module before it serves anyone. Its documentation does
// not say whether `import.meta.main` is set there.
void main(Deno.args).then((code) => Deno.exit(code));
