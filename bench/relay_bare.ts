/**
 * The yardsticks for the relay: servers that connect two clients asking for the same path, and do
 * nothing else. No rooms, no limits, no pings.
 *
 * Usage: `relay_bare.ts ws|serve`; prints `port N`. `ws` uses the same library as the relay and
 * pauses reading as the relay does; `serve` is Deno's own server, which cannot pause. A client
 * that asks for {@linkcode IDLE_PATH} is held and gets nothing.
 *
 * @module
 */

import type { ServerWebSocket } from "ws/typed";
import { IDLE_PATH } from "./relay_raw_peer.ts";
import { serveWebSockets } from "./websocket_server.ts";

/** The same limits as in `relay/rooms/clients/client_wire.ts`. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;

const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

/** Calls `join` once two clients have asked for the same path. */
function pairUp<T>(join: (a: T, b: T) => void): (path: string, one: T) => void {
  const waiting = new Map<string, T>();
  return (path, one) => {
    if (path === IDLE_PATH) return;
    const other = waiting.get(path);
    if (other === undefined) return void waiting.set(path, one);
    waiting.delete(path);
    join(one, other);
    join(other, one);
  };
}

function forward(from: ServerWebSocket, to: ServerWebSocket): void {
  let isPaused = false;
  const taken = () => {
    if (!isPaused || to.bufferedAmount > LOW_WATER_BYTES) return;
    isPaused = false;
    from.resume();
  };
  from.on("message", (data, isBinary) => {
    to.send(data, { binary: isBinary }, taken);
    if (isPaused || to.bufferedAmount <= HIGH_WATER_BYTES) return;
    isPaused = true;
    from.pause();
  });
  from.on("close", () => to.terminate());
}

async function serveWs(): Promise<void> {
  const port = await serveWebSockets(MAX_MESSAGE_BYTES, pairUp(forward));
  console.log(`port ${port}`);
}

function serveDeno(): void {
  const arrive = pairUp((from: WebSocket, to: WebSocket) => {
    from.onmessage = ({ data }) => {
      if (to.readyState === WebSocket.OPEN) to.send(data);
    };
    from.onclose = () => to.close();
  });
  const onListen = ({ port }: Deno.NetAddr) => console.log(`port ${port}`);
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    // Always followed by "close".
    socket.onerror = () => {};
    arrive(new URL(request.url).pathname, socket);
    return response;
  });
}

if (import.meta.main) {
  if (Deno.args[0] === "ws") await serveWs();
  else serveDeno();
}
