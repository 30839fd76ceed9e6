/**
 * Tests of the launcher.
 *
 * @module
 */

import { Machine } from "../../support/machine.ts";

export function test(
  name: string,
  body: (machine: Machine) => Promise<void>,
): void {
  Deno.test({
    name,
    // A shell script, which Windows does not start.
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using machine = await Machine.make();
      await body(machine);
    },
  });
}
