/**
 * The relay as a program: at home (`deno task relay`) and as the entry point on Deno Deploy.
 *
 * @module
 */

import { main } from "./command.ts";

// Not awaited: on Deno Deploy the module has to be loaded before anybody is served, and
// whether it is the main one there is not documented.
void main(Deno.args).then((code) => Deno.exit(code));
