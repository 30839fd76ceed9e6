/**
 * Drops and topics through nginx and Caddy, as docs/self_hosting.md configures them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { encodeTopics } from "../../lib/relay_topics.ts";
import { PART_BYTES } from "../../relay/drops/drop_row.ts";
import {
  asking,
  putAll,
  receiverHeaders,
  senderHeaders,
} from "../../relay/testing/drop_relay.ts";
import { CONFIG, testDrop } from "../../relay/testing/drops.ts";
import { needing } from "../support/missing.ts";
import { Stage } from "./_stage.ts";

const DROP = testDrop(1, 2 * PART_BYTES + 77);
const PATH = `/drops/${DROP.id}`;

for (const kind of ["nginx", "caddy"] as const) {
  Deno.test({
    name:
      `a drop of several parts is left, found, taken and acknowledged through ${kind}`,
    ...needing(kind, "openssl"),
    fn: async () => {
      const path = await Deno.makeTempDir();
      await using folder = new AsyncDisposableStack();
      folder.defer(() => Deno.remove(path, { recursive: true }));
      const drops = {
        ...CONFIG,
        place: { kind: "folder", path } as const,
        maxDropsPerAddress: 1,
      };
      const relay = { drops, trustedProxies: 1 };
      await using stage = await Stage.set(kind, { relay });
      const caCerts = [await Deno.readTextFile(stage.authority.path)];
      using client = Deno.createHttpClient({ caCerts });
      const ask = asking(stage.front.url.replace("wss:", "https:"), client);
      assertEquals((await ask("GET", "/drops")).status, 200);
      assertEquals(await putAll({ ask }, DROP), [201, 201, 201]);
      const topics = encodeTopics(["0".repeat(32), DROP.id]);
      const { said } = await ask("POST", "/topics", {}, topics);
      assertEquals(said, { found: [{ topic: DROP.id, drop: true }] });
      assertEquals(await putAll({ ask }, testDrop(2, 5)), [429]);
      const headers = receiverHeaders(DROP);
      for (const part of [0, 1, 2]) {
        const { body } = await ask("GET", `${PATH}/${part}`, headers);
        const [start, end] = [part * PART_BYTES, (part + 1) * PART_BYTES];
        assertEquals(body, DROP.bytes.slice(start, end));
      }
      const page = { ...headers, origin: "https://example.org" };
      assertEquals((await ask("DELETE", PATH, page)).status, 403);
      assertEquals((await ask("DELETE", PATH, headers)).status, 200);
      const ended = await ask("GET", PATH, senderHeaders(DROP));
      assertEquals((ended.said as { state: string }).state, "taken");
      const gone = await ask("GET", `${PATH}/0`, headers);
      assertEquals([gone.status, gone.said], [410, { error: "drop_taken" }]);
    },
  });
}
