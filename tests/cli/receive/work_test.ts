/**
 * `receive` of a document with work beside it: connections that are cut, and senders that know the
 * passphrase and send work that cannot be used. `work open` then checks what is in it.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../../../lib/bytes.ts";
import type { SpreadErrorCode } from "../../../lib/errors.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import {
  type Offer,
  TEXT_CHOICE,
  WORK_CHOICE,
} from "../../../lib/protocol/transfer/offer.ts";
import type { Choices } from "../../../lib/protocol/transfer/send_chosen.ts";
import { Share } from "../../../lib/protocol/share.ts";
import { tryLockKept } from "../../../lib/work/open/kept.ts";
import { failure } from "../../../lib/testing/choices.ts";
import { MemorySource, payloadOf } from "../../../lib/testing/payloads.ts";
import { random } from "../../../lib/testing/protocol.ts";
import { serveOverTcp } from "../../../lib/testing/shares.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";
import { Repository } from "../../support/repository.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const TEXT = "# What I know\n";

Deno.test("receive goes on with the work where the connection was cut, and prints the text once", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const project = await Repository.make(alice.path("project"));
  await project.commit("a.md");
  for (let i = 0; i < 4; i++) {
    const path = `${project.folder}/${i}.bin`;
    await Deno.writeFile(path, randomBytes(1000 * KIB));
  }
  await alice.write("text.md", TEXT);
  const flags = ["--with-work", "--project", "project", "--once"];
  await using sharing = await alice.share(
    [...flags, "--generate", "text.md"],
  );
  const { size } = sharing.ready.work as { size: number };
  await using proxy = new Proxy({
    port: sharing.port,
    holdAfter: [2.5 * MIB],
  });
  await using receiving = bob.start("receive", [sharing.words, proxy.address]);
  await proxy.held;
  proxy.release();
  proxy.cut();
  const received = await receiving.ended;
  assertSuccess(received);
  assertEquals(received.text.split(TEXT).length, 2, received.text);
  assertStringIncludes(received.stderr, "the connection was cut; trying again");
  assertStringIncludes(received.stderr, "the work came along: ");
  assertEquals(proxy.passed.length, 2);
  assert(proxy.passed[1]! < size - 1.5 * MIB, `${proxy.passed} of ${size}`);
  const id = (sharing.ready.work as { sha256: string }).sha256.slice(0, 8);
  assertEquals(
    await bob.kept(),
    [`work/${id}.json`, `work/${id}.work`],
  );
  // The first connection took the text, and the second one the work.
  const shared = await sharing.ended;
  assertSuccess(shared);
  assertEquals(
    shared.events.filter(({ event }) => event === "delivered")
      .map(({ choice, count }) => [choice, count]),
    [["text", 1], ["work", 1]],
  );
});

/** A sender with a text, and work that it changes after it has offered it. */
interface Tricks {
  work?: Bytes;
  /** Fields of its offer of work that are not those of the work. */
  offered?: Partial<NonNullable<Offer["work"]>>;
  /** The same in the offer of the choice. */
  chosen?: Partial<Offer>;
  /** Fields of the offer of the chosen text that are not those of the text. */
  text?: Partial<Offer>;
  /** How it ends a choice of the work, or the position at which it ends the transfer. */
  refuses?: SpreadErrorCode;
  failAt?: number;
}

function offerOf({ size, sha256 }: BytesPayload): Offer {
  const created = new Date().toISOString();
  return { kind: "distillation", name: "x", size, sha256, created };
}

function choicesOf(
  text: BytesPayload,
  { text: other, work = utf8("{}\n"), offered, chosen, refuses, failAt }:
    Tricks,
): Choices {
  const payload = new BytesPayload(work);
  return {
    open: ({ id }) => {
      if (id === WORK_CHOICE && refuses) {
        return Promise.reject(failure(refuses));
      }
      const isWork = id === WORK_CHOICE;
      const source = !isWork
        ? text
        : failAt === undefined
        ? payload
        : new MemorySource(work, {
          failAt,
          failure: failure("PAYLOAD_CHANGED"),
        });
      const of = isWork ? { ...offered, ...chosen } : other;
      const offer = { ...offerOf(isWork ? payload : text), choice: id, ...of };
      return Promise.resolve({ offer, source, [Symbol.dispose]: () => {} });
    },
  };
}

/** A share of this sender, which ends when it is disposed of. */
function serveTricks(tricks: Tricks) {
  const text = new BytesPayload(utf8(TEXT));
  const { size, sha256 } = new BytesPayload(tricks.work ?? utf8("{}\n"));
  const share = new Share({
    secret: "pass",
    offer: { ...offerOf(text), work: { size, sha256, ...tricks.offered } },
    source: text,
    choices: choicesOf(text, tricks),
    legacy: false,
    fillRandom: random,
  });
  return serveOverTcp(share);
}

const HEADER = {
  format: "claude-spread/work",
  version: 1,
  base: [],
  head: null,
  staged: "a".repeat(40),
  work: "b".repeat(40),
  roots: [],
  project: "p",
  root: "/p",
  commits: 0,
  files: 1,
  left_out: [],
  left_out_more: 0,
  under_way: [],
};

const headed = (header: unknown) => utf8(`${JSON.stringify(header)}\nbundle`);

const CHANGED = "The sender's work is no longer what it offered";
const BROKEN =
  "Cannot use the received work: its description is broken, or of another version";
const LARGE = 200 * MIB + 1;

const BAD_WORK: [
  what: string,
  tricks: Tricks,
  code: SpreadErrorCode,
  message: string,
  heard: SpreadErrorCode,
][] = [
  [
    "of another size",
    { chosen: { size: 4 } },
    "PAYLOAD_CHANGED",
    CHANGED,
    "PEER_GONE",
  ],
  [
    "with another hash",
    { chosen: { sha256: "0".repeat(64) } },
    "PAYLOAD_CHANGED",
    CHANGED,
    "PEER_GONE",
  ],
  [
    "of more than 200 MiB",
    { offered: { size: LARGE } },
    "PAYLOAD_TOO_LARGE",
    "The work that comes along is larger than 200 MiB",
    "DECLINED",
  ],
  [
    "with other bytes",
    { offered: { sha256: "0".repeat(64) } },
    "PAYLOAD_CORRUPT",
    "Cannot use the work that came along: it is not what the sender offered",
    "DECLINED",
  ],
  [
    "that is a text",
    { work: utf8("# No header\n") },
    "WORK_REFUSED",
    BROKEN,
    "DECLINED",
  ],
  [
    "without a line feed",
    { work: payloadOf(300 * KIB) },
    "WORK_REFUSED",
    BROKEN,
    "DECLINED",
  ],
  [
    "of another version",
    { work: headed({ ...HEADER, version: 2 }) },
    "WORK_REFUSED",
    BROKEN,
    "DECLINED",
  ],
  [
    "whose branch steers a terminal",
    { work: headed({ ...HEADER, branch: "\u001b[2J" }) },
    "WORK_REFUSED",
    BROKEN,
    "DECLINED",
  ],
  [
    "that is not UTF-8",
    { work: concatBytes(Uint8Array.of(0xff), headed(HEADER)) },
    "WORK_REFUSED",
    BROKEN,
    "DECLINED",
  ],
  [
    "that is not offered after all",
    { refuses: "NOT_OFFERED" },
    "NOT_OFFERED",
    "The sender does not offer the work that it announced",
    "NOT_OFFERED",
  ],
  [
    "that changes on the way",
    { work: payloadOf(2 * MIB), failAt: MIB },
    "PAYLOAD_CHANGED",
    "The sender withdrew its offer",
    "PAYLOAD_CHANGED",
  ],
  [
    "under another name",
    { chosen: { choice: TEXT_CHOICE } },
    "BAD_MESSAGE",
    "",
    "PEER_GONE",
  ],
];

Deno.test("receive refuses work that is not as agreed, keeps nothing of it, and keeps the text", async (t) => {
  await using machine = await Machine.make();
  for (const [what, tricks, code, message, heard] of BAD_WORK) {
    await t.step(`work ${what}`, async () => {
      await using sender = serveTricks(tricks);
      const words = ["pass", `127.0.0.1:${sender.port}`];
      const ended = await machine.run("receive", words);
      assertFailure(ended, code, message);
      assertEquals(ended.text, TEXT);
      assertEquals(await sender.outcomes(1), [heard]);
      assertEquals(await machine.kept(), []);
    });
  }
});

// Breaks when an entry is written without the lock: what a command notes that opens it is lost.
Deno.test("receive changes nothing about work that comes again while a command has it locked", async () => {
  await using machine = await Machine.make();
  await using sender = serveTricks({ work: headed(HEADER) });
  const words = ["pass", `127.0.0.1:${sender.port}`];
  const again = async () => {
    const ended = await machine.run("receive", words);
    assertSuccess(ended);
    assertStringIncludes(ended.stderr, "the work came along: ");
  };
  await again();
  const folder = `${machine.state}/work`;
  const [name] = (await machine.kept()).filter((path) =>
    path.endsWith(".json")
  );
  const path = `${machine.state}/${name}`;
  const read = async () => JSON.parse(await Deno.readTextFile(path));
  const opening = { checkout: "/shop", branch: "from-alex" };
  const entry = { ...await read(), opening };
  {
    using _lock = tryLockKept(folder);
    await Deno.writeTextFile(path, JSON.stringify(entry));
    await again();
    assertEquals(await read(), entry);
  }
  await again();
  const { received, ...others } = await read();
  assert(received > entry.received);
  assertEquals({ ...others, received: entry.received }, entry);
});

Deno.test("receive leaves the text in its file, and says so to programs, when the work beside it cannot be used", async () => {
  await using machine = await Machine.make();
  await using sender = serveTricks({ chosen: { size: 4 } });
  const flags = ["--json", "--output", "out.md"];
  const words = ["pass", `127.0.0.1:${sender.port}`];
  const ended = await machine.run("receive", [...flags, ...words]);
  assertFailure(ended, "PAYLOAD_CHANGED", CHANGED);
  assertEquals(ended.events.map(({ event }) => event).slice(-2), [
    "delivered",
    "failed",
  ]);
  assertEquals(await Deno.readTextFile(machine.path("out.md")), TEXT);
  assertEquals(await machine.kept(), []);
});

Deno.test("receive takes no other text than the one that was offered", async () => {
  await using machine = await Machine.make();
  for (const text of [{ size: 15 }, { sha256: "0".repeat(64) }]) {
    await using sender = serveTricks({ text });
    const words = ["pass", `127.0.0.1:${sender.port}`];
    const ended = await machine.run("receive", words);
    assertFailure(ended, "PAYLOAD_CHANGED", "The sender withdrew its offer");
    assertEquals(ended.text, "");
    assertEquals(await machine.kept(), []);
  }
});
