import { assertEquals } from "@std/assert";
import { readConfig, type RelayConfig } from "../config.ts";
import { Doors } from "./doors.ts";

/** Doors for 1000 clients, 10 of each address, in a process that may open `files` more. */
function doorsFor(files: number, settings: Partial<RelayConfig> = {}): Doors {
  const config = {
    ...readConfig(() => undefined),
    maxConnections: 1000,
    maxConnectionsPerAddress: 10,
    ...settings,
  };
  return new Doors(config, (most) => Math.min(most, files));
}

/** Lets as many in as come; returns how many of them are still inside. */
function enterAll(doors: Doors, addresses: string[]): number {
  let out = 0;
  for (const address of addresses) {
    if (doors.enter(address, () => out++) === null) out++;
  }
  return addresses.length - out;
}

const many = (count: number, address: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => address(i));

Deno.test("enter() keeps files free, and places for who is not upgraded", () => {
  const each = (files: number) => {
    const doors = doorsFor(files);
    const connections = enterAll(doors, many(3000, (i) => `a${i}`));
    const clients = many(3000, (i) => `a${i}`)
      .filter((address) => doors.admit(address) !== null).length;
    return [doors.limit, connections, clients];
  };
  assertEquals(each(Infinity), [1256, 1256, 1000]);
  assertEquals(each(1420), [1100, 1100, 844]);
  assertEquals(each(200), [100, 100, 75]);
  assertEquals(each(0), [16, 16, 12]);
});

Deno.test("enter() leaves an address place to be told why it is refused, and a proxy all of it", () => {
  const own = doorsFor(Infinity);
  assertEquals(enterAll(own, many(500, () => "192.0.2.1")), 74);
  const clients = () => many(20, () => "192.0.2.1").map((a) => own.admit(a));
  assertEquals(clients().filter((place) => place !== null).length, 10);
  const behind = doorsFor(Infinity, { trustedProxies: 1 });
  assertEquals(enterAll(behind, many(500, () => "127.0.0.1")), 500);
});

Deno.test("narrow() allows fewer than there are, and widen() as many again as there are files for", () => {
  let files = Infinity;
  const config = {
    ...readConfig(() => undefined),
    maxConnections: 1000,
    trustedProxies: 1,
  };
  const doors = new Doors(config, (most) => Math.min(most, files));
  assertEquals(doors.widen(), null);
  enterAll(doors, many(1000, (i) => `a${i}`));
  files = 0;
  assertEquals(doors.narrow(), 680);
  assertEquals([doors.count, doors.limit], [680, 680]);
  assertEquals(doors.widen(), null);
  assertEquals(doors.narrow(), 360);
  files = 440;
  assertEquals([doors.widen(), doors.limit], [480, 480]);
  files = Infinity;
  assertEquals([doors.widen(), doors.widen()], [1256, null]);
  assertEquals(enterAll(doors, many(1000, () => "proxy")), 896);
  const clients = many(3000, (i) => `a${i}`)
    .filter((address) => doors.admit(address) !== null).length;
  assertEquals(clients, 1000);
});
