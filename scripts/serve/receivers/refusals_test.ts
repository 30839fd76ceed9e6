import { assert, assertEquals } from "@std/assert";
import { SpreadError } from "../../../lib/errors.ts";
import { GuessLedger } from "../../../lib/protocol/handshake/guesses.ts";
import { Terminal } from "../../cli/terminal.ts";
import { Refusals } from "./refusals.ts";

/** A terminal that keeps what it is told. */
class Notes extends Terminal {
  readonly lines: string[] = [];
  readonly events: Record<string, unknown>[] = [];

  constructor() {
    super({ json: false });
  }

  override say(text: string): void {
    this.lines.push(text);
  }

  override warn(text: string): void {
    this.lines.push(text);
  }

  override event(event: string, fields = {}): void {
    this.events.push({ event, ...fields });
  }
}

const gone = new SpreadError("PEER_GONE", "It was cut");
const silent = new SpreadError("PEER_SILENT", "It is silent");

Deno.test("Refusals reports the first five of an address in full, then how many more, less and less often", () => {
  const notes = new Notes();
  const refusals = new Refusals(notes);
  for (let i = 0; i < 152; i++) refusals.add("192.0.2.7", gone);
  refusals.add("192.0.2.7", silent);
  refusals.finish();
  refusals.finish();
  assertEquals(notes.lines, [
    ...Array(5).fill("192.0.2.7: It was cut"),
    "10 more connections from 192.0.2.7 ended the same way (PEER_GONE)",
    "100 more connections from 192.0.2.7 ended the same way (PEER_GONE)",
    "192.0.2.7: It is silent",
    "37 more connections from 192.0.2.7 ended the same way (PEER_GONE)",
  ]);
  assertEquals(notes.events.at(-1), {
    event: "refused",
    peer: "192.0.2.7",
    error: "PEER_GONE",
    more: 37,
  });
});

Deno.test("Refusals counts the addresses of one /64 together", () => {
  const notes = new Notes();
  const refusals = new Refusals(notes);
  for (let i = 0; i < 15; i++) refusals.add(`2001:db8::${i}`, gone);
  assertEquals(
    notes.lines.at(-1),
    "10 more connections from 2001:db8:0:0::/64 ended the same way (PEER_GONE)",
  );
});

Deno.test("Refusals says little of a hundred thousand failures, from whatever addresses", () => {
  const notes = new Notes();
  const refusals = new Refusals(notes);
  for (let i = 0; i < 100_000; i++) {
    const peer = `10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`;
    refusals.add(peer, i % 2 === 0 ? gone : silent);
  }
  refusals.finish();
  assert(notes.lines.length < 100, `${notes.lines.length} lines`);
  assert(notes.lines.some((line) => line.includes("from elsewhere")));
});

const wrong = new SpreadError("PASSPHRASE_REFUSED", "It is wrong");

Deno.test("Refusals reports each wrong passphrase, but not each wrong proof of a pair, which are not counted", () => {
  const notes = new Notes();
  const refusals = new Refusals(notes);
  const peer = "peer-1 on the relay";
  for (let i = 0; i < 10; i++) {
    refusals.addGuess(peer, wrong, new GuessLedger(), "k7m2xq");
  }
  assertEquals(notes.lines.length, 10);
  const ofPair = new Refusals(notes);
  for (let i = 0; i < 9; i++) ofPair.add(peer, wrong);
  assertEquals(notes.lines.length, 15);
});

for (
  const [room, peers, counts] of [
    ["", ["192.0.2.7", "192.0.2.8"], [
      "1 of 3 from 192.0.2.7, 1 of 10 in all",
      "1 of 3 from 192.0.2.8, 2 of 10 in all",
    ]],
    ["", ["2001:db8::7", "2001:db8::8"], [
      "1 of 3 from 2001:db8:0:0::/64, 1 of 10 in all",
      "2 of 3 from 2001:db8:0:0::/64, 2 of 10 in all",
    ]],
    ["k7m2xq", ["peer-1 on the relay", "peer-2 on the relay"], [
      "1 of 10",
      "2 of 10",
    ]],
  ] as const
) {
  Deno.test(`Refusals counts the wrong passphrases of ${peers.join(" and ")} as the share does`, async () => {
    const notes = new Notes();
    const refusals = new Refusals(notes);
    const guesses = new GuessLedger();
    for (const peer of peers) {
      await guesses.attempt(peer, () => Promise.resolve(false));
      refusals.addGuess(peer, wrong, guesses, room);
    }
    assertEquals(
      notes.lines,
      peers.map((peer, i) =>
        `${peer}: It is wrong (wrong passphrase ${counts[i]})`
      ),
    );
  });
}
