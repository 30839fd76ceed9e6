/**
 * Real sockets on loopback; the interfaces are those that a test says there are.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { InterfaceWatch } from "./interface_watch.ts";
import type { InterfaceAddress } from "./interfaces.ts";
import { SocketPool } from "./socket_pool.ts";

const entry = (name: string, cidr: string): InterfaceAddress => ({
  name,
  family: "IPv4",
  address: cidr.split("/")[0]!,
  cidr,
});

const LOOPBACK = entry("lo", "127.0.0.1/8");

/** An address that no machine has: it is reserved for documentation. */
const GONE = entry("gone0", "203.0.113.77/24");

/** A test that fails when it leaves a socket or a timer behind. */
function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

/** A pool on one address, and counts of what its user is told. */
async function open(only: InterfaceAddress) {
  let all = [only];
  let nowMs = 0;
  let onTold = () => {};
  const told = { opened: 0, gone: 0 };
  const watch = new InterfaceWatch(() => all, only.address, () => nowMs);
  const pool = await SocketPool.open(watch, {
    opened: (sockets) => {
      told.opened += sockets.length;
      onTold();
    },
    gone: () => {
      told.gone++;
      onTold();
    },
  });
  return {
    pool,
    told,
    /** Lets the watch see other addresses, after a time. */
    see: (next: InterfaceAddress[], afterMs = 2_000) => {
      all = next;
      nowMs += afterMs;
      watch.look();
    },
    nextTold: () => new Promise<void>((resolve) => onTold = resolve),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

test("SocketPool closes the socket of an address that goes, and opens one when it is back", async () => {
  await using trial = await open(LOOPBACK);
  const { told, pool } = trial;
  assertEquals([told, pool.failure], [{ opened: 1, gone: 0 }, null]);
  trial.see([LOOPBACK]);
  const gone = trial.nextTold();
  trial.see([]);
  await gone;
  assertEquals(told, { opened: 1, gone: 1 });
  const back = trial.nextTold();
  trial.see([LOOPBACK]);
  await back;
  assertEquals([told, pool.failure], [{ opened: 2, gone: 1 }, null]);
  trial.see([{ ...LOOPBACK, cidr: "127.0.0.1/16" }]);
  await trial.nextTold();
  await trial.nextTold();
  assertEquals(told, { opened: 3, gone: 2 });
});

test("SocketPool replaces every socket, when the machine has slept", async () => {
  await using trial = await open(LOOPBACK);
  trial.see([LOOPBACK], 60_000);
  await trial.nextTold();
  await trial.nextTold();
  assertEquals(trial.told, { opened: 2, gone: 1 });
});

test("SocketPool names what failed, when no address can be used, and leaves nothing open", async () => {
  await using trial = await open(GONE);
  assertEquals(trial.told, { opened: 0, gone: 0 });
  assertEquals(trial.pool.failure?.code, "NO_NETWORK");
  assert(trial.pool.failure?.cause instanceof Error);
});

test("SocketPool opens nothing more, when it is disposed of in the middle of a change", async () => {
  const trial = await open(LOOPBACK);
  trial.see([LOOPBACK], 60_000);
  await trial[Symbol.asyncDispose]();
});
