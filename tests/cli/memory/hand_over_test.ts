/** Memory as large as memory gets, from one machine to another, on both ways. */

import { assertEquals } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { assertSuccess, sha256 } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
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

Deno.test("a memory of 50 MB goes over the local network and through a relay", async () => {
  await using relay = await startLocalRelay({});
  await using alex = await Machine.make();
  await using blake = await Machine.make();
  await remember(alex, FILES);
  assertSuccess(await alex.run("bundle", ["m.json"]));
  const memory = ["--kind", "memory"];
  const shareArgs = ["--remove-file", "--relay", relay.url, "--generate"];
  await using sharing = await alex.share([...memory, ...shareArgs, "m.json"]);
  assertEquals(await alex.works(), []);

  const invite = String(sharing.ready.invite);
  for (
    const [name, flags, options] of [
      ["lan.json", [invite, sharing.address], {}],
      // Kept from the local network, as in the tests of the relay.
      ["relay.json", ["--relay", relay.url, invite], APART],
    ] as const
  ) {
    const args = [...memory, "--output", name, ...flags];
    assertSuccess(await blake.run("receive", args, options));
  }
  const [lan, relayed] = await Promise.all(
    ["lan.json", "relay.json"].map((name) => Deno.readFile(blake.path(name))),
  );
  assertEquals(await sha256(lan!), await sha256(relayed!));

  assertSuccess(await blake.run("install", ["--yes", "lan.json"]));
  const after = await memoryOf(blake);
  for (let i = 0; i < 10; i++) {
    const [, , , ...lines] = after[`${i}.md`]!.split("\n");
    assertEquals(lines.join("\n") === FILES[`${i}.md` as "MEMORY.md"], true);
  }
});
