/** Chains: the predecessor of each line, and the memory they use. */

import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../errors.ts";
import { Chain, MAX_CHAIN_LINES } from "./chain.ts";
import { SessionTally } from "./tally.ts";

function make(): { chain: Chain; tally: SessionTally } {
  const tally = new SessionTally();
  return { chain: new Chain(tally, (old) => `new ${old}`), tally };
}

Deno.test("Chain.bridge() passes over lines, and over those whose predecessor is missing", () => {
  const { chain, tally } = make();
  chain.bridge({ uuid: "x", parentUuid: null });
  assertEquals(chain.keep({ uuid: "a", parentUuid: "x" })?.parentUuid, null);
  chain.bridge({ uuid: "y", parentUuid: "nowhere" });
  assertEquals(chain.keep({ uuid: "b", parentUuid: "y" })?.parentUuid, "new a");
  assertEquals(tally.changed, {});
});

Deno.test("Chain.append() follows what was kept last", () => {
  const { chain } = make();
  chain.keep({ uuid: "a", parentUuid: null });
  chain.keep({ uuid: "b", parentUuid: null });
  const first = chain.append();
  assertEquals(first.parentUuid, "new b");
  assertEquals(chain.append().parentUuid, first.uuid);
});

Deno.test("Chain.translate() keeps its word for lines that come later", () => {
  const { chain } = make();
  chain.keep({ uuid: "a", parentUuid: null });
  const segment = { headUuid: "a", anchorUuid: "later", tailUuid: "a" };
  assertEquals(chain.translate({ preservedSegment: segment }), {
    preservedSegment: {
      headUuid: "new a",
      anchorUuid: "new later",
      tailUuid: "new a",
    },
    preservedMessages: undefined,
  });
  assertEquals(chain.keep({ uuid: "later", parentUuid: "a" }), {
    uuid: "new later",
    parentUuid: "new a",
  });
});

Deno.test("Chain holds so many lines and no more, whether they are kept, passed over or promised", () => {
  const { chain } = make();
  for (let i = 0; i < MAX_CHAIN_LINES - 2; i++) {
    chain.bridge({ uuid: `${i}`, parentUuid: null });
  }
  chain.keep({ uuid: "a", parentUuid: null });
  const messages = { anchorUuid: "later", uuids: [] };
  chain.translate({ preservedMessages: messages });
  const more = [
    () => chain.keep({ uuid: "b", parentUuid: null }),
    () => chain.bridge({ uuid: "b", parentUuid: null }),
    () =>
      chain.translate({ preservedMessages: { anchorUuid: "x", uuids: [] } }),
  ];
  for (const one of more) {
    const error = assertThrows(one, SpreadError);
    assertEquals(error.code, "PAYLOAD_TOO_LARGE");
  }
});
