/**
 * A WebSocket server on loopback with the library of the relay, for the bare yardsticks.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ServerWebSocket, WebSocketServer } from "ws/typed";

/**
 * Starts a server and returns its port.
 *
 * @param maxMessageBytes Longest message that it takes, in bytes.
 * @param arrive Called with each client and the path that it asks for.
 */
export function serveWebSockets(
  maxMessageBytes: number,
  arrive: (path: string, client: ServerWebSocket) => void,
): Promise<number> {
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on("error", () => {});
      arrive(request.url ?? "/", client);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}
