/**
 * Shares for pairs at a relay. Receivers look for senders on ::1 and senders announce on 127.0.0.1,
 * so that they meet at the relay alone, except where a test wants them to.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Bytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { readOffer } from "../../../scripts/receive/find/read_offer.ts";
import type { Sender } from "../../../scripts/receive/find/sender.ts";
import { alsoAtRelay } from "../../../scripts/receive/pairs/relay_shares.ts";
import { dayOf, PairKey } from "../../../lib/pairs/derive.ts";
import { Share } from "../../../lib/protocol/share.ts";
import { MemorySource, offerOf } from "../../../lib/testing/payloads.ts";
import { random } from "../../../lib/testing/protocol.ts";
import { NO_EVENTS } from "../../../lib/testing/shares.ts";
import { SenderRoom } from "../../../lib/transports/relay/sender_room.ts";
import {
  type LocalRelay,
  startLocalRelay,
} from "../../../relay/testing/local_relay.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
  until,
} from "../../support/checks.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { pairFile, pairUp } from "../../support/pairs.ts";
import { APART } from "../../support/relay_share.ts";
import type { StartOptions } from "../../support/running.ts";

const MiB = 1024 * 1024;

/** Maple and cedar, and the relay at which they meet. */
class Meeting implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  maple!: Machine;
  cedar!: Machine;
  seed!: string;

  private constructor(public relay: { url: string }) {}

  static async at(relay: { url: string }): Promise<Meeting> {
    const meeting = new Meeting(relay);
    const stack = meeting.#stack;
    meeting.maple = stack.use(await Machine.make());
    meeting.cedar = stack.use(await Machine.make());
    const more = { relay: relay.url };
    const [file] = await pairUp(
      [meeting.maple, "maple"],
      [meeting.cedar, "cedar"],
      more,
    );
    meeting.seed = file.seed;
    return meeting;
  }

  async share(content: string | Uint8Array, ...args: string[]) {
    const file = await this.maple.write("notes.md", content);
    const all = ["--to", "cedar", ...args, file];
    return this.#stack.use(await this.maple.share(all));
  }

  receive(args: string[] = [], options: StartOptions = APART) {
    return this.cedar.run("receive", args, options);
  }

  start(args: string[]) {
    return this.#stack.use(this.cedar.start("receive", args, APART));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Checks that nobody has failed at a share. */
async function assertUntroubled(sharing: Sharing): Promise<void> {
  const { events } = await sharing.stop();
  assertEquals(events.filter(({ event }) => event === "refused"), []);
}

Deno.test("receive without a word takes what a pair shares at its relay, again and again", async () => {
  await using relay = await startLocalRelay();
  await using meeting = await Meeting.at(relay);
  const sharing = await meeting.share("at the relay");
  assertEquals(sharing.ready.relay, relay.url);
  assertEquals(sharing.ready.terminal_commands, ["claude-spread receive"]);
  for (let turn = 0; turn < 2; turn++) {
    const received = await meeting.receive();
    assertSuccess(received);
    assertEquals(received.text.trim(), "at the relay");
    assertStringIncludes(received.stderr, "found maple at the relay");
  }
  const { pair, via } = await sharing.event("delivered");
  assertEquals([pair, via], ["cedar", "relay"]);
  await assertUntroubled(sharing);
});

Deno.test("receive refuses an interface that this machine does not have, although the relay has a share", async () => {
  await using relay = await startLocalRelay();
  await using meeting = await Meeting.at(relay);
  await meeting.share("at the relay");
  const refused = await meeting.receive([], { interface: "9.9.9.9" });
  assertFailure(refused, "USAGE", 'This machine has no address "9.9.9.9"');
});

Deno.test("receive takes a share that is found on both ways once, and its sender sees no failure", async () => {
  await using relay = await startLocalRelay();
  await using meeting = await Meeting.at(relay);
  const sharing = await meeting.share("on both ways");
  for (let turn = 0; turn < 3; turn++) {
    const received = await meeting.receive([], {});
    assertSuccess(received);
    assertEquals(received.text.trim(), "on both ways");
  }
  await assertUntroubled(sharing);
});

Deno.test("nobody joins the room of a share for a pair by its code alone", async () => {
  await using relay = await startLocalRelay();
  await using meeting = await Meeting.at(relay);
  const sharing = await meeting.share("for cedar alone");
  await using stranger = await Machine.make();
  const room = String(sharing.ready.room);
  const args = ["--relay", relay.url, "--room", room, "acid-acid-acid-acid"];
  const refused = await stranger.run("receive", args, APART);
  assertFailure(refused, "NO_ROOM", "The relay has no room with this code");
  await assertUntroubled(sharing);
});

Deno.test("a transfer for a pair goes on in the room that replaces its own, when the relay has forgotten everything", async () => {
  const bytes = randomBytes(48 * MiB);
  let relay: LocalRelay = await startLocalRelay({ drainMs: 0 });
  await using meeting = await Meeting.at(relay);
  const sharing = await meeting.share(bytes);
  const output = meeting.cedar.path("out");
  const receiving = meeting.start(["--json", "--output", output]);
  const { metrics } = relay.server.hub;
  await until("some of it", () => metrics.get("bytes_forwarded") > 4 * MiB);
  const port = Number(new URL(relay.url).port);
  await relay[Symbol.asyncDispose]();
  relay = await startLocalRelay({ port, secret: "another ".repeat(5) });
  await using _relay = relay;
  assertSuccess(await receiving.ended);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  const { events } = await sharing.stop();
  const found = events.find(({ event, state }) =>
    event === "relay" && state === "found"
  );
  assertEquals(found?.new, true);
  assert(found?.room !== sharing.ready.room);
});

Deno.test("serve says that its pairs find the room that replaces its own, and shows no command again", async () => {
  let relay: LocalRelay = await startLocalRelay({ drainMs: 0 });
  await using meeting = await Meeting.at(relay);
  const file = await meeting.maple.write("notes.md", "found again");
  await using sharing = meeting.maple.start("serve", ["--to", "cedar", file]);
  await sharing.says("if the receiver does not find it");
  const port = Number(new URL(relay.url).port);
  await relay[Symbol.asyncDispose]();
  relay = await startLocalRelay({ port, secret: "another ".repeat(5) });
  await using _relay = relay;
  await sharing.says("a new room on the relay, which its pairs find by");
  const received = await meeting.receive();
  assertSuccess(received);
  assertEquals(received.text.trim(), "found again");
  const { stderr } = await sharing.stop();
  assertEquals(stderr.match(/claude-spread receive/g)?.length, 1, stderr);
  assert(!stderr.includes("passphrase"), stderr);
});

/** Shares a text for a pair as a sender does whose clock is these days ahead; until disposed of. */
async function shareAhead(url: string, seed: string, days: number) {
  const key = await PairKey.of(Uint8Array.fromHex(seed) as Bytes);
  const time = new Date(Date.now() + days * 24 * 60 * 60 * 1000);
  const topic = await key.topic("a", { day: dayOf(time), slot: 7 });
  const bytes = new TextEncoder().encode(`${days} days ahead`);
  const share = new Share({
    secret: [key],
    offer: await offerOf(bytes),
    source: new MemorySource(bytes),
    legacy: false,
    fillRandom: random,
  });
  const room = await SenderRoom.open({
    url,
    topics: [topic.toHex()],
    fillRandom: random,
    signal: new AbortController().signal,
    events: { lost() {}, found() {}, ended() {} },
  });
  const serving = (async () => {
    for await (const channel of room) {
      await share.serve(channel, NO_EVENTS, room.roomCode).catch(() => {});
    }
  })();
  return {
    code: room.roomCode,
    [Symbol.asyncDispose]: async () => {
      await room[Symbol.asyncDispose]();
      await serving;
    },
  };
}

Deno.test("receive finds what a pair shares whose clock is a day off, and not two days", async () => {
  await using relay = await startLocalRelay();
  await using meeting = await Meeting.at(relay);
  for (const [days, isFound] of [[1, true], [-1, true], [2, false]] as const) {
    await using _share = await shareAhead(relay.url, meeting.seed, days);
    const received = await meeting.receive(["--timeout", isFound ? "30" : "1"]);
    if (isFound) assertSuccess(received);
    else assertFailure(received, "NO_SENDER", "Nothing from maple");
    assertEquals(received.text, isFound ? `${days} days ahead\n` : "");
  }
});

Deno.test("alsoAtRelay() finds the room of a share that has left the local network, or the one that replaced it, and no other", async () => {
  await using relay = await startLocalRelay();
  const pair = pairFile({ name: "maple", role: "b", relay: relay.url });
  const key = await PairKey.of(Uint8Array.fromHex(pair.seed) as Bytes);
  await using share = await shareAhead(relay.url, pair.seed, 0);
  const dial = {
    legacy: false,
    fillRandom: random,
    onIdle() {},
    guesses: { spent: 0 },
    signal: new AbortController().signal,
  };
  const how = { dial, timeoutMs: 10_000 };
  const gone = new SpreadError("UNREACHABLE", "It is gone");
  const again = () => Promise.reject(gone);
  const lost = { protocol: 2, pair: "maple", again } as unknown as Sender;
  const known = { pair, key };
  const bytes = new TextEncoder().encode("0 days ahead");
  const offer = await offerOf(bytes);
  for (const room of [share.code, "zzzzz2"]) {
    const chosen = { ...offer, room };
    const found = await alsoAtRelay(lost, known, chosen, how).again();
    assertEquals(found.pair, "maple");
    assertEquals((await readOffer(found))?.sha256, offer.sha256);
    await found.channel[Symbol.asyncDispose]();
  }
  const another = { ...await offerOf(bytes.subarray(1)), room: "zzzzz2" };
  const other = alsoAtRelay(lost, known, another, how);
  for (let turn = 0; turn < 2; turn++) {
    assertEquals(await other.again().catch((error) => error), gone);
  }
});

/** A relay of another version, or another kind: says what it likes to each of a client's messages. */
function startOldRelay(
  say: (socket: WebSocket, message: { type: string }) => void,
  answer: (request: Request) => Response | Promise<Response>,
) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      if (request.headers.get("upgrade") !== "websocket") {
        return answer(request);
      }
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") say(socket, JSON.parse(data));
        else say(socket, { type: "frame" });
      };
      return response;
    },
  );
  return {
    url: `ws://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const say = (socket: WebSocket, message: unknown) =>
  socket.send(JSON.stringify(message));

Deno.test("both sides say in one line that a relay knows no pairs, and meet on the local network", async () => {
  await using relay = startOldRelay(
    (socket, { type }) => {
      if (type !== "CREATE_ROOM") return;
      const token = "t".repeat(32);
      say(socket, {
        type: "ROOM_CREATED",
        room_id: "k7m2xq",
        resume_token: token,
        ttl_s: 3600,
      });
    },
    () => new Response("Method Not Allowed", { status: 405 }),
  );
  await using meeting = await Meeting.at(relay);
  const sharing = await meeting.share("on the local network");
  assertEquals([sharing.ready.room, sharing.ready.relay], [
    undefined,
    undefined,
  ]);
  assertEquals(sharing.ready.warnings, [
    "The relay runs a version that does not know paired machines: only the local network is left for this share",
  ]);
  const missed = await meeting.receive(["--timeout", "4"]);
  assertFailure(
    missed,
    "BAD_MESSAGE",
    `The relay ${new URL(relay.url).host} does not know paired machines`,
  );
  assertEquals(missed.stderr.match(/warning: .*paired machines/g)?.length, 1);
  const received = await meeting.receive([], {});
  assertSuccess(received);
  await assertUntroubled(sharing);
});

Deno.test("receive asks a relay again that is down behind its proxy, and says so", async () => {
  let asked = 0;
  await using relay = startOldRelay(() => {}, () => {
    asked++;
    return new Response("<html>", { status: 502 });
  });
  await using meeting = await Meeting.at(relay);
  const receiving = meeting.start(["--timeout", "80"]);
  await receiving.says(
    "its address answers 502 Bad Gateway: only the local network is searched until it answers\n",
  );
  await until("a second request", () => asked >= 2);
  assertFailure(await receiving.stop(), "INTERRUPTED", "Stopped");
});

Deno.test("receive takes nothing from a relay that poses as the other side", async () => {
  await using relay = startOldRelay(
    (socket, { type }) => {
      if (type === "CREATE_ROOM") {
        say(socket, { type: "ERROR", reason: "too_many_rooms" });
      }
      if (type === "JOIN_ROOM") {
        say(socket, { type: "ROOM_JOINED", room_id: "k7m2xq", protocol: 2 });
      }
      // Not a challenge that anybody with the seed would send.
      if (type === "frame") {
        const challenge = new Uint8Array(66).fill(2);
        challenge[49] = 0x53;
        socket.send(challenge);
      }
    },
    async (request) => {
      const topics = (await request.bytes()).toHex();
      // Twice the same room, one that nobody asked for, and one that is of no use.
      const found = [topics.slice(0, 32), topics.slice(32, 64), "f".repeat(32)]
        .map((topic) => ({ topic, room: "k7m2xq" }));
      return Response.json({ found });
    },
  );
  await using meeting = await Meeting.at(relay);
  const posed = await meeting.receive();
  assertFailure(posed, "PASSPHRASE_REFUSED", "maple: Cannot confirm");
  assertEquals(posed.stderr.match(/found maple/g)?.length, 1);
  assertEquals(posed.text, "");
  // What is on the local network is found all the same.
  const sharing = await meeting.share("the real one");
  const received = await meeting.receive([], {});
  assertSuccess(received);
  assertEquals(received.text.trim(), "the real one");
  await assertUntroubled(sharing);
});
