/** `pairs` and `forget`, whatever state the files are in. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MAX_PAIRS, type Pair } from "../../../lib/pairs/pair.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { kept, pairsOf } from "./_pairing.ts";

const PAIR: Pair = {
  version: 1,
  id: "0a1b2c3d",
  name: "cedar",
  own_name: "oak",
  role: "a",
  seed: "5".repeat(64),
  relay: "wss://relay.example",
  made: new Date().toISOString(),
  host: Deno.hostname(),
};

/** Writes the file of a pair; `text` in place of what belongs there. */
async function write(
  machine: Machine,
  pair: Pair,
  { mode = 0o600, text = JSON.stringify(pair) } = {},
): Promise<void> {
  await Deno.mkdir(pairsOf(machine), { recursive: true, mode: 0o700 });
  const path = `${pairsOf(machine)}/${pair.id}.json`;
  await Deno.writeTextFile(path, text, { mode });
}

Deno.test("pairs lists those that can be used, and says of the others how to mend them", async () => {
  await using oak = await Machine.make();
  const none = await oak.run("pairs", []);
  assertSuccess(none);
  assertStringIncludes(none.stderr, "claude-spread pair makes one");
  await write(oak, PAIR);
  await write(oak, {
    ...PAIR,
    id: "00000001",
    name: "birch",
    relay: undefined,
    host: "elsewhere.example",
  });
  const open = { ...PAIR, id: "00000002", name: "open" };
  await write(oak, open, { mode: 0o644 });
  await write(oak, { ...PAIR, id: "00000003" }, { text: "{" });
  await write(oak, { ...PAIR, id: "00000004", version: 2 as 1 });
  const listed = await oak.run("pairs", []);
  assertSuccess(listed);
  assertEquals(
    listed.text,
    `NAME   CALLS YOU  PAIRED    FOUND AT
birch  oak        just now  the local network
cedar  oak        just now  the local network, wss://relay.example
`,
  );
  for (
    const words of [
      `00000002.json" can be read by other users of this machine`,
      `chmod 600 "${pairsOf(oak)}/00000002.json"`,
      `00000003.json" is damaged, or was written by another version: remove it`,
      `00000004.json" is damaged, or was written by another version`,
      "claude-spread forget 00000004",
      'the pair birch was made on "elsewhere.example" and copied here',
    ]
  ) assertStringIncludes(listed.stderr, words);
  assert(!listed.stderr.includes("cedar"), listed.stderr);
  const { events, text, stderr } = await oak.run("pairs", ["--json"]);
  assertEquals(events.map(({ name }) => name), ["birch", "cedar"]);
  assert(!`${text}${stderr}`.includes(PAIR.seed));
});

Deno.test("forget removes a pair by its name, one that cannot be used by its ID, and nothing else", async () => {
  await using oak = await Machine.make();
  await write(oak, PAIR);
  await write(oak, { ...PAIR, id: "00000003" }, { text: "{" });
  assertFailure(
    await oak.run("forget", ["ceder"]),
    "NO_PAIR",
    'This machine has no pair "ceder"',
    "cedar, 00000003",
  );
  assertFailure(
    await oak.run("forget", []),
    "USAGE",
    "The name of the pair is missing",
    "cedar, 00000003",
  );
  // A pair in use goes by its name alone.
  assertFailure(await oak.run("forget", [PAIR.id]), "NO_PAIR", "This machine");
  const forgotten = await oak.run("forget", ["CEDAR"]);
  assertSuccess(forgotten);
  assertStringIncludes(
    forgotten.stderr,
    "forgot cedar. The other machine still has the pair: forget it there, too",
  );
  assertSuccess(await oak.run("forget", ["00000003"]));
  assertEquals(await kept(oak), []);
});

Deno.test("pair refuses a pair more than a machine can have, before it shows or dials anything", async () => {
  await using oak = await Machine.make();
  for (let number = 0; number < MAX_PAIRS; number++) {
    const id = number.toString(16).padStart(8, "0");
    await write(oak, { ...PAIR, id, name: `pair-${number}` });
  }
  for (const words of [[], ["niece-broke-zippy-iron"]]) {
    assertFailure(
      await oak.run("pair", words),
      "PAIR_UNUSABLE",
      "This machine has 64 pairs",
      "claude-spread forget NAME",
    );
  }
});
