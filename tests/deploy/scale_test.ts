/** A relay of four instances that are killed at random: the small form of `_scale.ts`. */

import { assert, assertEquals } from "@std/assert";
import { runScale } from "./_scale.ts";

Deno.test("a relay of four instances loses and confuses no transfer when they are killed", async () => {
  const report = await runScale({ rooms: 16, seconds: 4, killMs: 1_200 });
  assertEquals([report.lost, report.corrupted], [[], []]);
  assert(report.kills > 0 && report.resumed > 0, JSON.stringify(report));
  assert(report.transfers >= 16, JSON.stringify(report));
});
