/**
 * A link of 32 kbit/s, on which a record of 256 KiB takes more than a minute.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertSuccess,
  randomBytes,
  sha256,
  until,
} from "../../support/checks.ts";
import { Loopback, whyNoSlowLoopback } from "../../support/isolation.ts";
import { Machine } from "../../support/machine.ts";

const reason = await whyNoSlowLoopback();

Deno.test({
  name:
    "receive finishes over 32 kbit/s, and goes on after a cut with what came before",
  ignore: reason !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    const patient = { via: loopback.via, deadlineMs: 120_000 };
    await using machine = await Machine.make();
    const bytes = randomBytes(80_000);
    const file = await machine.write("a.bin", bytes);
    await using sharing = await machine.share(["pass", file], patient);
    await loopback.slowDown("32kbit");
    const output = machine.path("out.bin");
    const args = ["--output", output, "pass", sharing.address];
    const kept = `${machine.state}/partial/${sharing.ready.sha256}`;
    const size = () => Deno.stat(kept).then(({ size }) => size, () => 0);
    await using first = machine.start("receive", args, patient);
    await until("the second record", async () => await size() > 20_000);
    first.signal("SIGKILL");
    await first.ended;
    const before = await size();
    assert(
      before > 20_000 && before < bytes.length,
      `${before} bytes are kept`,
    );
    const second = await machine.run("receive", ["--json", ...args], patient);
    assertSuccess(second);
    const progress = second.events.find(({ event }) => event === "progress");
    assert(Number(progress?.bytes) > before, "it began anew");
    assertEquals(
      await sha256(await Deno.readFile(output)),
      await sha256(bytes),
    );
  },
});
