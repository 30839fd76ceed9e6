/** A sender that offers one work beside its document, and then sends another. */

import { assertEquals } from "@std/assert";
import { utf8 } from "../../../lib/bytes.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import { Share } from "../../../lib/protocol/share.ts";
import { offerOf } from "../../../lib/testing/payloads.ts";
import { NO_EVENTS } from "../../../lib/testing/shares.ts";
import { listenTcp } from "../../../lib/transports/tcp.ts";
import { assertFailure } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { keptWork } from "../../support/work.ts";

Deno.test("work that is no longer what was offered costs the receiver the work, and not the text", async () => {
  await using bob = await Machine.make();
  const text = utf8("# Refunds\n");
  const work = utf8("{}\n");
  const offer = await offerOf(text);
  const { size, sha256 } = await offerOf(work);
  const share = new Share({
    secret: "pass",
    offer: { ...offer, work: { size: size + 1, sha256 } },
    source: new BytesPayload(text),
    choices: {
      open: async ({ id }) => {
        const bytes = id === "text" ? text : work;
        return {
          offer: { ...await offerOf(bytes), choice: id },
          source: new BytesPayload(bytes),
          [Symbol.dispose]: () => {},
        };
      },
    },
    legacy: false,
    fillRandom: (bytes) => crypto.getRandomValues(bytes),
  });
  using listener = listenTcp({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    const { value } = await listener[Symbol.asyncIterator]().next();
    return await share.serve(value, NO_EVENTS).catch((error) => error.code);
  })();
  const address = `127.0.0.1:${listener.port}`;
  const ended = await bob.run("receive", ["pass", address]);
  assertFailure(
    ended,
    "PAYLOAD_CHANGED",
    "The sender's work is no longer what it offered",
    "Ask the sender to share again",
  );
  assertEquals(ended.text, "# Refunds\n");
  assertEquals(await keptWork(bob), []);
  await served;
});
