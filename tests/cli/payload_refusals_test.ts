/**
 * Payloads that cannot be shared and places that cannot take them: what both sides say
 * then, and that nothing is lost, overwritten or left half-written.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { SpreadErrorCode } from "../../lib/errors.ts";
import {
  assertFailure,
  assertSuccess,
  type Ended,
  forEach,
  Machine,
  randomBytes,
  sha256,
  type Sharing,
  type StartOptions,
  uniquePassphrase,
  until,
} from "./_cli.ts";
import {
  onSmallDisk,
  whyNoPermissions,
  whyNoSmallDisk,
  withoutPrivilege,
} from "./_isolation.ts";
import { Proxy } from "./_proxy.ts";

const noPermissions = await whyNoPermissions();
const noSmallDisk = await whyNoSmallDisk();

const MiB = 1024 * 1024;

Deno.test("serve refuses what is empty, missing or no file", async () => {
  await using machine = await Machine.make();
  await Deno.mkdir(machine.path("folder"));
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
      ["folder"],
      "PAYLOAD_UNREADABLE",
      'Cannot read "folder": it is not a file',
      "",
    ],
    [
      ["--project", ".", "latin1.md"],
      "PAYLOAD_UNREADABLE",
      "Cannot take a document that is not UTF-8 text",
      "",
    ],
    [
      ["--remove-file", "latin1.md"],
      "PAYLOAD_UNREADABLE",
      "Cannot take a document that is not UTF-8 text",
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
      "standard input",
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
      "Check the path and its permissions",
    );
  },
});

Deno.test({
  name: "serve says so, when it cannot keep a large input",
  ignore: noPermissions !== null,
  fn: async () => {
    await using machine = await Machine.make();
    await Deno.chmod(`${machine.folder}/state`, 0o500);
    assertFailure(
      await machine.run("serve", ["--json", "pass", "-"], {
        stdin: randomBytes(5 * MiB),
        via: withoutPrivilege(),
      }),
      "CANNOT_STORE",
      "Cannot write to",
    );
    await Deno.chmod(`${machine.folder}/state`, 0o700);
  },
});

Deno.test({
  name: "serve says so and keeps nothing, when the disk is full of its input",
  ignore: noSmallDisk !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const listing = machine.path("listing");
    const via = onSmallDisk(`${machine.folder}/state`, 1024, listing);
    assertFailure(
      await machine.run("serve", ["--json", "pass", "-"], {
        stdin: randomBytes(6 * MiB),
        via,
      }),
      "CANNOT_STORE",
      `Cannot write to "${machine.state}/spool`,
      "Make room",
    );
    assertEquals(await Deno.readTextFile(listing), "");
  },
});

const WITHDRAWN =
  "The sender withdrew: its file changed or vanished while it was sent";

/** One share of a large file, and receivers that come to it. */
class Handing implements AsyncDisposable {
  private constructor(
    readonly alice: Machine,
    readonly bob: Machine,
    readonly bytes: Uint8Array<ArrayBuffer>,
    readonly file: string,
    readonly sharing: Sharing,
    readonly passphrase: string,
  ) {}

  static async start(size: number): Promise<Handing> {
    const alice = await Machine.make();
    const bob = await Machine.make();
    const bytes = randomBytes(size);
    const file = await alice.write("a.bin", bytes);
    const passphrase = uniquePassphrase();
    const sharing = await alice.share([passphrase, file]);
    return new Handing(alice, bob, bytes, file, sharing, passphrase);
  }

  get output(): string {
    return this.bob.path("out.bin");
  }

  async receive(
    address = this.sharing.address,
    options: StartOptions = {},
  ): Promise<Ended> {
    const args = ["--json", "--output", this.output, this.passphrase, address];
    return await this.bob.run("receive", args, options);
  }

  /** Checks that the receiver has the whole file now, and forgets it again. */
  async assertReceived(ended: Ended): Promise<void> {
    assertSuccess(ended);
    assertEquals(
      await sha256(await Deno.readFile(this.output)),
      await sha256(this.bytes),
    );
    await Deno.remove(this.output);
    await this.assertNothingKept();
    await this.sharing.event("delivered");
  }

  async assertNothingKept(): Promise<void> {
    assertEquals(await this.bob.works(), []);
    assertEquals(await this.bob.kept(), []);
  }

  /** Checks that both sides say that the file has changed. */
  async assertWithdrawn(ended: Ended): Promise<void> {
    assertFailure(ended, "PAYLOAD_CHANGED", WITHDRAWN, "share again");
    const { error, message } = await this.sharing.event("refused");
    assertEquals(
      [error, message],
      [
        "PAYLOAD_CHANGED",
        `Cannot go on with "${this.file}": it changed or vanished while it was shared`,
      ],
    );
    await this.assertNothingKept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sharing[Symbol.asyncDispose]();
    await this.alice[Symbol.asyncDispose]();
    await this.bob[Symbol.asyncDispose]();
  }
}

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
    const size = 12 * MiB;
    await using handing = await Handing.start(size);
    const { port } = handing.sharing;
    await using proxy = new Proxy({ port, holdAfter: [MiB] });
    const receiving = handing.receive(proxy.address);
    await proxy.held;
    await change(handing.file, size);
    proxy.release();
    await handing.assertWithdrawn(await receiving);
  });
}

for (const name of ["replaced", "removed"]) {
  Deno.test(`serve sends a file to its end, when it is ${name} meanwhile`, async () => {
    const size = 12 * MiB;
    await using handing = await Handing.start(size);
    const { port } = handing.sharing;
    await using proxy = new Proxy({ port, holdAfter: [MiB] });
    const receiving = handing.receive(proxy.address);
    await proxy.held;
    if (name === "removed") await Deno.remove(handing.file);
    else await CHANGES[3]![1](handing.file, size);
    proxy.release();
    await handing.assertReceived(await receiving);
    await handing.assertWithdrawn(await handing.receive());
  });
}

Deno.test("receive --output refuses a place that is taken, before anything is sent", async () => {
  await using handing = await Handing.start(1000);
  const { bob, output, sharing } = handing;
  const taken = `Cannot write to "${output}": it exists already`;
  await Deno.writeTextFile(output, "mine");
  assertFailure(await handing.receive(), "CANNOT_STORE", taken, "--output");
  assertEquals(await Deno.readTextFile(output), "mine");
  await Deno.remove(output);
  await Deno.mkdir(output);
  assertFailure(await handing.receive(), "CANNOT_STORE", taken, "--output");
  await Deno.remove(output);
  if (Deno.build.os !== "windows") {
    await Deno.symlink(bob.path("nowhere"), output);
    assertFailure(await handing.receive(), "CANNOT_STORE", taken, "--output");
    await Deno.remove(output);
  }
  await handing.assertReceived(await handing.receive());
  const { events } = await sharing.stop();
  // Only the last one came as far as the passphrase.
  assertEquals(events.filter(({ event }) => event === "peer").length, 1);
});

Deno.test("receive --output overwrites nothing that appears meanwhile, and keeps what it has", async () => {
  const size = 6 * MiB;
  await using handing = await Handing.start(size);
  const { bob, output, sharing } = handing;
  await using proxy = new Proxy({ port: sharing.port, holdAfter: [MiB] });
  const receiving = handing.receive(proxy.address);
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
  await handing.assertReceived(await handing.receive(proxy.address));
  assert(proxy.passed[1]! < 10_000, `${proxy.passed}`);
});

Deno.test("receive --output is right for one of two, when both want the same place", async () => {
  const size = 2 * MiB;
  await using handing = await Handing.start(size);
  const { bob, output, sharing } = handing;
  await using proxy = new Proxy({
    port: sharing.port,
    holdAfter: [MiB, MiB],
  });
  const both = [1, 2].map(() => handing.receive(proxy.address));
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
  const { bob, passphrase, sharing } = handing;
  await bob.write("a.md", "Body");
  for (const name of ["none/out.md", "a.md/out.md", "none/"]) {
    const output = bob.path(name);
    assertFailure(
      await bob.run("receive", [
        "--json",
        "--output",
        output,
        passphrase,
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
    const { bob, output, sharing } = handing;
    await Deno.chmod(bob.path("."), 0o500);
    assertFailure(
      await handing.receive(sharing.address, { via: withoutPrivilege() }),
      "CANNOT_STORE",
      `Cannot write to "${output}": its folder is missing or not writable`,
    );
    await Deno.chmod(bob.path("."), 0o700);
    await handing.assertNothingKept();
  },
});

Deno.test({
  name: "receive says so, when it may not write to its state folder",
  ignore: noPermissions !== null,
  fn: async () => {
    await using handing = await Handing.start(1000);
    const { bob, sharing } = handing;
    await Deno.chmod(`${bob.folder}/state`, 0o500);
    assertFailure(
      await handing.receive(sharing.address, { via: withoutPrivilege() }),
      "CANNOT_STORE",
      `Cannot write to "${bob.state}/partial": it is not writable`,
      "Check the folder and its permissions",
    );
    assertEquals((await sharing.event("refused")).error, "DECLINED");
    await Deno.chmod(`${bob.folder}/state`, 0o700);
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
      "Cannot tell where to keep files: there is no home folder",
      "Set HOME",
    );
  }
});

Deno.test("receive keeps its state under the home folder, when no other is named", async () => {
  await using handing = await Handing.start(1000);
  const { bob, sharing } = handing;
  await handing.assertReceived(
    await handing.receive(sharing.address, { env: { XDG_STATE_HOME: "" } }),
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
    const via = onSmallDisk(`${bob.folder}/state`, 2048, listing);
    assertFailure(
      await handing.receive(sharing.address, { via }),
      "CANNOT_STORE",
      `Cannot write to "${bob.state}/partial/${sharing.ready.sha256}": the disk is full`,
      "Make room, then try again",
    );
    const { error, message } = await sharing.event("refused");
    assertEquals(error, "DECLINED");
    assertStringIncludes(String(message), "it cannot be stored there");
    assertEquals(
      await Deno.readTextFile(listing),
      `./claude-spread/partial/${sharing.ready.sha256}\n`,
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
      await handing.receive(sharing.address, { via }),
      "CANNOT_STORE",
      `Cannot write to "${handing.output}": the disk is full`,
      "Make room, then try again",
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
    const { bob, sharing } = handing;
    const listing = bob.path("listing");
    const via = onSmallDisk(`${bob.folder}/state`, 8192, listing);
    const ended = await handing.receive(sharing.address, { via });
    assertEquals(await Deno.readTextFile(listing), "");
    await Deno.remove(listing);
    assertEquals((await Deno.stat(handing.output)).mode! & 0o777, 0o600);
    await handing.assertReceived(ended);
  },
});
