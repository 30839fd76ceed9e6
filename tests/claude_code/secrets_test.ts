/**
 * The lookout itself: a test that finds nothing proves something only if there is something
 * that it would have found.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../support/checks.ts";
import { argumentsWith, readableWith } from "./_secrets.ts";

const ignore = Deno.build.os !== "linux";

Deno.test({
  name:
    "argumentsWith() finds a process, when its arguments contain the secret",
  ignore,
  fn: async () => {
    const secret = crypto.randomUUID();
    assertEquals(argumentsWith(secret), []);
    const child = new Deno.Command("cat", {
      args: ["-", secret],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      // For a moment a new process has no arguments yet.
      const line = await until("its arguments", () => argumentsWith(secret)[0]);
      assertStringIncludes(line, `cat - ${secret}`);
    } finally {
      await child.stdin.close();
      await child.status;
    }
  },
});

Deno.test({
  name:
    "readableWith() finds a file, when everybody may reach and read it, and no other",
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const put = async (path: string, mode: number, folderMode: number) => {
        await Deno.mkdir(`${folder}/${path}`);
        await Deno.writeTextFile(`${folder}/${path}/file`, "a lamp glows");
        await Deno.chmod(`${folder}/${path}/file`, mode);
        await Deno.chmod(`${folder}/${path}`, folderMode);
      };
      await put("open", 0o644, 0o755);
      await put("unlisted", 0o644, 0o711);
      await put("private", 0o600, 0o755);
      await put("closed", 0o644, 0o700);
      assertEquals(readableWith(folder, "lamp").sort(), [
        `${folder}/open/file`,
        `${folder}/unlisted/file`,
      ]);
      assertEquals(readableWith(folder, "candle"), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
