/**
 * Several shares for one pair, as a network and a relay see them: no name, no value twice, and
 * nothing that follows from anything else.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { createHmac } from "node:crypto";
import type { Packet } from "multicast-dns/typed";
import { type Bytes, utf8 } from "../../../lib/bytes.ts";
import { lvCat } from "../../../lib/crypto/cpace_strings.ts";
import { dayOf, PairKey } from "../../../lib/pairs/derive.ts";
import { assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { RawPeer } from "../../support/mdns_peer.ts";
import { pairUp } from "../../support/pairs.ts";
import { APART } from "../../support/relay_share.ts";
import { RecordingRelay } from "./_recording_relay.ts";

const SHARES = 3;

/** The strings of a packet: names, and what TXT records hold. */
function stringsOf({ answers, additionals }: Packet): string[] {
  return [...answers, ...additionals].flatMap(({ name, data }) => [
    name,
    ...(Array.isArray(data)
      ? data.map((one) => new TextDecoder().decode(one))
      : [JSON.stringify(data)]),
  ]);
}

/** The share that a packet announces: its instance, its host, and the tags of pairs. */
function readShare(packet: Packet) {
  const text = stringsOf(packet).join("\n");
  const instance = /claude-distill-[0-9a-f]{8}/.exec(text)?.[0];
  const host = /claude-spread-[0-9a-f]{8}/.exec(text)?.[0];
  const to = /to=([0-9a-f,]+)/.exec(text)?.[1];
  if (!instance || !host || !to) return null;
  return { instance, host, tags: to.split(",") };
}

Deno.test("shares for a pair show no name, no value twice, and none that follows from another", async () => {
  await using relay = await RecordingRelay.start();
  await using maple = await Machine.make();
  await using cedar = await Machine.make();
  await using birch = await Machine.make();
  const more = { relay: relay.url };
  const [{ seed }] = await pairUp([maple, "maple"], [cedar, "cedar"], more);
  await pairUp([maple, "maple"], [birch, "birch"], more);
  const key = await PairKey.of(Uint8Array.fromHex(seed) as Bytes);
  using ear = await RawPeer.open(5353);
  // Other tests announce there as well: ours are those with a tag of this pair.
  const heard = new Map<string, string[]>();
  const packets: string[] = [];
  ear.on(() => true, async (packet) => {
    const share = readShare(packet);
    if (share === null) return;
    const { instance, host, tags } = share;
    const tag = (await key.lanTag("a", instance)).toHex();
    if (!tags.includes(tag)) return;
    packets.push(...stringsOf(packet));
    heard.set(instance, [instance.slice(-8), host.slice(-8), ...tags]);
  });
  for (let number = 0; number < SHARES; number++) {
    const file = await maple.write("notes.md", `text ${number}`);
    await using _sharing = await maple.share(["--to", "cedar,birch", file]);
    assertSuccess(await cedar.run("receive", [], APART));
    assertSuccess(await birch.run("receive", [], APART));
  }
  assertEquals(heard.size, SHARES);

  const words = relay.messages.filter(({ text }) => text.startsWith("{"))
    .map(({ from, text }) => ({ from, ...JSON.parse(text) }));
  const created = words.filter(({ type }) => type === "CREATE_ROOM");
  const rooms = words.filter(({ type }) => type === "ROOM_CREATED");
  const hellos = relay.messages.filter(({ from, text }) =>
    from === "client" && text.startsWith("010203")
  ).map(({ text }) => text);
  assertEquals([created.length, rooms.length], [SHARES, SHARES]);
  assertEquals(hellos.length, 2 * SHARES);

  const values: string[] = [
    ...[...heard.values()].flat(),
    ...created.flatMap(({ topics }) => topics as string[]),
    ...rooms.flatMap((
      { room_id, resume_token },
    ) => [room_id, resume_token] as string[]),
    // Nonce and tag.
    ...hellos.flatMap((hello) => [hello.slice(6, 38), hello.slice(38)]),
  ];
  assertEquals(values.length, new Set(values).size);
  assertEquals(values.length, SHARES * (4 + 2 + 2 + 4));

  const seen = [...packets, ...relay.messages.map(({ text }) => text)];
  const all = seen.join("\n").toLowerCase();
  const host = Deno.hostname().toLowerCase();
  for (
    const name of [
      "maple",
      "cedar",
      "birch",
      "tester",
      // A short one is in some random token.
      ...host.length < 5 ? [] : [host],
      "notes",
      "kind=",
      "from=",
      seed,
    ]
  ) assert(!all.includes(name), name);

  // Whoever asks for one pair asks for nothing of another.
  const asked = relay.messages.filter(({ from, text }) =>
    from === "client" && text.length === 80 * 32
  ).map(({ text }) => text.match(/.{32}/g)!);
  assertEquals(asked.length, 2 * SHARES);
  const sets = [...new Set(asked.map((topics) => topics.join()))];
  assertEquals(sets.length, 2);
  assertEquals(new Set(sets.join().split(",")).size, 160);

  // With anything else on the wire as the key, none of the values comes out.
  const instances = [...heard.keys()];
  const days = [dayOf(new Date())];
  const slots = ["0", "1", "2"];
  const wanted = new Set(values);
  const parts = [
    ...instances.flatMap((one) => ["a", "b"].map((role) => ["lan", role, one])),
    ...days.flatMap((day) =>
      slots.flatMap((slot) =>
        ["a", "b"].map((role) => ["relay", role, day, slot])
      )
    ),
  ];
  const derive = (secret: Uint8Array) =>
    parts.map((labels) =>
      createHmac("sha256", secret).update(lvCat(...labels.map(utf8)))
        .digest("hex")
    );
  const isHit = (mac: string) =>
    wanted.has(mac.slice(0, 16)) || wanted.has(mac.slice(0, 32));
  for (const value of values) {
    const isHex = /^(?:[0-9a-f]{2})+$/.test(value);
    const keys = [utf8(value), ...isHex ? [Uint8Array.fromHex(value)] : []];
    for (const secret of keys) assert(!derive(secret).some(isHit), value);
  }
  // The test would notice: with the seed they come out.
  const mine = derive(Uint8Array.fromHex(seed)).filter(isHit);
  assertEquals(mine.length, 2 * SHARES);
});
