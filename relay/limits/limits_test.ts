import { assertEquals } from "@std/assert";
import { readConfig } from "../config.ts";
import { Limits } from "./limits.ts";

Deno.test("Limits keeps rooms and questions apart", () => {
  const clock = { ms: 0 };
  const config = {
    ...readConfig(() => undefined),
    maxRooms: 3,
    maxRoomsPerAddress: 2,
    createsPerMinute: 2,
    joinsPerMinute: 4,
    wrongCodesPerMinute: 1,
  };
  const limits = new Limits(config, () => clock.ms);
  const granted = (ask: () => boolean) =>
    [1, 2, 3, 4, 5].filter(() => ask()).length;
  const rooms = (address: string) =>
    granted(() => limits.rooms.enter(address) !== null);
  assertEquals(["a", "b", "c"].map(rooms), [2, 1, 0]);
  assertEquals(granted(() => limits.mayCreate("a")), 2);
  assertEquals(granted(() => limits.mayJoin("a")), 4);
  assertEquals(limits.mayJoin("b"), true);
  limits.countWrongCode("b");
  assertEquals(limits.mayJoin("b"), false);
  clock.ms = 60_000;
  assertEquals(limits.mayJoin("b"), true);
});
