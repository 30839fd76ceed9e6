/**
 * Hand-overs through the relay as Deno Deploy would run it, by the real commands.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { until } from "../support/checks.ts";
import { Delivery, MiB } from "./_delivery.ts";
import { testOnEach, testOnPlatforms } from "./_builds.ts";

testOnEach(
  "a file is handed over, and the relay knows the client's network by the header alone",
  async (build) => {
    await using delivery = await Delivery.start(build, MiB);
    await delivery.assertReceived(delivery.receive());
    await delivery.sharing.stop();
    const [instance] = delivery.platform.instances;
    const line = await until(
      "the end of the room",
      () => instance!.log.find(({ event }) => event === "room_ended"),
    );
    assertEquals(
      [line.sender, line.outcome, line.receivers],
      ["192.0.2.0/24", "sender_left", 1],
    );
    assertEquals((await instance!.stop()).code, 0);
    assertEquals(await instance!.stderr, "");
  },
);

testOnEach("a transfer goes on after a cut and an eviction", async (build) => {
  await using delivery = await Delivery.start(build, 24 * MiB);
  const { platform } = delivery;
  const receiving = delivery.receive();
  await platform.hold(4 * MiB);
  platform.cut();
  platform.release();
  await platform.hold(10 * MiB);
  const { code, signal, tookMs } = await platform.evict(platform.instances[0]!);
  platform.release();
  await delivery.assertReceived(receiving);
  assertEquals([code, signal], [0, null]);
  assert(tookMs < 5_000, `${tookMs} ms`);
  assertEquals(platform.instances.length, 2);
  // It goes on where it was: what was on its way at each break is all that comes again.
  assert(platform.bytesToClients < 36 * MiB, `${platform.bytesToClients}`);
});

testOnPlatforms(
  "a transfer goes on after its instance was killed without notice",
  async (build) => {
    await using delivery = await Delivery.start(build, 8 * MiB);
    const { platform } = delivery;
    const receiving = delivery.receive();
    await platform.hold(4 * MiB);
    await platform.lose(platform.instances[0]!);
    platform.release();
    await delivery.assertReceived(receiving);
    assertEquals(platform.instances.length, 2);
  },
);

testOnEach(
  "a file crosses from one instance to another, also when the first is evicted meanwhile",
  async (build) => {
    await using delivery = await Delivery.start(build, 16 * MiB);
    const { platform } = delivery;
    const [first] = platform.instances;
    const second = await platform.lead();
    await second.started();
    const receiving = delivery.receive();
    await platform.hold(4 * MiB);
    const { code } = await first!.stop();
    platform.release();
    await delivery.assertReceived(receiving);
    assertEquals(code, 0);
    assert(platform.kv.requests > 50, "nothing went through the database");
  },
);
