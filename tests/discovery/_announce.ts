/**
 * Announces a share on every interface of the network namespace it runs in.
 *
 * Prints `{"instance","port"}` once that is done, greets whoever connects to the port,
 * and takes the share back when its standard input ends.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { Announcer } from "../../lib/discovery/announcer.ts";
import { InterfaceWatch, nameInstance } from "../../lib/discovery/mdns.ts";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);
const instance = nameInstance(fillRandom);
using listener = Deno.listen({ hostname: "::", port: 0 });
const { port } = listener.addr as Deno.NetAddr;
(async () => {
  for await (const connection of listener) {
    await connection.write(new TextEncoder().encode(instance));
    connection.close();
  }
})();
await using _announcer = await Announcer.open(
  { instance, port, kind: "memory", from: "tester@namespace" },
  { watch: new InterfaceWatch(() => Deno.networkInterfaces()), fillRandom },
);
console.log(JSON.stringify({ instance, port }));
await Array.fromAsync(Deno.stdin.readable);
