import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../errors.ts";
import { type InterfaceChange, InterfaceWatch } from "./interface_watch.ts";
import type { InterfaceAddress } from "./interfaces.ts";

const entry = (name: string, address: string): InterfaceAddress => ({
  name,
  family: "IPv4",
  address,
  cidr: `${address}/24`,
});

const LO = entry("lo", "127.0.0.1");
const ETH = entry("eth0", "192.0.2.7");
const TUN = entry("tun0", "10.8.0.2");

/** A watch over addresses and a clock that the test sets. */
function watchOver(all: InterfaceAddress[], only?: string) {
  const machine = { all, nowMs: 0 };
  const watch = new InterfaceWatch(
    () => machine.all,
    only,
    () => machine.nowMs,
  );
  const changes: InterfaceChange[] = [];
  const following = watch.follow((change) => changes.push(change));
  const look = (afterMs: number, ...next: InterfaceAddress[]) => {
    machine.nowMs += afterMs;
    machine.all = next;
    watch.look();
    return changes.splice(0);
  };
  return { watch, look, [Symbol.dispose]: () => following[Symbol.dispose]() };
}

const CHANGED = [{ hasSlept: false }];

Deno.test("InterfaceWatch tells of addresses that come and go, and of nothing else", () => {
  using trial = watchOver([LO, ETH]);
  const { look, watch } = trial;
  assertEquals(look(2_000, LO, ETH), []);
  assertEquals(look(2_000, LO, ETH, TUN), CHANGED);
  assertEquals(watch.interfaces, [ETH, TUN]);
  assertEquals(look(2_000, LO, TUN), CHANGED);
  assertEquals(look(2_000, TUN), []);
  assertEquals(look(2_000), CHANGED);
  assertEquals(watch.interfaces, []);
  assertEquals(look(2_000), []);
});

Deno.test("InterfaceWatch keeps to one address, while it is away too", () => {
  using trial = watchOver([LO, ETH], "192.0.2.7");
  const { look, watch } = trial;
  assertEquals(look(2_000, LO, ETH, TUN), []);
  assertEquals(look(2_000, LO, TUN), CHANGED);
  assertEquals(watch.interfaces, []);
  assertEquals(look(2_000, LO, TUN, ETH), CHANGED);
  assertEquals(watch.interfaces, [ETH]);
});

Deno.test("InterfaceWatch names the addresses there are, when given another one", () => {
  const error = assertThrows(
    () => new InterfaceWatch(() => [LO, ETH], "192.0.2.8"),
    SpreadError,
  );
  assertEquals(error.code, "USAGE");
  assertEquals(error.message, 'This machine has no address "192.0.2.8"');
  assertEquals(error.hint, "Use one of its own: 127.0.0.1, 192.0.2.7");
});

for (
  const [afterMs, expected] of [
    [2_000, []],
    [7_000, []],
    [7_001, [{ hasSlept: true }]],
    [600_000, [{ hasSlept: true }]],
    [-60_000, []],
  ] as const
) {
  Deno.test(`InterfaceWatch tells of ${expected.length} sleeps, when it looks after ${afterMs} ms`, () => {
    using trial = watchOver([ETH]);
    assertEquals(trial.look(afterMs, ETH), [...expected]);
    assertEquals(trial.look(2_000, ETH), []);
  });
}
