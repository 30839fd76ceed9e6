/**
 * `status` and `stop`: what a person knows of their own shares.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";

Deno.test("status shows an open share, its receivers, and its end", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share(["--generate", file]);
  const { id } = sharing.ready;
  const received = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  await sharing.event("delivered");
  const [share] = await until("the receipt", async () => {
    const { events } = await machine.run("status", ["--json"]);
    return events[0]?.delivered === 1 && events;
  });
  assertEquals([share!.id, share!.state, share!.name], [id, "open", "a.md"]);
  assertEquals((share!.receivers as { peer: string }[])[0]?.peer, "127.0.0.1");
  assert(!JSON.stringify(share).includes(sharing.words), "the words are shown");
  const open = await machine.run("status", []);
  assertEquals(open.stderr, "");
  // How long it stays open, and since when the receiver has it, depends on the clock.
  const text = open.text.replace(/(?:29|30) min left \(.*?\)/, "LEFT")
    .replace(/just now|\d+ s ago/, "AGO").replace(/STATE +/, "STATE  ");
  assertEquals(
    text,
    `ID        SHARE           STATE  TAKEN BY
${id}  a.md (4 bytes)  LEFT  127.0.0.1 AGO
`,
  );
  assertSuccess(await machine.run("stop", []));
  assertFailure(
    await sharing.ended,
    "INTERRUPTED",
    "Stopped by claude-spread stop; delivered to 1 receiver",
  );
  const ended = await machine.run("status", []);
  assertStringIncludes(ended.stderr, "nothing is shared");
  assertEquals(await machine.entries(), []);
});

Deno.test("status counts the time of a share from its opening, however long its input takes", async () => {
  await using machine = await Machine.make();
  const args = ["--json", "--generate", "--keep-open", "1", "-"];
  await using running = machine.start("serve", args, { stdin: "open" });
  await running.type(randomBytes(5 * 1024 * 1024));
  await until(
    "the input to be read",
    async () => (await machine.kept()).length > 0,
  );
  const readMs = Date.now();
  await running.endInput();
  await running.event("ready");
  const { events: [share] } = await machine.run("status", ["--json"]);
  assert(Date.parse(String(share!.ends)) >= readMs + 60_000, `${share!.ends}`);
});

Deno.test("a share's entry is its owner's alone, and holds no passphrase", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share(["--generate", file]);
  const path = `${machine.state}/shares/${sharing.ready.id}.json`;
  const text = await Deno.readTextFile(path);
  // One of its words alone may stand anywhere; two in a row are the passphrase's.
  const words = String(sharing.ready.invite).split("-");
  for (const [i, word] of words.slice(1).entries()) {
    assert(!new RegExp(`${words[i]}\\W*${word}`).test(text), text);
  }
  if (Deno.build.os === "windows") return;
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  const folder = await Deno.stat(`${machine.state}/shares`);
  assertEquals(folder.mode! & 0o777, 0o700);
});

Deno.test("status says what was ended from outside, once, and stop cleans up after it", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  await using first = await machine.share(["--generate", file]);
  await first.stop("SIGKILL");
  const told = await machine.run("status", []);
  assertStringIncludes(told.text, "its process is gone");
  const again = await machine.run("status", []);
  assertStringIncludes(again.stderr, "nothing is shared");
  await using second = await machine.share(["--generate", file]);
  await second.stop("SIGKILL");
  const stopped = await machine.run("stop", []);
  assertSuccess(stopped);
  assertStringIncludes(stopped.stderr, "had ended already");
  assertEquals(await machine.entries(), []);
});

Deno.test("stop asks which share is meant, and ends it and no other", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  assertFailure(await machine.run("stop", []), "USAGE", "Nothing is shared");
  await using one = await machine.share(["--generate", file]);
  await using two = await machine.share(["--generate", file]);
  assertFailure(
    await machine.run("stop", []),
    "USAGE",
    "It is unclear which share or drop to end",
    String(one.ready.id),
  );
  assertFailure(
    await machine.run("stop", ["00000000"]),
    "USAGE",
    'No open share or drop has the ID "00000000"',
  );
  assertFailure(
    await machine.run("stop", ["--all", "00000000"]),
    "USAGE",
    "An ID and --all cannot be used together",
  );
  assertSuccess(await machine.run("stop", [String(two.ready.id)]));
  assertEquals((await two.ended).code, 130);
  const { events } = await machine.run("status", ["--json"]);
  assertEquals(
    events.map(({ id, state }) => [id, state]),
    [[one.ready.id, "open"]],
  );
  const all = await machine.run("stop", ["--all"]);
  assertStringIncludes(all.stderr, `ended ${one.ready.id}`);
  assertEquals((await one.ended).code, 130);
});

Deno.test("status leaves entries alone that it does not understand", async () => {
  await using machine = await Machine.make();
  await Deno.mkdir(`${machine.state}/shares`, { recursive: true });
  const path = `${machine.state}/shares/0badcafe.json`;
  for (
    const text of ["", "{", "[]", '{"version":2}', "x".repeat(300 * 1024)]
  ) {
    await Deno.writeTextFile(path, text);
    const ended = await machine.run("status", []);
    assertEquals(ended.code, 0);
    assertStringIncludes(ended.stderr, "is not a share entry of this version");
    assertEquals(await Deno.readTextFile(path), text);
  }
});

Deno.test("status and stop keep a share that does not answer, until its time is over", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share(["--generate", file]);
  const id = String(sharing.ready.id);
  const path = `${machine.state}/shares/${id}.json`;
  const text = await Deno.readTextFile(path);
  const record = JSON.parse(text);
  // Others of this machine can crowd the share's ear; here somebody else has it.
  using deaf = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const unheard = { ...record, port: deaf.addr.port };
  await Deno.writeTextFile(path, JSON.stringify(unheard));
  const told = await machine.run("status", []);
  assertStringIncludes(
    told.text,
    `${id}  a.md (4 bytes)  does not answer; ends `,
  );
  assertFailure(
    await machine.run("stop", []),
    "UNREACHABLE",
    `Cannot end ${id}: the share does not answer`,
    `Try again, or end its process: kill ${record.pid}`,
  );
  const twin = { ...unheard, id: "0badcafe" };
  const twinPath = `${machine.state}/shares/0badcafe.json`;
  await Deno.writeTextFile(twinPath, JSON.stringify(twin));
  const both = await machine.run("stop", ["--all"]);
  assertFailure(
    both,
    "UNREACHABLE",
    "Cannot end ",
    "end their processes: kill",
  );
  assertStringIncludes(both.stderr, ": these shares do not answer");
  await Deno.remove(twinPath);
  await Deno.writeTextFile(path, text);
  assertSuccess(await machine.run("stop", []));
  assertEquals((await sharing.ended).code, 130);
  const over = { ...unheard, ends: new Date(0).toISOString() };
  await Deno.writeTextFile(path, JSON.stringify(over));
  const ended = await machine.run("stop", []);
  assertSuccess(ended);
  assertStringIncludes(ended.stderr, `${id} had ended already`);
});

Deno.test("status and stop say that there is no folder of entries, when something else is there", async () => {
  await using machine = await Machine.make();
  await Deno.mkdir(machine.state, { recursive: true });
  await Deno.writeTextFile(`${machine.state}/shares`, "in the way");
  for (const command of ["status", "stop"] as const) {
    assertFailure(
      await machine.run(command, []),
      "CANNOT_STORE",
      `Cannot read "${machine.state}/shares": part of its path is not a folder`,
    );
  }
});

Deno.test("nobody without the token learns of a share or ends it", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share(["--generate", file]);
  const path = `${machine.state}/shares/${sharing.ready.id}.json`;
  const { port, token } = JSON.parse(await Deno.readTextFile(path));
  const wrong = `${token.startsWith("0") ? "1" : "0"}${token.slice(1)}`;
  for (
    const line of [
      JSON.stringify({ token: wrong, command: "stop" }),
      JSON.stringify({ token: "", command: "stop" }),
      JSON.stringify({ token, command: "explode" }),
      JSON.stringify({ command: "stop" }),
      "stop",
      "x".repeat(2000),
    ]
  ) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(new TextEncoder().encode(`${line}\n`));
    const answer = await conn.read(new Uint8Array(10)).catch(() => null);
    assertEquals(answer, null, line);
  }
  const { events } = await machine.run("status", ["--json"]);
  assertEquals(events.map(({ state }) => state), ["open"]);
});

Deno.test({
  name: "serve goes on and says so, when there is no place for its record",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("a.md", "# a\n");
    await Deno.mkdir(machine.state, { recursive: true });
    await Deno.writeTextFile(`${machine.state}/shares`, "in the way");
    await using sharing = await machine.share(["--generate", file]);
    assertSuccess(
      await machine.run("receive", [sharing.words, sharing.address]),
    );
    const ended = await sharing.stop();
    assertStringIncludes(ended.stderr, "status and stop will not find");
  },
});
