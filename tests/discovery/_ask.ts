/**
 * Asks for shares as a plain resolver does, over link-local IPv6.
 *
 * Usage: `_ask.ts INTERFACE`. Prints what the first answer points to.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { decode, encode } from "../support/mdns_peer.ts";

const questions = [{ name: "_claude-distill._tcp.local", type: "PTR" }];
const query = await encode({ type: "query", id: 1, questions });
const socket = createSocket("udp6");
await new Promise<void>((bound) => socket.bind(0, "::", bound));
socket.setMulticastInterface(`::%${Deno.args[0]}`);
socket.on("message", (datagram) => {
  console.log(decode(datagram)!.answers[0]!.data);
  socket.close();
});
socket.send(query, 5353, "ff02::fb");
