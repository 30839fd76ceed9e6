import { assertEquals } from "@std/assert";
import { connectTcp, listenTcp } from "./tcp.ts";

/** A port on which connections stay unanswered: nobody accepts them, and no more may wait. */
async function fullPort(): Promise<{ port: number } & Disposable> {
  const hostname = "127.0.0.1";
  const options = { hostname, port: 0, tcpBacklog: 1 };
  const listener = Deno.listen(options);
  const { port } = listener.addr;
  const waiting = [
    await Deno.connect({ hostname, port }),
    await Deno.connect({ hostname, port }),
  ];
  return {
    port,
    [Symbol.dispose]: () => {
      for (const conn of [...waiting, listener]) conn.close();
    },
  };
}

// Breaks when a slower attempt stays open: the test would leave an operation behind.
Deno.test({
  name: "connectTcp() ends the other attempts, once an address answers",
  // Other systems count the connections that may wait differently.
  ignore: Deno.build.os !== "linux",
  async fn() {
    using full = await fullPort();
    using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
    const accepting = listener[Symbol.asyncIterator]().next();
    const addresses = [full, listener].map(({ port }) => ({
      hostname: "127.0.0.1",
      port,
    }));
    const { signal } = new AbortController();
    const channel = await connectTcp(addresses, { timeoutMs: 5_000, signal });
    const { value } = await accepting;
    await Promise.all([
      channel[Symbol.asyncDispose](),
      value[Symbol.asyncDispose](),
    ]);
    assertEquals(channel.peer, "127.0.0.1");
  },
});
