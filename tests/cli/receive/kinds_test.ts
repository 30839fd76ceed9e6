/**
 * Other kinds of payload than distillations: memories and sessions.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../../lib/bytes.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
  uniquePassphrase,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Loopback, whyNoLoopback } from "../../support/isolation.ts";

const noLoopback = await whyNoLoopback();

/** More than stays in memory, and more than a document may have. */
const LARGE_BYTES = 17 * 1024 * 1024;

Deno.test("serve --kind offers that kind, and receive takes it to the byte", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("memory.json", '{"type":"memory_bundle"}');
  const args = ["--kind", "memory", "--project", ".", passphrase, file];
  await using sharing = await machine.share(args);
  assertEquals(
    [sharing.ready.kind, sharing.ready.name, sharing.ready.project],
    ["memory", "memory.json", "work"],
  );
  assertEquals(sharing.ready.commands, [
    "/claude-spread:memory-receive <the same passphrase>",
  ]);
  const output = machine.path("out.json");
  assertFailure(
    await machine.run("receive", [
      "--kind",
      "distillation",
      passphrase,
      sharing.address,
    ]),
    "PAYLOAD_UNWANTED",
    "The sender shares a memory, not a distillation",
    "--kind memory",
  );
  const asked = ["--kind", "memory", "--output", output, passphrase];
  assertSuccess(await machine.run("receive", [...asked, sharing.address]));
  // Facts about the project go with the offer; the payload stays as it is.
  assertEquals(await Deno.readTextFile(output), '{"type":"memory_bundle"}');
});

Deno.test("serve --remove-file --kind keeps no large payload in memory, and no copy afterwards", async () => {
  await using machine = await Machine.make();
  const bytes = utf8(randomBytes(LARGE_BYTES).toBase64());
  const file = await machine.write("memory.md", bytes);
  const args = ["--kind", "memory", "--once", "--remove-file", "--generate"];
  await using sharing = await machine.share([...args, file]);
  assertEquals(await machine.works(), []);
  const [copy] = await machine.kept();
  assert(copy?.startsWith("spool/"), copy);
  const { mode } = await Deno.stat(`${machine.state}/${copy}`);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
  const output = machine.path("out.bin");
  const asked = ["--kind", "memory", "--output", output, sharing.words];
  assertSuccess(await machine.run("receive", [...asked, sharing.address]));
  assertSuccess(await sharing.ended);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  assertEquals(await machine.kept(), []);
});

Deno.test("serve --remove-file --kind leaves what it cannot share, and says why", async () => {
  await using machine = await Machine.make();
  await machine.write("blank.json", " \n");
  const args = ["--json", "--kind", "memory", "--remove-file", "--generate"];
  assertFailure(
    await machine.run("serve", [...args, "blank.json"]),
    "PAYLOAD_EMPTY",
    'Cannot share "blank.json": it is empty',
  );
  assertFailure(
    await machine.run("serve", [...args, "missing.json"]),
    "PAYLOAD_UNREADABLE",
    'Cannot read "missing.json": there is no such file',
  );
  assertEquals(await machine.works(), ["blank.json"]);
  assertEquals(await machine.kept(), []);
});

Deno.test({
  name: "receive --kind passes over shares that announce another kind",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    await using machine = await Machine.make();
    const passphrase = uniquePassphrase();
    const via = loopback.via;
    const file = await machine.write("a.md", "# A distillation\n");
    const memory = await machine.write("b.md", "# A memory\n");
    await using _one = await machine.share([passphrase, file], { via });
    await using _two = await machine.share(
      ["--kind", "memory", passphrase, memory],
      { via },
    );
    for (
      const [kind, text] of [
        ["memory", "# A memory\n"],
        ["distillation", "# A distillation\n"],
      ] as const
    ) {
      const received = await machine.run(
        "receive",
        ["--kind", kind, passphrase],
        { via },
      );
      assertSuccess(received);
      assertEquals(received.text, text);
    }
  },
});

Deno.test("receive --legacy takes what comes for the kind it asked for", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("b.md", "# A memory\n");
  const args = ["--legacy", "--kind", "memory", passphrase, file];
  await using sharing = await machine.share(args);
  const received = await machine.run("receive", [
    "--legacy",
    "--kind",
    "memory",
    passphrase,
    sharing.address,
  ]);
  assertSuccess(received);
  assertEquals(received.text, "# A memory\n");
});
