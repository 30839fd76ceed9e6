/**
 * A database that answers nothing for ten seconds.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertFailure, assertSuccess } from "../support/checks.ts";
import { Delivery, MiB } from "./_delivery.ts";
import { testOnPlatforms } from "./_builds.ts";
import { Instance } from "./_instance.ts";
import { APART } from "../support/relay_share.ts";

const SLOW_MS = 10_000;

testOnPlatforms(
  "a transfer between instances goes on after the database was slow for ten seconds, and who comes meanwhile is told",
  async (build) => {
    await using delivery = await Delivery.start(build, 16 * MiB);
    const { platform, alice } = delivery;
    await (await platform.lead()).started();
    const receiving = delivery.receive();
    await platform.hold(4 * MiB);
    platform.kv.slowDown(SLOW_MS);
    platform.release();

    const file = await alice.write("b.md", "# Later\n");
    const share = ["--relay", platform.url, "--generate", file];
    await using late = new Instance(build, platform.env);
    const refused = await alice.run("serve", share);
    assertFailure(
      refused,
      "RELAY_BUSY",
      "The relay has no free room",
      "Try again later",
    );
    assertEquals(await alice.works(), ["a.bin", "b.md"]);

    await delivery.assertReceived(receiving);
    // An instance that is started meanwhile waits for the database, and serves then.
    await late.started();
    await using sharing = await alice.share(share);
    const invite = String(sharing.ready.invite);
    assertSuccess(
      await delivery.bob.run("receive", [
        "--relay",
        platform.url,
        invite,
      ], APART),
    );
  },
);
