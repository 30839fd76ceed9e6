/**
 * `serve`: what it shares, with how many at once, and what it tells of itself.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess, randomBytes, sha256 } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";

const DOCUMENT = "# 인수인계\n\nCafé, 漢字 and 🎉.\n";

Deno.test("serve delivers to ten receivers at once, and says so for each", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const bytes = randomBytes(5 * 1024 * 1024);
  const file = await alice.write("a.bin", bytes);
  await using sharing = await alice.share(["--generate", file]);
  const hash = await sha256(bytes);
  const outputs = Array.from({ length: 10 }, (_, i) => bob.path(`${i}.bin`));
  await Promise.all(outputs.map(async (output) => {
    assertSuccess(
      await bob.run("receive", [
        "--output",
        output,
        sharing.words,
        sharing.address,
      ]),
    );
    assertEquals(await sha256(await Deno.readFile(output)), hash);
  }));
  while ((await sharing.event("delivered")).count !== 10);
  const { events } = await sharing.stop();
  const counts = events.filter(({ event }) => event === "delivered")
    .map(({ count }) => count);
  assertEquals(counts, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  // They shared one state folder, too.
  assertEquals(await bob.kept(), []);
});

Deno.test("serve shares standard input, and keeps more than 4 MiB in a file that it removes", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const limit = 4 * 1024 * 1024;
  for (const [size, files] of [[limit, 0], [limit + 1, 1]] as const) {
    const bytes = randomBytes(size);
    await using sharing = await alice.share(["--once", "--generate", "-"], {
      stdin: bytes,
    });
    assertEquals(sharing.ready.name, "distillation.md");
    const kept = await alice.kept();
    assertEquals(kept.length, files);
    for (const name of kept) {
      const { mode } = await Deno.stat(`${alice.state}/${name}`);
      if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
    }
    const output = bob.path(`${size}.bin`);
    assertSuccess(
      await bob.run("receive", [
        "--output",
        output,
        sharing.words,
        sharing.address,
      ]),
    );
    assertEquals(
      await sha256(await Deno.readFile(output)),
      await sha256(bytes),
    );
    assertSuccess(await sharing.ended);
    assertEquals(await alice.kept(), []);
  }
});

Deno.test("serve tells nothing of the person, when --anonymous", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", DOCUMENT);
  await using sharing = await machine.share(["--anonymous", "pass", file]);
  assertEquals("sender" in sharing.ready, false);
});

Deno.test({
  name:
    "serve shares a file by another name, when nothing of its own can be shown",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const table = [
      ["\u200b", "distillation.md"],
      ["a\nb\x1b[31m.md", "a b.md"],
      [`${"한".repeat(80)}.md`, `${"한".repeat(80)}.md`],
    ];
    for (const [name, shown] of table) {
      const file = await machine.write(name!, DOCUMENT);
      await using sharing = await machine.share(["--generate", file]);
      assertEquals(sharing.ready.name, shown);
      const received = await machine.run("receive", [
        sharing.words,
        sharing.address,
      ]);
      assertSuccess(received);
    }
  },
});

Deno.test("serve --remove-file removes the file and shares it all the same", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", DOCUMENT);
  await using sharing = await machine.share([
    "--remove-file",
    "--generate",
    file,
  ]);
  assertEquals(await machine.works(), []);
  const received = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertEquals(received.text, DOCUMENT);
});

Deno.test("serve says to a person what to type and where", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", DOCUMENT);
  for (
    const [args, words] of [
      [["--generate"], /distill-receive [a-z]+(-[a-z]+){3}\n/],
      [["typed"], /distill-receive <the same passphrase>\n/],
    ] as const
  ) {
    await using sharing = machine.start("serve", [...args, file]);
    await sharing.says("add the address");
    const { code, stderr, stdout } = await sharing.stop();
    assertEquals([code, stdout.length], [130, 0]);
    assertStringIncludes(
      stderr,
      "spread: sharing a.md (40 bytes) for 30 minutes",
    );
    assert(words.test(stderr), stderr);
    assert(/add the address: 127\.0\.0\.1:\d+\n/.test(stderr), stderr);
  }
});
