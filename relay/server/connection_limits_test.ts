import { assertEquals } from "@std/assert";
import { readConfig, type RelayConfig } from "../config.ts";
import { ConnectionLimits } from "./connection_limits.ts";

/** Limits of 1000 clients, 10 of each address, in a process that may open `files` more. */
function limitsFor(
  files: number,
  settings: Partial<RelayConfig> = {},
): ConnectionLimits {
  const config = {
    ...readConfig(() => undefined),
    maxConnections: 1000,
    maxConnectionsPerAddress: 10,
    ...settings,
  };
  return new ConnectionLimits(config, (most) => Math.min(most, files));
}

/** Enters a connection from each address; returns how many are open at the end. */
function enterAll(limits: ConnectionLimits, addresses: string[]): number {
  let out = 0;
  for (const address of addresses) {
    if (limits.enter(address, () => out++) === null) out++;
  }
  return addresses.length - out;
}

const many = (count: number, address: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => address(i));

Deno.test("enter() keeps files free, and places for connections not upgraded yet", () => {
  const each = (files: number) => {
    const limits = limitsFor(files);
    const connections = enterAll(limits, many(3000, (i) => `a${i}`));
    const clients = many(3000, (i) => `a${i}`)
      .filter((address) => limits.admit(address) !== null).length;
    return [limits.limit, connections, clients];
  };
  assertEquals(each(Infinity), [1256, 1256, 1000]);
  assertEquals(each(1420), [1100, 1100, 844]);
  assertEquals(each(200), [100, 100, 75]);
  assertEquals(each(0), [16, 16, 12]);
});

Deno.test("enter() leaves an address places for HTTP answers, and a proxy every place", () => {
  const own = limitsFor(Infinity);
  assertEquals(enterAll(own, many(500, () => "192.0.2.1")), 74);
  const clients = () => many(20, () => "192.0.2.1").map((a) => own.admit(a));
  assertEquals(clients().filter((place) => place !== null).length, 10);
  const behind = limitsFor(Infinity, { trustedProxies: 1 });
  assertEquals(enterAll(behind, many(500, () => "127.0.0.1")), 500);
});

Deno.test("lower() allows fewer connections than are open, and raise() as many again as there are files for", () => {
  let files = Infinity;
  const config = {
    ...readConfig(() => undefined),
    maxConnections: 1000,
    trustedProxies: 1,
  };
  const limits = new ConnectionLimits(config, (most) => Math.min(most, files));
  assertEquals(limits.raise(), null);
  enterAll(limits, many(1000, (i) => `a${i}`));
  files = 0;
  assertEquals(limits.lower(), 680);
  assertEquals([limits.count, limits.limit], [680, 680]);
  assertEquals(limits.raise(), null);
  assertEquals(limits.lower(), 360);
  files = 440;
  assertEquals([limits.raise(), limits.limit], [480, 480]);
  files = Infinity;
  assertEquals([limits.raise(), limits.raise()], [1256, null]);
  assertEquals(enterAll(limits, many(1000, () => "proxy")), 896);
  const clients = many(3000, (i) => `a${i}`)
    .filter((address) => limits.admit(address) !== null).length;
  assertEquals(clients, 1000);
});
