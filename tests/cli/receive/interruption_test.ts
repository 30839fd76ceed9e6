/**
 * Hand-overs that end before their time: signals, cuts, readers that leave, files that were left.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { readEntries } from "../../../lib/shares/entries.ts";
import { askShare } from "../../../lib/shares/owner_exchange.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Handing } from "../../support/handing.ts";

const MiB = 1024 * 1024;
const SIZE = 9 * MiB;

/** More than frames and records add to a payload of {@linkcode SIZE}. */
const OVERHEAD = 64 * 1024;

const GO_ON = "spread: the connection was cut; trying again";

Deno.test("receive keeps what has arrived, when it is stopped, and goes on from there", async () => {
  await using handing = await Handing.start(SIZE, 3 * MiB);
  const { bob, proxy, sharing } = handing;
  const receiving = handing.start();
  await proxy.held;
  await until(
    "2 MiB",
    async () => (await Deno.stat(handing.partial)).size > 2 * MiB,
  );
  assertFailure(await receiving.stop(), "INTERRUPTED", "Stopped");
  assertEquals((await sharing.event("refused")).error, "PEER_STOPPED");
  assertEquals(await bob.works(), []);
  assertEquals(await bob.kept(), [`partial/${sharing.ready.sha256}`]);
  const { size, mode } = await Deno.stat(handing.partial);
  assert(size > 2 * MiB && size < SIZE);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
  proxy.release();
  await handing.assertReceived(await handing.start().ended);
  // It went on: the rest was sent and not the whole again.
  const sent = proxy.passed.at(-1)!;
  assert(sent > SIZE - size && sent < SIZE - size + OVERHEAD, `${sent}`);
});

Deno.test("receive goes on by itself, when the connection is cut once", async () => {
  await using handing = await Handing.start(SIZE, 3 * MiB);
  const { proxy, sharing } = handing;
  const receiving = handing.start();
  await proxy.held;
  proxy.cut();
  const ended = await receiving.ended;
  await handing.assertReceived(ended);
  assertStringIncludes(ended.stderr, GO_ON);
  const all = proxy.passed.reduce((sum, count) => sum + count);
  assert(all < SIZE + 3 * MiB, `${proxy.passed}`);
  assert(proxy.passed.at(-1)! < SIZE - MiB, `${proxy.passed}`);
  assertEquals((await sharing.event("refused")).error, "PEER_GONE");
  await sharing.event("delivered");
});

Deno.test("receive stops and keeps what has arrived, when someone changes a bit on the way", async () => {
  await using handing = await Handing.start(SIZE, 3 * MiB);
  const { bob, proxy, sharing } = handing;
  proxy.flipNext();
  assertFailure(
    await handing.start().ended,
    "RECORD_REFUSED",
    "",
  );
  await sharing.event("refused");
  assertEquals(await bob.works(), []);
  assertEquals(await bob.kept(), [`partial/${sharing.ready.sha256}`]);
  await handing.assertReceived(await handing.start().ended);
});

Deno.test("receive goes on, when the sender is killed and starts again in time", async () => {
  await using handing = await Handing.startWithPassphrase(SIZE, 3 * MiB);
  const { proxy, sharing } = handing;
  const receiving = handing.start();
  await proxy.held;
  await sharing.stop("SIGKILL");
  proxy.cut();
  await receiving.says(GO_ON);
  const again = await handing.share();
  proxy.leadTo(again.port);
  const ended = await receiving.ended;
  await handing.assertReceived(ended);
  assert(proxy.passed.at(-1)! < SIZE - MiB, `${proxy.passed}`);
  await again.event("delivered");
});

Deno.test("receive tries eight times, when the sender is gone, and keeps what has arrived when it is stopped", async () => {
  await using handing = await Handing.start(SIZE, 3 * MiB);
  const { bob, proxy, sharing } = handing;
  const receiving = handing.start();
  await proxy.held;
  await sharing.stop("SIGKILL");
  proxy.cut();
  for (let count = 1; count <= 4; count++) {
    await receiving.says(`${GO_ON} (${count} of 8)\n`);
  }
  assertFailure(await receiving.stop(), "INTERRUPTED", "Stopped");
  assertEquals(await bob.works(), []);
  assertEquals(await bob.kept(), [`partial/${sharing.ready.sha256}`]);
});

Deno.test("receive ends with the sender's word, when the share is stopped while it sends", async () => {
  const ways = [
    ({ sharing }: Handing) => Promise.resolve(sharing.signal("SIGINT")),
    // As claude-spread stop does.
    async ({ alice }: Handing) => {
      const { entries } = await readEntries(
        `${alice.state}/shares`,
        new Date(),
      );
      await askShare(entries[0]!, "stop", new Date());
    },
  ];
  for (const stop of ways) {
    // Much more than is on its way when the signal comes.
    await using handing = await Handing.start(40 * MiB, 3 * MiB);
    const { bob, bytes, proxy, sharing } = handing;
    const receiving = handing.start();
    await proxy.held;
    await stop(handing);
    proxy.release();
    const ended = await receiving.ended;
    assertFailure(
      ended,
      "PEER_STOPPED",
      "The sender has stopped the share; ",
      "Ask the sender to share it again; receiving then continues from there",
    );
    assert(
      /share; this machine keeps \d+\.\d MB\n/.test(ended.stderr),
      ended.stderr,
    );
    assert(!ended.stderr.includes(GO_ON), ended.stderr);
    assertFailure(await sharing.ended, "INTERRUPTED", "Stopped");
    // What has arrived is kept, and what lacks comes from another share of the same.
    assertEquals(await bob.works(), []);
    assertEquals(await bob.kept(), [`partial/${sharing.ready.sha256}`]);
    const { size } = await Deno.stat(handing.partial);
    assert(size >= MiB, `${size}`);
    const again = await handing.share();
    proxy.leadTo(again.port);
    await handing.assertReceived(await handing.start().ended);
    assert(
      proxy.passed.at(-1)! <= bytes.length - size + OVERHEAD,
      `${proxy.passed}`,
    );
  }
});

Deno.test("serve hears that the receiver was stopped, and goes on", async () => {
  await using handing = await Handing.start(SIZE, 3 * MiB);
  const { proxy, sharing } = handing;
  const receiving = handing.start();
  await proxy.held;
  receiving.signal("SIGINT");
  proxy.release();
  assertFailure(await receiving.ended, "INTERRUPTED", "Stopped");
  const { error } = await sharing.event("refused");
  assertEquals(error, "PEER_STOPPED");
  await handing.assertReceived(await handing.start().ended);
});

Deno.test("two receivers on one machine get the same payload at the same time", async () => {
  await using handing = await Handing.start(SIZE, MiB, 2 * MiB);
  const { bob, proxy, sharing } = handing;
  const first = handing.start(bob.path("first.bin"));
  await proxy.held;
  const second = handing.start(bob.path("second.bin"));
  const path = `partial/${sharing.ready.sha256}`;
  const kept = await until("two partial files", async () => {
    const names = await bob.kept();
    return names.length === 2 && names.every((name) => name.startsWith(path)) &&
      names;
  });
  assertEquals(kept[0], path);
  assert(kept[1]!.startsWith(`${path}.`), kept[1]);
  proxy.release();
  const ended = await Promise.all([first.ended, second.ended]);
  await handing.assertReceived(ended[0], bob.path("first.bin"));
  await handing.assertReceived(ended[1], bob.path("second.bin"));
});

Deno.test("receive throws away what an earlier run left, when it is wrong", async () => {
  await using handing = await Handing.start(SIZE);
  const { bob, sharing } = handing;
  for (const size of [MiB, SIZE]) {
    await Deno.mkdir(`${bob.state}/partial`, { recursive: true });
    await Deno.writeFile(handing.partial, randomBytes(size));
    assertFailure(
      await handing.start().ended,
      "PAYLOAD_CORRUPT",
      "Cannot use the received data: it is not what the sender offered",
      "Receive it again; nothing was kept",
    );
    const { error, message } = await sharing.event("refused");
    assertEquals(error, "DECLINED");
    assertStringIncludes(
      String(message),
      "the data that arrived is not what was offered",
    );
    assertEquals(await bob.works(), []);
    assertEquals(await bob.kept(), []);
    await handing.assertReceived(await handing.start().ended);
  }
  await Deno.writeFile(handing.partial, randomBytes(SIZE + 1));
  await handing.assertReceived(await handing.start().ended);
});

/** Makes a file that was last written some days ago. */
async function leave(path: string, content: Uint8Array, days: number) {
  await Deno.writeFile(path, content);
  const time = Date.now() / 1000 - days * 24 * 3600;
  await Deno.utime(path, time, time);
}

Deno.test("receive removes what nobody went on with for a week", async () => {
  await using handing = await Handing.start(SIZE);
  const { bob } = handing;
  const folder = `${bob.state}/partial`;
  await Deno.mkdir(folder, { recursive: true });
  const one = Uint8Array.of(1);
  const stale = "a".repeat(64), fresh = "b".repeat(64);
  await leave(`${folder}/${stale}`, one, 8);
  await leave(`${folder}/${stale}.${crypto.randomUUID()}`, one, 7.1);
  await leave(`${folder}/${fresh}`, one, 6.9);
  assertSuccess(await handing.start().ended);
  assertEquals(await bob.kept(), [`partial/${fresh}`]);
});

Deno.test("receive gets its payload, when a part of it was left more than a week ago", async () => {
  await using handing = await Handing.start(SIZE);
  const { bob, bytes } = handing;
  await Deno.mkdir(`${bob.state}/partial`, { recursive: true });
  await leave(handing.partial, bytes.slice(0, 5 * MiB), 8);
  await handing.assertReceived(await handing.start().ended);
});

Deno.test({
  name: "receive keeps what it cannot print, when its reader leaves",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const text = "a line that is read\n".repeat(100_000);
    const file = await machine.write("a.md", text);
    await using sharing = await machine.share(["--generate", file]);
    const args = [sharing.words, sharing.address];
    const head = 'code=$( { { "$@"; echo $? >&3; } | head -c 1 >&2; } 3>&1 )';
    const piped = await machine.run("receive", args, {
      via: ["sh", "-c", `${head}; exit $code`, "sh"],
    });
    assertFailure(
      piped,
      "CANNOT_STORE",
      "Cannot write to standard output",
      "the program that reads the output still runs",
    );
    assertEquals((await sharing.event("refused")).error, "DECLINED");
    assertEquals(await machine.kept(), [`partial/${sharing.ready.sha256}`]);
    const printed = await machine.run("receive", args);
    assertSuccess(printed);
    assertEquals(printed.text === text, true);
    assertEquals(await machine.kept(), []);
  },
});

Deno.test({
  name: "serve cleans up, when the program that reads its events leaves",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const head =
      'code=$( { { "$@"; echo $? >&3; } | head -n 1 >&4; } 3>&1 ) 4>&1';
    await using sharing = await machine.share(["--generate", "-"], {
      stdin: randomBytes(5 * MiB),
      via: ["sh", "-c", `${head}; exit $code`, "sh"],
    });
    await using _receiving = machine.start("receive", [
      "--output",
      machine.path("out.bin"),
      sharing.words,
      sharing.address,
    ]);
    const { code, stderr } = await sharing.ended;
    assertEquals(code, 6, stderr);
    assertStringIncludes(stderr, "Cannot write to standard output");
    assertEquals(await machine.kept(), []);
  },
});

Deno.test({
  name:
    "serve cleans up, when it loses its relay and the program that reads its events has left",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const relay = await startLocalRelay({ drainMs: 0 });
    const head = "{ head -n 1 >&4; exec <&-; echo nobody reads >&2; }";
    const reading = `code=$( { { "$@"; echo $? >&3; } | ${head}; } 3>&1 ) 4>&1`;
    const args = ["--relay", relay.url, "--generate", "-"];
    await using sharing = await machine.share(args, {
      stdin: randomBytes(5 * MiB),
      via: ["sh", "-c", `${reading}; exit $code`, "sh"],
    });
    await sharing.says("nobody reads");
    await relay[Symbol.asyncDispose]();
    const { code, stderr } = await sharing.ended;
    assertEquals(code, 6, stderr);
    assertStringIncludes(stderr, "Cannot write to standard output");
    assertEquals(await machine.kept(), []);
    assertEquals(await machine.entries(), []);
  },
});
