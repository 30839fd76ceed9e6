import { assert, assertEquals } from "@std/assert";
import { SpreadError, type SpreadErrorCode } from "../../../lib/errors.ts";
import {
  explainFailures,
  mostTelling,
  noSender,
  type OtherShares,
} from "./lan_failures.ts";

const NONE: OtherShares = {
  names: new Set(),
  haveRooms: false,
  areOld: false,
  kinds: new Set(),
};
const USUAL = /^Check that the sender is still sharing .*\(host:port\)$/;

function hintOf(name: string | undefined, others: Partial<OtherShares>) {
  return noSender({ timeoutMs: 1_000, name, others: { ...NONE, ...others } })
    .hint;
}

Deno.test("noSender() says what the shares that were heard of may mean, and what to check", () => {
  const names = new Set(["zoom", "acid"]);
  for (
    const [name, others, special] of [
      [undefined, {}, ""],
      ["cedar", {}, ""],
      [
        "cedar",
        { names },
        'Compare the first word with the sender\'s: the words of shares on this network begin with "acid", "zoom". ',
      ],
      [
        "cedar",
        { haveRooms: true },
        "If the sender uses a relay, type the whole invite, which begins with the room code. ",
      ],
      [
        undefined,
        { names, haveRooms: true, areOld: true },
        'Shares on this network have generated words, which begin with "acid", "zoom": ' +
        "if you want one of them, type the words that the sender shows. ",
      ],
      [
        undefined,
        { kinds: new Set(["session", "memory"] as const) },
        "Someone on this network shares a memory: if you want that, use " +
        "/claude-spread:memory-receive (--kind memory). " +
        "Someone on this network shares sessions: if you want that, use " +
        "/claude-spread:sessions-receive (--kind session). ",
      ],
    ] as const
  ) {
    const hint = hintOf(name, others);
    assert(hint.startsWith(special), hint);
    assert(USUAL.test(hint.slice(special.length)), hint);
  }
  assert(hintOf("cedar", { areOld: true }).includes("add --legacy"));
});

Deno.test("noSender() names five shares at most, when there are many", () => {
  const names = new Set(Array.from({ length: 64 }, (_, i) => `n${i + 10}`));
  const hint = hintOf("cedar", { names });
  assertEquals(hint.match(/"n\d+"/g)?.length, 5);
  assert(hint.includes(" and 59 more. "), hint);
});

Deno.test("explainFailures() names several shares by host and address, and never by the names that machines give them", () => {
  const error = new SpreadError("PASSPHRASE_REFUSED", "It is refused");
  const failures = [undefined, "alex@walnut"].map((from, i) => ({
    error,
    of: {
      protocol: 2 as const,
      instance: `claude-distill-0000000${i}`,
      port: 4711,
      addresses: [`10.0.0.${i}`],
      from,
    },
  }));
  assertEquals(
    explainFailures(failures)?.message,
    "It is refused; tried 10.0.0.0:4711, alex@walnut at 10.0.0.1:4711",
  );
});

Deno.test("mostTelling() prefers what a sender or a relay has said, whatever came first", () => {
  for (
    const [codes, expected] of [
      [["UNREACHABLE", "PASSPHRASE_REFUSED"], "PASSPHRASE_REFUSED"],
      [["PASSPHRASE_REFUSED", "NO_ROOM"], "PASSPHRASE_REFUSED"],
      [["UNREACHABLE", "NO_ROOM"], "NO_ROOM"],
      [["UNREACHABLE", "RELAY_BUSY"], "RELAY_BUSY"],
      [["RELAY_UNREACHABLE", "UNREACHABLE"], "UNREACHABLE"],
      [["PEER_GONE", "RELAY_UNREACHABLE"], "PEER_GONE"],
      [[], undefined],
    ] as [SpreadErrorCode[], SpreadErrorCode | undefined][]
  ) {
    const errors = codes.map((code) => new SpreadError(code, code));
    assertEquals(mostTelling(errors)?.code, expected);
  }
});
