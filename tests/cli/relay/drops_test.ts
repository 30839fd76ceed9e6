/** Drops of a relay that is started by the command, with the permissions that it gives itself. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { LAUNCHER } from "../../support/commands.ts";
import { Program } from "./_program.ts";

const ID = "1".repeat(32);
const SENDER = {
  "drop-delete": "d".repeat(64),
  "drop-take": "a".repeat(64),
  "drop-bytes": "5",
};
const words = [...LAUNCHER, "relay"];

for (const name of ["drops", "my drops", "a,b", "link/drops"]) {
  Deno.test({
    name: `the relay keeps drops in the folder "${name}" when it is killed`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const home = await Deno.makeTempDir();
      await Deno.mkdir(`${home}/real`);
      await Deno.symlink(`${home}/real`, `${home}/link`);
      const env = { RELAY_DROPS: `folder:${home}/${name}` };
      {
        await using program = new Program(env, { words });
        const url = `http://127.0.0.1:${await program.port()}/drops/${ID}/0`;
        const left = await fetch(url, {
          method: "PUT",
          headers: SENDER,
          body: "bytes",
        });
        assertEquals((await left.json()).state, "waiting");
        program.signal("SIGKILL");
      }
      {
        await using program = new Program(env, { words });
        const url = `http://127.0.0.1:${await program.port()}/drops/${ID}/0`;
        const headers = { ...SENDER, "drop-taking": "2".repeat(32) };
        assertEquals(await (await fetch(url, { headers })).text(), "bytes");
      }
      await Deno.remove(home, { recursive: true });
    },
  });
}

Deno.test("the relay says that it cannot keep drops without permission for the folder", async () => {
  const env = { RELAY_DROPS: "folder:/nowhere/drops" };
  await using program = new Program(env);
  assertEquals(await program.ended(), 2);
  const stderr = await program.stderr;
  assertStringIncludes(
    stderr,
    'Cannot keep drops in the folder "/nowhere/drops"',
  );
  assertStringIncludes(stderr, "hint: Check RELAY_DROPS");
});
