/** Drops from one machine to another, while the sender's is gone. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
} from "../../support/checks.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

Deno.test("serve --leave ends when the relay has the document, and receive takes it from there", async () => {
  await using drops = await Drops.open();
  const left = await drops.leave();
  const { code, commands, terminal_commands, relay } = left;
  assertEquals(relay, drops.url);
  assertEquals(commands, [
    `/claude-spread:distill-receive --relay ${drops.url} ${code}`,
  ]);
  assertEquals(terminal_commands, [
    `claude-spread receive --relay ${drops.url} ${code}`,
  ]);
  // The sender's machine is gone.
  await Deno.remove(drops.alice.state, { recursive: true });
  const ended = await drops.take(code);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  assertStringIncludes(
    ended.stderr,
    "from a drop left just now by tester@",
  );
  assertStringIncludes(ended.stderr, "; the sender is not connected");
  assertEquals(await drops.bob.kept(), []);
  const again = await drops.take(code);
  assertFailure(again, "NO_DROP", "The drop has been taken already");
  assertEquals(await drops.bob.kept(), []);
});

Deno.test("serve --leave --qr shows the code of the drop, whatever passphrase the environment has", async () => {
  await using drops = await Drops.open();
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const args = ["--leave", "--relay", drops.url, "--qr", file];
  const env = { CLAUDE_SPREAD_PASSPHRASE: "own words here" };
  const ended = await drops.alice.run("serve", args, { env });
  assertSuccess(ended);
  assertStringIncludes(ended.stderr, "no QR code is shown: there is no term");
  assertStringIncludes(ended.stderr, "/claude-spread:distill-receive --relay");
});

Deno.test("receive takes the code as people paste it, and refuses one with a wrong letter before it asks", async () => {
  await using drops = await Drops.open();
  const { code } = await drops.leave();
  const text = String(code);
  const wrong = text.slice(0, -1) + (text.endsWith("7") ? "8" : "7");
  const refused = await drops.take(wrong);
  assertFailure(
    refused,
    "USAGE",
    "The code of the drop is mistyped",
  );
  assert(!refused.stderr.includes(text.slice(5, 10)), refused.stderr);
  // A whole line, with what a chat makes of it.
  const pasted = text.toUpperCase().replaceAll("-", "\u2011");
  const line = `> \`claude-spread receive —relay ${drops.url} ${pasted}\`.\n`;
  const ended = await drops.bob.run("receive", [line]);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
});

Deno.test("a drop of several parts arrives byte for byte, in the file that is named", async () => {
  await using drops = await Drops.open();
  const bytes = randomBytes(1_000_000);
  const { code, size } = await drops.leave(bytes, "--keep-secrets");
  assertEquals(size, bytes.length);
  const output = drops.bob.path("out.bin");
  const ended = await drops.take(code, "--json", "--output", output);
  assertSuccess(ended);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  const names = ended.events.map(({ event }) => event);
  assertEquals(names.filter((name) => name !== "progress"), [
    "drop",
    "delivered",
  ]);
});
