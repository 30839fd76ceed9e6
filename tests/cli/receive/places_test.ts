/**
 * Places that cannot take a payload: what both sides say then, and that nothing is lost,
 * overwritten or left half-written.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertFailure,
  uniquePassphrase,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Handing } from "../../support/handing.ts";
import {
  onSmallDisk,
  whyNoPermissions,
  whyNoSmallDisk,
  withoutPrivilege,
} from "../../support/isolation.ts";

const noPermissions = await whyNoPermissions();
const noSmallDisk = await whyNoSmallDisk();

const MiB = 1024 * 1024;

Deno.test("receive --output refuses a place that is taken, before anything is sent", async () => {
  await using handing = await Handing.start(1000);
  const { bob, output, sharing } = handing;
  const taken = `Cannot write to "${output}": it exists already`;
  await Deno.writeTextFile(output, "mine");
  assertFailure(
    await handing.receive(),
    "CANNOT_STORE",
    taken,
    "Choose another name",
  );
  assertEquals(await Deno.readTextFile(output), "mine");
  await Deno.remove(output);
  await Deno.mkdir(output);
  assertFailure(
    await handing.receive(),
    "CANNOT_STORE",
    taken,
    "Choose another name",
  );
  await Deno.remove(output);
  if (Deno.build.os !== "windows") {
    await Deno.symlink(bob.path("nowhere"), output);
    assertFailure(
      await handing.receive(),
      "CANNOT_STORE",
      taken,
      "Choose another name",
    );
    await Deno.remove(output);
  }
  await handing.assertReceived(await handing.receive());
  const { events } = await sharing.stop();
  // Of the others the sender has heard nothing.
  assertEquals(events.filter(({ event }) => event === "peer").length, 1);
  assertEquals(events.filter(({ event }) => event === "refused"), []);
});

Deno.test("receive --output refuses a place that is taken, before it looks for a sender", async () => {
  await using bob = await Machine.make();
  const output = await bob.write("out.bin", "mine");
  const args = ["--json", "--output", output, uniquePassphrase()];
  const ways = [[], ["127.0.0.1:9"], ["--legacy", "127.0.0.1:9"]];
  for (const where of ways) {
    assertFailure(
      await bob.run("receive", [...args, ...where]),
      "CANNOT_STORE",
      `Cannot write to "${output}": it exists already`,
      "Choose another name",
    );
  }
  assertEquals(await Deno.readTextFile(output), "mine");
});

Deno.test("receive --output overwrites nothing that appears meanwhile, and keeps what it has", async () => {
  const size = 6 * MiB;
  await using handing = await Handing.start(size, MiB);
  const { bob, output, proxy, sharing } = handing;
  const receiving = handing.receive();
  await proxy.held;
  await Deno.writeTextFile(output, "mine");
  proxy.release();
  assertFailure(
    await receiving,
    "CANNOT_STORE",
    `Cannot write to "${output}": it exists already`,
  );
  assertEquals(await Deno.readTextFile(output), "mine");
  assertEquals((await sharing.event("refused")).error, "DECLINED");
  assertEquals((await bob.kept()).length, 1);
  await Deno.remove(output);
  await handing.assertReceived(await handing.receive());
  assert(proxy.passed[1]! < 10_000, `${proxy.passed}`);
});

Deno.test("receive --output is right for one of two, when both want the same place", async () => {
  const size = 2 * MiB;
  await using handing = await Handing.start(size, MiB, MiB);
  const { bob, output, proxy } = handing;
  const both = [1, 2].map(() => handing.receive());
  await until("both", async () => (await bob.kept()).length === 2);
  proxy.release();
  const [first, second] = await Promise.all(both);
  const [right, wrong] = first!.code === 0
    ? [first!, second!]
    : [second!, first!];
  assertFailure(
    wrong,
    "CANNOT_STORE",
    `Cannot write to "${output}": it exists already`,
  );
  const kept = await bob.kept();
  assertEquals(kept.length, 1);
  await Deno.remove(`${bob.state}/${kept[0]}`);
  await handing.assertReceived(right);
});

Deno.test("receive --output refuses a folder that is missing", async () => {
  await using handing = await Handing.start(1000);
  const { bob, words, sharing } = handing;
  await bob.write("a.md", "Body");
  for (const name of ["none/out.md", "a.md/out.md", "none/"]) {
    const output = bob.path(name);
    assertFailure(
      await bob.run("receive", [
        "--json",
        "--output",
        output,
        words,
        sharing.address,
      ]),
      "CANNOT_STORE",
      `Cannot write to "${output}": its folder is missing or not writable`,
      "Choose another --output",
    );
  }
  assertEquals(await bob.works(), ["a.md"]);
  assertEquals(await bob.kept(), []);
});

Deno.test({
  name: "receive --output refuses a folder that it may not write to",
  ignore: noPermissions !== null,
  fn: async () => {
    await using handing = await Handing.start(1000);
    const { bob, output } = handing;
    await Deno.chmod(bob.path("."), 0o500);
    assertFailure(
      await handing.receive(undefined, { via: withoutPrivilege() }),
      "CANNOT_STORE",
      `Cannot write to "${output}": its folder is missing or not writable`,
    );
    await Deno.chmod(bob.path("."), 0o700);
    await handing.assertNothingThere();
  },
});

Deno.test({
  name: "receive says so, when it may not write to its state folder",
  ignore: noPermissions !== null,
  fn: async () => {
    await using handing = await Handing.start(1000);
    const { bob, sharing } = handing;
    await Deno.mkdir(bob.state, { recursive: true });
    await Deno.chmod(bob.state, 0o500);
    assertFailure(
      await handing.receive(undefined, { via: withoutPrivilege() }),
      "CANNOT_STORE",
      `Cannot write to "${bob.state}/partial": it is not writable`,
      "Check the folder and its permissions",
    );
    assertEquals((await sharing.event("refused")).error, "DECLINED");
    await Deno.chmod(bob.state, 0o700);
    await handing.assertReceived(await handing.receive());
  },
});

Deno.test("serve and receive say so, when there is no home folder", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("a.md", "Body");
  const env = { HOME: "", XDG_STATE_HOME: "", LOCALAPPDATA: "" };
  // A file is shared without it.
  await using sharing = await machine.share([passphrase, file], { env });
  const noHome = [
    machine.run("receive", [passphrase, sharing.address], { env }),
    machine.run("serve", ["pass", "-"], { env, stdin: "Body" }),
  ];
  for (const ended of await Promise.all(noHome)) {
    assertFailure(
      ended,
      "USAGE",
      "Cannot find a place to keep files: the home folder is not set",
      "Set HOME",
    );
  }
});

Deno.test("receive keeps its state under the home folder, when no other is named", async () => {
  await using handing = await Handing.start(1000);
  const { bob } = handing;
  await handing.assertReceived(
    await handing.receive(undefined, { env: { XDG_STATE_HOME: "" } }),
  );
  const state = Deno.build.os === "darwin"
    ? "home/Library/Application Support"
    : "home/.local/state";
  if (Deno.build.os === "windows") return;
  const { mode } = await Deno.stat(
    `${bob.folder}/${state}/claude-spread/partial`,
  );
  assertEquals(mode! & 0o777, 0o700);
});

Deno.test({
  name:
    "receive keeps what has arrived and says so, when the state disk is full",
  ignore: noSmallDisk !== null,
  fn: async () => {
    await using handing = await Handing.start(3 * MiB);
    const { bob, sharing } = handing;
    const listing = bob.path("listing");
    const via = onSmallDisk(`${bob.state}/partial`, 2048, listing);
    assertFailure(
      await handing.receive(undefined, { via }),
      "CANNOT_STORE",
      `Cannot write to "${bob.state}/partial/${sharing.ready.sha256}": the disk is full`,
      "Free some space, then try again",
    );
    const { error, message } = await sharing.event("refused");
    assertEquals(error, "DECLINED");
    assertStringIncludes(String(message), "the receiver cannot store it");
    assertEquals(
      await Deno.readTextFile(listing),
      `./${sharing.ready.sha256}\n`,
    );
    await Deno.remove(listing);
    await handing.assertReceived(await handing.receive());
  },
});

Deno.test({
  name:
    "receive --output leaves nothing half-written and keeps what has arrived, when the output's disk is full",
  ignore: noSmallDisk !== null,
  fn: async () => {
    await using handing = await Handing.start(3 * MiB);
    const { bob, sharing } = handing;
    const listing = `${bob.folder}/listing`;
    const via = onSmallDisk(bob.path("."), 2048, listing);
    assertFailure(
      await handing.receive(undefined, { via }),
      "CANNOT_STORE",
      `Cannot write to "${handing.output}": the disk is full`,
      "Free some space, then try again",
    );
    assertEquals(await Deno.readTextFile(listing), "");
    assertEquals(await bob.kept(), [`partial/${sharing.ready.sha256}`]);
    await handing.assertReceived(await handing.receive());
  },
});

Deno.test({
  name: "receive --output copies, when the output is on another disk",
  ignore: noSmallDisk !== null,
  fn: async () => {
    await using handing = await Handing.start(3 * MiB);
    const { bob } = handing;
    const listing = bob.path("listing");
    const via = onSmallDisk(`${bob.state}/partial`, 8192, listing);
    const ended = await handing.receive(undefined, { via });
    assertEquals(await Deno.readTextFile(listing), "");
    await Deno.remove(listing);
    assertEquals((await Deno.stat(handing.output)).mode! & 0o777, 0o600);
    await handing.assertReceived(ended);
  },
});
