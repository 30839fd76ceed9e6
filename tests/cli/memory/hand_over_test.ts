/** Memory as large as memory gets, from one machine to another, both ways. */

import { assertEquals } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { assertSuccess, uniquePassphrase } from "../../support/checks.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { memoryOf, remember } from "../../support/memory.ts";
import { APART } from "../../support/relay_share.ts";

/** 50 MB less a little, of what JSON makes longer. */
const FILES = {
  "MEMORY.md": Array.from({ length: 10 }, (_, i) => `- [${i}](${i}.md)\n`)
    .join(""),
  ...Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [
      `${i}.md`,
      `say "${i}" 한글\n`.repeat(331_000),
    ]),
  ),
};

/** Shares, receives and installs, and checks that everything has arrived. */
async function handOver(
  alex: Machine,
  blake: Machine,
  shareArgs: string[],
  receive: (sharing: Sharing) => Promise<void>,
): Promise<void> {
  await remember(alex, FILES);
  assertSuccess(await alex.run("bundle", ["m.json"]));
  const args = ["--kind", "memory", "--remove-file", ...shareArgs, "m.json"];
  await using sharing = await alex.share(args);
  assertEquals(await alex.works(), []);
  await receive(sharing);
  assertSuccess(await blake.run("install", ["--yes", "m.json"]));
  const after = await memoryOf(blake);
  for (let i = 0; i < 10; i++) {
    const [, , , ...lines] = after[`${i}.md`]!.split("\n");
    assertEquals(lines.join("\n") === FILES[`${i}.md` as "MEMORY.md"], true);
  }
}

Deno.test("a memory of 50 MB goes over the local network", async () => {
  await using alex = await Machine.make();
  await using blake = await Machine.make();
  const passphrase = uniquePassphrase();
  await handOver(alex, blake, [passphrase], async ({ address }) => {
    const args = ["--kind", "memory", "--output", "m.json", passphrase];
    assertSuccess(await blake.run("receive", [...args, address]));
  });
});

Deno.test("a memory of 50 MB goes through a relay", async () => {
  await using relay = await startLocalRelay({});
  await using alex = await Machine.make();
  await using blake = await Machine.make();
  const shareArgs = ["--relay", relay.url, "--generate"];
  await handOver(alex, blake, shareArgs, async ({ ready }) => {
    const args = ["--kind", "memory", "--output", "m.json"];
    const relayed = [...args, "--relay", relay.url, String(ready.invite)];
    // Kept from the local network, as in the tests of the relay.
    assertSuccess(await blake.run("receive", relayed, APART));
  });
});
