/**
 * Payloads that cannot be shared, or change while they are: what both sides say then, and
 * that the share goes on.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SpreadErrorCode } from "../../../lib/errors.ts";
import { forEach } from "../../../lib/testing/for_each.ts";
import { assertFailure, randomBytes } from "../../support/checks.ts";
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

Deno.test("serve refuses what is empty, missing or not text", async () => {
  await using machine = await Machine.make();
  await machine.write("empty.md", "");
  await machine.write("blank.md", " \t\r\n\v\f".repeat(70_000));
  await machine.write("latin1.md", Uint8Array.of(0x63, 0x61, 0x66, 0xe9));
  const refused: [string[], SpreadErrorCode, string, string][] = [
    [["empty.md"], "PAYLOAD_EMPTY", 'Cannot share "empty.md": it is empty', ""],
    [["blank.md"], "PAYLOAD_EMPTY", 'Cannot share "blank.md": it is empty', ""],
    [["-"], "PAYLOAD_EMPTY", "Cannot share the input: it is empty", ""],
    [["-"], "PAYLOAD_EMPTY", "Cannot share the input: it is empty", " \n"],
    [
      ["-"],
      "PAYLOAD_EMPTY",
      "Cannot share the input: it is empty",
      " ".repeat(4 * MiB + 1),
    ],
    [
      ["missing.md"],
      "PAYLOAD_UNREADABLE",
      'Cannot read "missing.md": there is no such file',
      "",
    ],
    [
      ["--project", ".", "latin1.md"],
      "PAYLOAD_UNREADABLE",
      "Cannot share a document that is not UTF-8 text with these options",
      "",
    ],
    [
      ["--remove-file", "latin1.md"],
      "PAYLOAD_UNREADABLE",
      "Cannot share a document that is not UTF-8 text with these options",
      "",
    ],
  ];
  await forEach(refused, async ([args, code, message, stdin]) => {
    const ended = await machine.run(
      "serve",
      ["--json", "--generate", ...args],
      { stdin },
    );
    assertFailure(ended, code, message);
  });
  assertEquals(await machine.kept(), []);
  // What could not be shared is not removed.
  assertEquals(await machine.works(), ["blank.md", "empty.md", "latin1.md"]);
});

Deno.test({
  name: "serve refuses standard input that cannot be read",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    assertFailure(
      await machine.run("serve", ["--json", "pass", "-"], {
        via: ["sh", "-c", 'exec "$@" < /', "sh"],
      }),
      "PAYLOAD_UNREADABLE",
      "Cannot read the input",
      "that it comes from",
    );
  },
});

Deno.test({
  name: "serve refuses at once what is no file, when opening it would wait",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const fifo = machine.path("fifo");
    await new Deno.Command("mkfifo", { args: [fifo] }).output();
    await using running = machine.start("serve", ["--generate", fifo]);
    const timer = setTimeout(() => running.signal("SIGKILL"), 5_000);
    assertFailure(
      await running.ended.finally(() => clearTimeout(timer)),
      "PAYLOAD_UNREADABLE",
      `Cannot read "${fifo}": it is not a file`,
    );
  },
});

Deno.test({
  name: "serve says that a device is not a file, and what to do",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    for (const path of ["/dev/stdin", "/dev/fd/0", "/dev/null"]) {
      const ended = await machine.run("serve", [path], { stdin: "Text" });
      assertFailure(
        ended,
        "PAYLOAD_UNREADABLE",
        `Cannot read "${path}": it is not a file`,
      );
      assertStringIncludes(ended.stderr, "- is standard input");
    }
  },
});

Deno.test({
  name: "serve refuses a file that it may not read",
  ignore: noPermissions !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("a.md", "Body");
    await Deno.chmod(file, 0);
    assertFailure(
      await machine.run("serve", ["--json", "--generate", file], {
        via: withoutPrivilege(),
      }),
      "PAYLOAD_UNREADABLE",
      `Cannot read "${file}"`,
      "Check its permissions",
    );
  },
});

Deno.test({
  name: "serve says so, when it cannot keep a large input",
  ignore: noPermissions !== null,
  fn: async () => {
    await using machine = await Machine.make();
    await Deno.mkdir(machine.state, { recursive: true });
    await Deno.chmod(machine.state, 0o500);
    assertFailure(
      await machine.run("serve", ["--json", "pass", "-"], {
        stdin: randomBytes(5 * MiB),
        via: withoutPrivilege(),
      }),
      "CANNOT_STORE",
      "Cannot write to",
    );
    await Deno.chmod(machine.state, 0o700);
  },
});

Deno.test({
  name: "serve says so and keeps nothing, when the disk is full of its input",
  ignore: noSmallDisk !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const listing = machine.path("listing");
    const via = onSmallDisk(`${machine.state}/spool`, 1024, listing);
    assertFailure(
      await machine.run("serve", ["--json", "pass", "-"], {
        stdin: randomBytes(6 * MiB),
        via,
      }),
      "CANNOT_STORE",
      `Cannot write to "${machine.state}/spool`,
      "Free some space",
    );
    assertEquals(await Deno.readTextFile(listing), "");
  },
});

/** Ways to change a file; none keeps the share from going on with other receivers. */
const CHANGES: [string, (file: string, size: number) => Promise<void>][] = [
  ["append", (file) => Deno.writeTextFile(file, "more", { append: true })],
  ["truncate", (file, size) => Deno.truncate(file, size - 1)],
  ["rewrite", (file, size) => Deno.writeFile(file, randomBytes(size))],
  ["replace", async (file, size) => {
    await Deno.writeFile(`${file}.new`, randomBytes(size));
    await Deno.rename(`${file}.new`, file);
  }],
];

Deno.test("serve withdraws a file that vanishes, and goes on when it is back", async () => {
  await using handing = await Handing.start(1000);
  const { file } = handing;
  await Deno.rename(file, `${file}.away`);
  await handing.assertWithdrawn(await handing.receive());
  await Deno.mkdir(file);
  const { error } = (await handing.receive()).events.at(-1)!;
  assertEquals(error, "PAYLOAD_CHANGED");
  await handing.sharing.event("refused");
  await Deno.remove(file);
  await Deno.rename(`${file}.away`, file);
  await handing.assertReceived(await handing.receive());
});

Deno.test("serve withdraws a file that has changed, in whatever way", async () => {
  await forEach(CHANGES, async ([, change]) => {
    await using handing = await Handing.start(300_000);
    await change(handing.file, 300_000);
    await handing.assertWithdrawn(await handing.receive());
    // The share goes on.
    await handing.assertWithdrawn(await handing.receive());
  });
});

for (const [name, change] of CHANGES.slice(0, 3)) {
  Deno.test(`serve withdraws a file, when someone does ${name} while it is sent`, async () => {
    const size = 9 * MiB;
    await using handing = await Handing.start(size, MiB);
    const { proxy } = handing;
    const receiving = handing.receive();
    await proxy.held;
    await change(handing.file, size);
    proxy.release();
    await handing.assertWithdrawn(await receiving);
  });
}

for (const name of ["replaced", "removed"]) {
  Deno.test(`serve sends a file to its end, when it is ${name} meanwhile`, async () => {
    const size = 9 * MiB;
    await using handing = await Handing.start(size, MiB);
    const { proxy } = handing;
    const receiving = handing.receive();
    await proxy.held;
    if (name === "removed") await Deno.remove(handing.file);
    else await CHANGES[3]![1](handing.file, size);
    proxy.release();
    await handing.assertReceived(await receiving);
    await handing.assertWithdrawn(await handing.receive());
  });
}
