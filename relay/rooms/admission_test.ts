import { assertEquals } from "@std/assert";
import { Admission, Tally } from "./admission.ts";
import { readConfig } from "../config.ts";

Deno.test("Tally is full for an address, and for all, and has room again", () => {
  const tally = new Tally(3, 2);
  const full = () => ["a", "b", "c"].map((address) => tally.isFull(address));
  tally.add("a");
  assertEquals(full(), [false, false, false]);
  tally.add("a");
  assertEquals(full(), [true, false, false]);
  tally.add("b");
  assertEquals(full(), [true, true, true]);
  tally.remove("a");
  assertEquals(full(), [false, false, false]);
  tally.remove("a");
  tally.remove("b");
  for (let i = 0; i < 2; i++) tally.add("b");
  assertEquals(full(), [false, true, false]);
});

Deno.test("Admission keeps connections, rooms and questions apart", () => {
  const clock = { ms: 0 };
  const config = {
    ...readConfig(() => undefined),
    maxConnections: 4,
    maxConnectionsPerAddress: 3,
    maxRooms: 2,
    maxRoomsPerAddress: 1,
    createsPerMinute: 2,
    joinsPerMinute: 4,
    wrongCodesPerMinute: 1,
  };
  const admission = new Admission(config, () => clock.ms);
  const countTo = (tally: Tally, address: string) => {
    let count = 0;
    for (; !tally.isFull(address); count++) tally.add(address);
    return count;
  };
  const { connections, rooms } = admission;
  assertEquals([countTo(connections, "a"), countTo(connections, "b")], [3, 1]);
  assertEquals(["a", "b", "c"].map((address) => countTo(rooms, address)), [
    1,
    1,
    0,
  ]);
  const ask = (may: (address: string) => boolean, address: string) =>
    [1, 2, 3, 4, 5].filter(() => may.call(admission, address)).length;
  assertEquals(ask(admission.mayCreate, "a"), 2);
  assertEquals(ask(admission.mayJoin, "a"), 4);
  assertEquals(admission.mayJoin("b"), true);
  admission.countWrongCode("b");
  assertEquals(admission.mayJoin("b"), false);
  clock.ms = 60_000;
  assertEquals(admission.mayJoin("b"), true);
});
