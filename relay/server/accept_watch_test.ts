import { assertEquals } from "@std/assert";
import { type AddressInfo, createServer, type Server } from "node:net";
import { until } from "../testing/clients.ts";
import { AcceptWatch } from "./accept_watch.ts";

/** A server on loopback, which keeps no connection. */
async function listen(accepted: () => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.destroy();
    accepted();
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  return server;
}

/** Watches a server, and counts what the watch does. */
function watchOver(server: Server, probing = () => {}) {
  const { port } = server.address() as AddressInfo;
  const counts = { probes: 0, relistened: 0 };
  const watch = new AcceptWatch({
    address: () => {
      counts.probes++;
      probing();
      return { host: "127.0.0.1", port };
    },
    relisten: () => counts.relistened++,
    outOfFiles: () => {},
  });
  return { watch, counts };
}

Deno.test("AcceptWatch has a server that accepts no probe listen again", async () => {
  const server = await listen(() => {});
  using stack = new DisposableStack();
  const { watch, counts } = watchOver(server);
  stack.use(watch);
  await new Promise((resolve) => server.close(resolve));
  await until(() => counts.relistened > 0, "listening again");
});

// Breaks when the check after a busy second counts what still waits to be accepted as lost.
Deno.test("AcceptWatch leaves a server alone that was too busy to accept its probe", async () => {
  let isProbed = false;
  const block = () => {
    const endMs = performance.now() + 1500;
    while (performance.now() < endMs);
  };
  const accepting = Promise.withResolvers<void>();
  const server = await listen(() => {
    watched.watch.accepted();
    accepting.resolve();
  });
  const watched = watchOver(server, () => {
    if (isProbed) return;
    isProbed = true;
    queueMicrotask(block);
  });
  using _watch = watched.watch;
  await accepting.promise;
  await until(() => watched.counts.probes > 1, "the next probe");
  assertEquals(watched.counts.relistened, 0);
  await new Promise((resolve) => server.close(resolve));
});
