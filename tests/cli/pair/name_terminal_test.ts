/** `pair` on a terminal, where it asks for the name of the machine. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { launchOnTerminal, noTerminal } from "../../support/pseudo_terminal.ts";
import { kept, show } from "./_pairing.ts";

Deno.test({
  name: "pair asks for the name on a terminal, and takes one that was changed",
  ignore: noTerminal !== null,
  fn: async () => {
    await using oak = await Machine.make();
    await using cedar = await Machine.make();
    await using showing = await show(oak, ["--name", "oak"]);
    const { code, text } = await launchOnTerminal(
      cedar,
      ["pair", "--interface", "127.0.0.1", ...showing.words],
      {
        typed: [
          ["Name of this machine: ", "\x15My Cedar\r"],
          ["Enter takes my-cedar", "\r"],
        ],
      },
    );
    assertEquals(code, 0, text);
    assertStringIncludes(text, "calls this machine my-cedar");
    assertSuccess(await showing.running.ended);
    assertEquals((await kept(cedar))[0]!.own_name, "my-cedar");
  },
});
