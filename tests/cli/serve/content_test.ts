/**
 * The kind of `serve FILE`, as its content tells, and a receiver without `--kind`.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { packedLines, TALK } from "../../../lib/testing/session.ts";
import { forEach } from "../../../lib/testing/for_each.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { sessionsOf } from "../../support/conversations.ts";
import { Machine } from "../../support/machine.ts";
import { bundleOf, memoryOf } from "../../support/memory.ts";

const BUNDLE = bundleOf({ "build.md": "Theirs.\n" });
const LATE_BUNDLE = `{"files":{"build.md":"x"},"type":"memory_bundle"}`;
const SESSION = packedLines(TALK).map((line) => `${JSON.stringify(line)}\n`)
  .join("");

Deno.test("serve tells the kind of a file and of standard input from the content", async () => {
  await using machine = await Machine.make();
  const table: [string, kind: string, name: string, skill: string][] = [
    ["# Notes\n", "distillation", "a", "distill"],
    [`{"type":"report"}`, "distillation", "a", "distill"],
    [BUNDLE, "memory", "a", "memory"],
    [SESSION, "session", "1 session", "sessions"],
  ];
  for (const [content, kind, name, skill] of table) {
    const file = await machine.write("a", content);
    const ways = kind === "memory" ? [[file], ["-"], []] : [[file]];
    for (const args of ways) {
      await using sharing = await machine.share(args, { stdin: content });
      const { ready } = sharing;
      assertEquals([ready.kind, ready.once], [kind, kind === "session"]);
      if (args[0] === file) assertEquals(ready.name, name);
      const [command] = ready.commands as string[];
      assertEquals(
        command,
        `/claude-spread:${skill}-receive ${ready.invite}`,
      );
    }
  }
});

Deno.test("serve refuses a kind that the content is not of, and leaves the file", async () => {
  await using machine = await Machine.make();
  const files = {
    "bundle": BUNDLE,
    "session": SESSION,
    "notes.md": "# Notes\n",
    "report.json": `{"type":"report"}`,
    "list.json": `[1, 2]`,
    "binary": Uint8Array.of(0x1f, 0x8b, 0xff, 0xfe),
  };
  for (const [name, content] of Object.entries(files)) {
    await machine.write(name, content);
  }
  const table: [kind: string, name: string, why: string][] = [
    ["distillation", "bundle", "a memory bundle, not a document"],
    ["session", "bundle", "a memory bundle, not a packed session"],
    ["distillation", "session", "a packed session, not a document"],
    ["memory", "session", "a packed session, not a memory bundle"],
    ["session", "notes.md", "not a packed session"],
    ["memory", "report.json", "not a memory bundle"],
    ["memory", "list.json", "not a memory bundle"],
    ["memory", "binary", "not a memory bundle"],
  ];
  await forEach(table, async ([kind, name, why]) => {
    const args = ["--json", "--kind", kind, "--remove-file", name];
    assertFailure(
      await machine.run("serve", args),
      "USAGE",
      `Cannot share "${name}" as --kind ${kind}: it is ${why}`,
      "Leave --kind out",
    );
  });
  assertFailure(
    await machine.run("serve", ["--kind", "distillation", "-"], {
      stdin: BUNDLE,
    }),
    "USAGE",
    "Cannot share the input as --kind distillation: it is a memory bundle",
  );
  assertFailure(
    await machine.run("serve", ["--legacy", "session"]),
    "USAGE",
    'Cannot share "session" with --legacy: it is a packed session',
  );
  assertEquals(await machine.works(), Object.keys(files).sort());
  assertEquals(await machine.kept(), []);
});

Deno.test("serve --kind memory takes what install takes: documents too, and bundles that state their type late", async () => {
  await using machine = await Machine.make();
  for (const content of ["# Memory\n", "[link](a.md)\n", LATE_BUNDLE]) {
    const file = await machine.write("a", content);
    await using sharing = await machine.share(["--kind", "memory", file]);
    assertEquals(sharing.ready.kind, "memory");
  }
});

Deno.test("receive takes a memory without --kind, and tells how to install it", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const file = await alice.write("memory.json", BUNDLE);
  await using sharing = await alice.share(["--generate", file]);
  const words = [sharing.words, sharing.address];
  const printed = await bob.run("receive", words);
  assertSuccess(printed);
  assertEquals(printed.text, `${BUNDLE}\n`);
  assertStringIncludes(printed.stderr, "\n    claude-spread install FILE\n");
  const written = await bob.run("receive", ["--output", "it's.json", ...words]);
  assertSuccess(written);
  const [, args] = /claude-spread install (.*)\n/.exec(written.stderr)!;
  assertEquals(args, `'it'\\''s.json'`);
  assertStringIncludes(
    written.stderr,
    "/claude-spread:memory-receive with the same words",
  );
  assert(!written.stderr.includes(sharing.words));
  assertSuccess(await bob.run("install", ["--yes", bob.path("it's.json")]));
  assertStringIncludes((await memoryOf(bob))["build.md"]!, "Theirs.");
  // Programs are told by events, and a document needs nothing more.
  const args2 = ["--json", "--output", "b.json", ...words];
  assertEquals((await bob.run("receive", args2)).stderr, "");
  const note = await alice.write("a.md", "# Notes\n");
  await using other = await alice.share(["--generate", note]);
  const { stderr } = await bob.run("receive", [other.words, other.address]);
  assertEquals(stderr.split("\n").length, 2, stderr);
});

Deno.test("receive shows the session that was packed into a file, and takes it as it is", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const file = await alice.write("a.session", SESSION);
  await using sharing = await alice.share(["--generate", file]);
  const words = [sharing.words, sharing.address];
  const shown = await bob.run("receive", words);
  assertSuccess(shown);
  assertStringIncludes(shown.text, "   1. Doors\n");
  // In local time, with the year once it is another one.
  const facts = /(?:Apr 30|May 1)(?: 2026)? \d\d:\d\d, 2 messages/;
  assert(facts.test(shown.text), shown.text);
  assertStringIncludes(
    shown.stderr,
    `\n    claude-spread receive --pick 1 --interface 127.0.0.1 "<the same words>" ${sharing.address}\n`,
  );
  assert(!shown.stderr.includes(sharing.words));
  assertFailure(
    await bob.run("receive", ["--output", "out", ...words]),
    "PAYLOAD_UNWANTED",
    'Nothing was written to "out": the sender offers sessions, and none was picked',
    "--pick N",
  );
  assertEquals(await bob.works(), []);
  assertSuccess(await bob.run("receive", ["--pick", "1", ...words]));
  assertEquals((await sessionsOf(bob)).length, 1);
  const { events } = await sharing.ended;
  assertEquals(events.at(-1), { event: "ended", delivered: 1 });
  assertEquals(await alice.works(), ["a.session"]);
});

Deno.test("receive --pick --output gets the file that was shared, to the byte", async () => {
  await using machine = await Machine.make();
  await using sharing = await machine.share(["--generate", "-"], {
    stdin: SESSION,
  });
  const args = [
    "--pick",
    "1",
    "--output",
    "out",
    sharing.words,
    sharing.address,
  ];
  assertSuccess(await machine.run("receive", args));
  assertEquals(await Deno.readTextFile(machine.path("out")), SESSION);
});

Deno.test("serve refuses a packed session that nobody could install", async () => {
  await using machine = await Machine.make();
  const table: [string, string][] = [
    [SESSION.slice(0, -20), "it is not complete"],
    [SESSION + "{}\n", "it continues after its end"],
    [SESSION.replace('"version":1', '"version":9'), "it has version 9"],
    [SESSION.replace("identity", "zstd"), "it is broken"],
  ];
  for (const [content, why] of table) {
    await machine.write("a.session", content);
    assertFailure(
      await machine.run("serve", ["--json", "a.session"]),
      "SESSION_REFUSED",
      `Cannot use this session: ${why}`,
      "claude-spread sessions export ID FILE",
    );
  }
});

Deno.test("install and sessions install say so, when they are given each other's file", async () => {
  await using machine = await Machine.make();
  await machine.write("a.session", SESSION);
  await machine.write("a.json", BUNDLE);
  assertFailure(
    await machine.run("install", ["--yes", "a.session"]),
    "BUNDLE_REFUSED",
    "Cannot use this as a memory bundle: it is a packed session",
    "claude-spread sessions install FILE",
  );
  assertFailure(
    await machine.run("sessions", ["install", "a.json"]),
    "SESSION_REFUSED",
    "Cannot use this session: it is a memory bundle",
    "claude-spread install FILE",
  );
  assertEquals([await memoryOf(machine), await sessionsOf(machine)], [{}, []]);
});
