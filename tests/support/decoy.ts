/**
 * Announces on loopback what is no sender that one can receive from.
 *
 * Usage: `decoy.ts closed|deaf KIND`: a port where nobody listens, or one where whoever
 * listens never takes a connection, as behind a firewall that drops packets; `decoy.ts same
 * KIND NAME PORT`: the port of a share, by the name of another one. Prints `{"port"}` once it
 * is announced, and takes it back when its standard input ends.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { Announcer } from "../../lib/discovery/announcer.ts";
import {
  type Announcement,
  InterfaceWatch,
  nameInstance,
} from "../../lib/discovery/mdns.ts";

const [way, kind, name, there] = Deno.args;
const hostname = "127.0.0.1";
const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

/** Connects until connecting no longer succeeds: the system takes a few by itself. */
async function fillBacklog(port: number): Promise<void> {
  for (;;) {
    const connecting = Deno.connect({ hostname, port });
    const late = new Promise<null>((resolve) =>
      setTimeout(() => resolve(null), 200)
    );
    if (await Promise.race([connecting, late]) === null) return;
  }
}

const listener = Deno.listen({ hostname, port: 0, tcpBacklog: 1 });
const port = Number(there ?? (listener.addr as Deno.NetAddr).port);
if (way === "deaf") await fillBacklog(port);
else listener.close();
const announcer = await Announcer.open(
  { instance: nameInstance(fillRandom), port, kind, name } as Announcement,
  {
    watch: new InterfaceWatch(() => Deno.networkInterfaces(), hostname),
    fillRandom,
  },
);
console.log(JSON.stringify({ port }));
await Array.fromAsync(Deno.stdin.readable);
await announcer[Symbol.asyncDispose]();
// The connections that fill the backlog are left to the system.
Deno.exit();
