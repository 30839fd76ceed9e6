/**
 * Answers over TLS, which leave at once.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { needing } from "../support/missing.ts";
import { Stage } from "./_stage.ts";
import { root } from "../support/places.ts";

Deno.test({
  name: "RelaySocket.send() lets go at once over TLS, when something has come",
  ...needing("nginx", "openssl"),
  fn: async () => {
    await using stage = await Stage.set("nginx");
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--cached-only", "--allow-net"],
        `--config=${root}/deno.json`,
        `${import.meta.dirname}/_answers.ts`,
        stage.url,
      ],
      env: { ...stage.env, NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    assertEquals(
      [decoder.decode(stdout), decoder.decode(stderr)],
      ["0 of 60 held back\n", ""],
    );
  },
});
