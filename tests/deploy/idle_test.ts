/**
 * The relay on a platform that stops what is idle.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertSuccess, until } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { testOnPlatforms } from "./_builds.ts";
import { Platform } from "./_platform.ts";
import { APART } from "../support/relay_share.ts";

/** The shortest time that the platform's documentation names. */
const IDLE_MS = 5_000;

testOnPlatforms(
  "a share keeps its instance, and one that is stopped without shares starts again",
  async (build) => {
    await using platform = await Platform.open(build, { idleMs: IDLE_MS });
    await using alice = await Machine.make();
    await using bob = await Machine.make();
    const file = await alice.write("a.md", "# After a while\n");
    const args = ["--relay", platform.url, "--generate", file];
    await using sharing = await alice.share(args);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS + 2_000));
    assertEquals(platform.instances.length, 1);
    const words = ["--relay", platform.url, String(sharing.ready.invite)];
    assertSuccess(await bob.run("receive", words, APART));
    assertEquals(platform.instances.length, 1);

    await sharing.stop();
    const [first] = platform.instances;
    assertEquals(await first!.ended(), 0);
    await until("the end of it", () => platform.isAsleep);
    await using _again = await alice.share(args);
    assertEquals(platform.instances.length, 2);
  },
);
