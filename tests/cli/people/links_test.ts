/**
 * Files that people name by way of links, and Ctrl+C in a home that is a link.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess, randomBytes, until } from "../../support/checks.ts";
import { HOMES } from "../../support/homes.ts";
import { Machine } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";

const BODY = "# Title\n\nBody\n";

/** Ways to `BODY`, each in the work folder; the links lead out of it, or through it. */
const WAYS: [name: string, make: (machine: Machine) => Promise<string>][] = [
  ["a link", async (machine) => {
    await Deno.writeTextFile(`${machine.folder}/real.md`, BODY);
    await Deno.symlink(`${machine.folder}/real.md`, machine.path("a.md"));
    return "a.md";
  }],
  ["a link to a link, relative", async (machine) => {
    await machine.write("real.md", BODY);
    await Deno.symlink("real.md", machine.path("b.md"));
    await Deno.symlink("./b.md", machine.path("a.md"));
    return machine.path("a.md");
  }],
  ["a file below a link", async (machine) => {
    await Deno.mkdir(`${machine.folder}/private/tmp`, { recursive: true });
    await Deno.writeTextFile(`${machine.folder}/private/tmp/a.md`, BODY);
    await Deno.symlink(`${machine.folder}/private`, machine.path("tmp"));
    return "tmp/tmp/a.md";
  }],
  ["a file below a link with a comma and a blank", async (machine) => {
    await Deno.mkdir(`${machine.folder}/x, y`);
    await Deno.writeTextFile(`${machine.folder}/x, y/a.md`, BODY);
    await Deno.symlink(`${machine.folder}/x, y`, machine.path("1, 2"));
    return "1, 2/a.md";
  }],
];

for (const [name, make] of WAYS) {
  Deno.test(`serve shares and receive --output writes ${name}`, async () => {
    await using machine = await Machine.make();
    const file = await make(machine);
    await using sharing = await machine.share(["--generate", file]);
    assertEquals(sharing.ready.name, "a.md");
    const output = `${file}.out`;
    const args = ["--output", output, sharing.words, sharing.address];
    assertSuccess(await machine.run("receive", args));
    assertEquals(
      await Deno.readTextFile(
        `${machine.work}/${output}`.replace(/.*\/\//, "/"),
      ),
      BODY,
    );
  });

  Deno.test(`serve --passphrase-file and receive --passphrase-file take ${name}`, async () => {
    await using machine = await Machine.make();
    const words = await make(machine);
    const file = await machine.write("doc.md", BODY);
    await using sharing = await machine.share([
      ...["--passphrase-file", words, file],
    ]);
    const args = ["--passphrase-file", words, sharing.address];
    const received = await machine.run("receive", args);
    assertSuccess(received);
    assertStringIncludes(received.text, "Body\n");
  });
}

Deno.test("serve --remove-file of a link removes what was named, and nothing beside it", async () => {
  await using machine = await Machine.make();
  const real = `${machine.folder}/real.md`;
  await Deno.writeTextFile(real, BODY);
  await Deno.symlink(real, machine.path("a.md"));
  const args = ["--remove-file", "--generate", "a.md"];
  await using sharing = await machine.share(args);
  const received = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  assertEquals(received.text, BODY);
  assertEquals(await machine.works(), []);
  assertEquals(await Deno.readTextFile(real), BODY);
});

for (const [name, target] of [["nowhere", "gone.md"], ["itself", "a.md"]]) {
  Deno.test(`serve says that it cannot read a link that leads to ${name}`, async () => {
    await using machine = await Machine.make();
    await Deno.symlink(target!, machine.path("a.md"));
    const { code, stderr } = await machine.run("serve", ["--generate", "a.md"]);
    assert(code !== 0);
    assert(/^spread: error: .*"a\.md"/m.test(stderr), stderr);
    assert(!/^\s+at |NotCapable|Uncaught|report/m.test(stderr), stderr);
    assertEquals(await machine.entries(), []);
  });
}

for (const home of HOMES.filter(({ name }) => name.includes("link"))) {
  Deno.test(`receive ends at Ctrl+C and goes on from there, with a home ${home.name}`, async () => {
    await using alice = await Machine.make();
    await using bob = await Machine.make(undefined, home);
    const bytes = randomBytes(1_000_000);
    const file = await alice.write("a.bin", bytes);
    await using sharing = await alice.share(["--generate", file]);
    const { port } = sharing;
    await using proxy = new Proxy({ port, holdAfter: [500_000] });
    const args = ["--output", "a.bin", sharing.words, proxy.address];
    await using running = bob.start("receive", args);
    await proxy.held;
    await until("what has arrived", async () => {
      const [kept] = await bob.kept();
      return kept && (await Deno.stat(`${bob.state}/${kept}`)).size > 0;
    });
    const { code, stderr } = await running.stop("SIGINT");
    assertEquals(code, 130, stderr);
    assertEquals((await bob.kept()).length, 1);
    proxy.release();
    assertSuccess(await bob.run("receive", args));
    assertEquals(await Deno.readFile(bob.path("a.bin")), bytes);
    assertEquals(await bob.kept(), []);
  });
}
