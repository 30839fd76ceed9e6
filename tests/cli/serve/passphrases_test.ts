/**
 * Passphrases: where they come from and what they are made of.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { forEach } from "../../../lib/testing/for_each.ts";
import { assertSuccess, uniquePassphrase } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";

const DOCUMENT = "# 인수인계\n\nCafé, 漢字 and 🎉.\n";

Deno.test("serve and receive take the passphrase from wherever it is given", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("a.md", DOCUMENT);
  const secret = await machine.write("secret", `${passphrase}\n`);
  const ways = [
    { args: [passphrase] },
    { args: ["--passphrase-file", secret] },
    { args: ["--passphrase-file", "-"], stdin: passphrase },
    { args: ["--passphrase-file=-"], stdin: `${passphrase}\r\n` },
    // As Windows editors write it.
    {
      args: [
        "--passphrase-file",
        await machine.write("bom", `\ufeff${passphrase}`),
      ],
    },
    { args: [], env: { CLAUDE_SPREAD_PASSPHRASE: passphrase } },
  ];
  await forEach(ways, async ({ args, ...options }) => {
    await using sharing = await machine.share([...args, file], options);
    assertEquals(sharing.ready.invite, null);
    for (const way of [ways[0]!, { args, ...options }]) {
      const { args, ...options } = way;
      const received = await machine.run(
        "receive",
        [...args, sharing.address],
        options,
      );
      assertSuccess(received);
      assertEquals(received.text, DOCUMENT);
    }
    const { stderr } = await sharing.stop();
    // A passphrase that was typed is shown nowhere.
    assert(!stderr.includes(passphrase), stderr);
  });
});

Deno.test("receive tells how long it took, without the time that the passphrase was typed", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("a.md", DOCUMENT);
  await using sharing = await machine.share([passphrase, file]);
  const args = ["--json", "--output", machine.path("out.md")];
  await using receiving = machine.start(
    "receive",
    [...args, "--passphrase-file", "-", sharing.address],
    { stdin: "open" },
  );
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const typedMs = performance.now();
  await receiving.type(passphrase);
  await receiving.endInput();
  const ended = await receiving.ended;
  const sinceTypedMs = performance.now() - typedMs;
  assertSuccess(ended);
  const delivered = ended.events.find(({ event }) => event === "delivered");
  assert(Number(delivered?.seconds) * 1000 <= sinceTypedMs, ended.text);
});

Deno.test("serve and receive agree on a passphrase, whatever it is made of", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", DOCUMENT);
  const unique = uniquePassphrase();
  const passphrases: [string, string?][] = [
    [` two  spaces, it's "quoted" ${unique} `],
    [`$(id) \`id\` $HOME %PATH% line\nbreak ${unique}`],
    [`암호 caf\u00e9 ${unique}`, `암호 cafe\u0301 ${unique}`],
    [unique.repeat(250).slice(0, 10_000)],
    ["007"],
    ["--json"],
  ];
  await forEach(passphrases, async ([passphrase, typed = passphrase]) => {
    await using sharing = await machine.share(["--", passphrase, file]);
    const received = await machine.run("receive", [
      "--",
      typed,
      sharing.address,
    ]);
    assertSuccess(received);
    assertEquals(received.text, DOCUMENT);
    await sharing.stop();
  });
});
