import { assertEquals } from "@std/assert";
import { SpreadError, type SpreadErrorCode } from "../../../lib/errors.ts";
import type { Terminal } from "../../cli/terminal.ts";
import { redial } from "./reconnect.ts";
import type { Sender } from "./sender.ts";

const { signal } = new AbortController();
const CUT = new SpreadError("PEER_GONE", "The sender has left", "");

/**
 * What comes of a cut, and what was said meanwhile.
 *
 * @param ends Code of the error of each attempt; `null` for one that succeeds.
 */
async function redialed(
  ends: (SpreadErrorCode | null)[],
  earlierCuts = 0,
): Promise<[outcome: SpreadError | "connected", said: string[]]> {
  const said: string[] = [];
  const terminal = {
    say: (text: string) => said.push(text),
  } as unknown as Terminal;
  let attempts = 0;
  const again = () => {
    const code = ends[attempts++] ?? null;
    return code === null
      ? Promise.resolve(sender)
      : Promise.reject(new SpreadError(code, code));
  };
  const sender = { again } as Sender;
  const pausesMs = ends.map(() => 0);
  const how = [earlierCuts, CUT, terminal, 1, pausesMs] as const;
  try {
    await redial(sender, { signal }, ...how);
    return ["connected", said];
  } catch (error) {
    return [error as SpreadError, said];
  }
}

Deno.test("redial() connects again, whatever of a network or a relay was not back before", async () => {
  const [outcome, said] = await redialed([
    "PEER_GONE",
    "PEER_SILENT",
    "UNREACHABLE",
    "RELAY_UNREACHABLE",
    "NO_ROOM",
    "RELAY_BUSY",
    null,
  ]);
  assertEquals(outcome, "connected");
  assertEquals(said.length, 7);
  assertEquals(said[6], "the connection was cut; trying again (7 of 7)");
});

Deno.test("redial() ends at once, when another attempt would not help", async () => {
  const [outcome, said] = await redialed(["PASSPHRASE_REFUSED", null]);
  assertEquals([(outcome as SpreadError).code, said.length], [
    "PASSPHRASE_REFUSED",
    1,
  ]);
});

Deno.test("redial() gives up with the error of the cut, after attempts that are fewer the more cuts there were", async () => {
  for (
    const [end, hint] of [
      ["UNREACHABLE", "Run the same command again to continue, or ask the "],
      ["NO_ROOM", "The room is gone: ask the sender for the new room code, "],
    ] as const
  ) {
    const [outcome, said] = await redialed(Array(8).fill(end), 2);
    const { code, message, hint: whole } = outcome as SpreadError;
    assertEquals([code, message], [CUT.code, CUT.message]);
    assertEquals(whole.slice(0, hint.length), hint);
    const cut = "the connection was cut; trying again";
    assertEquals(said, [3, 4, 5, 6, 7, 8].map((i) => `${cut} (${i} of 8)`));
  }
});
