/**
 * Proxies to a port of this network, each coming from another address: `Deno.connect`
 * cannot choose one, and a sender counts wrong passphrases by address.
 *
 * Usage: `addresses.ts PORT ADDRESS…`. Prints `{"entries"}`, where to connect to, and ends when
 * its standard input does.
 *
 * @module
 */

import { Proxy } from "./proxy.ts";

const [port, ...froms] = Deno.args;
const proxies = froms.map((from) => new Proxy({ port: Number(port), from }));
console.log(JSON.stringify({ entries: proxies.map(({ address }) => address) }));
await Array.fromAsync(Deno.stdin.readable);
Deno.exit();
