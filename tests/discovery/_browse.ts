/**
 * Browses on every interface of the network namespace it runs in.
 *
 * Usage: `_browse.ts INSTANCE`. Prints every candidate of that instance with
 * `reached`: the addresses that greet with the instance's name. Ends when its standard
 * input does.
 *
 * @module
 */

import {
  browse,
  type Candidate,
  InterfaceWatch,
} from "../../lib/discovery/mdns.ts";

async function greets(hostname: string, { port, instance }: Candidate) {
  try {
    using connection = await Deno.connect({ hostname, port });
    return await new Response(connection.readable).text() === instance;
  } catch {
    return false;
  }
}

const stop = new AbortController();
Array.fromAsync(Deno.stdin.readable).then(() => stop.abort());
const watch = new InterfaceWatch(() => Deno.networkInterfaces());
for await (const candidate of browse({ watch, signal: stop.signal })) {
  if (candidate.instance !== Deno.args[0]) continue;
  const answers = await Promise.all(
    candidate.addresses.map((address) => greets(address, candidate)),
  );
  const reached = candidate.addresses.filter((_, index) => answers[index]);
  console.log(JSON.stringify({ ...candidate, reached }));
}
