/**
 * Several pairs of people on one network, who have nothing to do with each other.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertSuccess, Machine, uniquePassphrase } from "./_cli.ts";
import { Loopback, whyNoLoopback } from "./_isolation.ts";

const noLoopback = await whyNoLoopback();

Deno.test({
  name:
    "receive gets a share, however often the machine has looked for others before",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    const { via } = loopback;
    await using carol = await Machine.make();
    await using bob = await Machine.make();
    const passphrase = uniquePassphrase();
    const file = await carol.write("hers.md", "Hers");
    await using _sharing = await carol.share([passphrase, file], { via });
    // Bob waits for Alice, who is late, and meets Carol's share instead.
    const early = Array.from(
      { length: 3 },
      () => bob.run("receive", ["--timeout", "1", uniquePassphrase()], { via }),
    );
    for (const { text } of await Promise.all(early)) assertEquals(text, "");
    const received = await bob.run("receive", [passphrase], { via });
    assertSuccess(received);
    assertEquals(received.text, "Hers\n");
  },
});
