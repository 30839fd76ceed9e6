/**
 * A document from one machine to another, both with a home of the same kind: no command may
 * depend on how the way to its files is written.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess, until } from "../../support/checks.ts";
import { HOMES } from "../../support/homes.ts";
import { Machine } from "../../support/machine.ts";
import type { Event } from "../../support/output.ts";

/** Returns the output of a command, wherever it goes. */
function said({ text, stderr }: { text: string; stderr: string }): string {
  return text + stderr;
}

async function statusOf(machine: Machine): Promise<Event[]> {
  const status = await machine.run("status", ["--json"]);
  assertSuccess(status);
  return status.events;
}

/** Shares a document in the background, from the folder for temporary files if there is one. */
async function shareDetached(machine: Machine): Promise<Event> {
  const file = `${machine.env.TMPDIR ?? machine.work}/doc.md`;
  await Deno.writeTextFile(file, "# Title\n\nBody\n");
  // It ends by itself, should nothing here be able to end it.
  const args = ["--detach", "--json", "--generate", "--keep-open", "1"];
  const shared = await machine.run("serve", [...args, file]);
  assertSuccess(shared);
  assertEquals(shared.events[0]?.name, "doc.md", said(shared));
  return shared.events[0]!;
}

for (const home of HOMES) {
  Deno.test(`serve --detach, receive, status and stop do their work, with a home ${home.name}`, async () => {
    await using alice = await Machine.make(undefined, home);
    await using bob = await Machine.make(undefined, home);
    const ready = await shareDetached(alice);
    try {
      const [address] = ready.addresses as string[];
      const there = [String(ready.invite), address!];
      const received = await bob.run("receive", there);
      assertSuccess(received);
      assertStringIncludes(received.text, "Body\n");
      const output = ["--output", "got.md", ...there];
      assertSuccess(await bob.run("receive", output));
      const got = await Deno.readTextFile(bob.path("got.md"));
      assertEquals(got, "# Title\n\nBody\n");
      assertEquals(await bob.kept(), []);
      const [share] = await until("both receipts", async () => {
        const shares = await statusOf(alice);
        return shares[0]?.delivered === 2 && shares;
      });
      assertEquals([share!.id, share!.state], [ready.id, "open"]);
      const status = await alice.run("status", []);
      assertStringIncludes(said(status), String(ready.id));
    } finally {
      const stopped = await alice.run("stop", []);
      assertSuccess(stopped);
    }
    await until("the end", async () => {
      const shares = await statusOf(alice);
      return shares.every(({ state }) => state !== "open");
    });
    assert(!(await alice.kept()).some((path) => /^spool/.test(path)));
  });
}
