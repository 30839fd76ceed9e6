/**
 * A program that keeps the port of multicast DNS to itself.
 *
 * @module
 */

/**
 * Its source: takes UDP port 5353, as some programs do, says "held", and ends when its input does.
 */
export const HOLDER = `import { createSocket } from "node:dgram";
for (const type of ["udp4", "udp6"]) {
  const socket = createSocket({ type, ipv6Only: true });
  await new Promise((bound) => socket.bind(5353, bound));
}
console.log("held");
await Array.fromAsync(Deno.stdin.readable);
Deno.exit();`;
