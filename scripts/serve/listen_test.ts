/** Changes while a share opens: of its room, and of the addresses of its machine. */

import { assertEquals } from "@std/assert";
import { InterfaceWatch } from "../../lib/discovery/mdns.ts";
import { SpreadError } from "../../lib/errors.ts";
import { readTxt } from "../../lib/discovery/dns_records.ts";
import type { InterfaceAddress } from "../../lib/discovery/interfaces.ts";
import { waitUntil } from "../../lib/testing/protocol.ts";
import { RawPeer } from "../../tests/support/mdns_peer.ts";
import { PlainRelay } from "../../tests/support/plain_relay.ts";
import { Terminal } from "../cli/terminal.ts";
import { openListeners } from "./listen.ts";
import type { ServeOptions } from "./options.ts";
import type { RoomChange } from "./relay_room.ts";

const LOOPBACK: InterfaceAddress = {
  name: "lo",
  family: "IPv4",
  address: "127.0.0.1",
  cidr: "127.0.0.1/8",
};

/** Opens what a share listens on, on loopback; `preferred` keeps it from being finished. */
function open(
  stack: AsyncDisposableStack,
  more: {
    relay?: string;
    watch: InterfaceWatch;
    preferred?: Promise<string | null>;
    onRoom?: (change: RoomChange) => void;
  },
) {
  const { relay, watch, preferred = Promise.resolve(null) } = more;
  const options = { port: 0, interface: "127.0.0.1", relay } as ServeOptions;
  const offer = {
    kind: "distillation",
    name: "a.md",
    size: 1,
    sha256: "0".repeat(64),
    created: new Date(0).toISOString(),
  } as const;
  const { onRoom = () => {} } = more;
  const words = { generated: "a-b-c-d", recipients: null };
  const share = { options, offer, ...words, watch, preferred };
  const terminal = new Terminal({ json: false });
  terminal.leave({ writeSync: ({ length }) => length });
  const holding = {
    terminal,
    stack,
    signal: new AbortController().signal,
  };
  return openListeners({ ...share, onRoom }, holding);
}

Deno.test("openListeners() announces the room that there is, when it moves meanwhile", async () => {
  await using stack = new AsyncDisposableStack();
  const codes = ["aaaaa2", "bbbbb3"];
  const relay = stack.use(await PlainRelay.start({ codes }));
  using listener = await RawPeer.open(5353);
  const announced = (code: string) =>
    listener.next(({ answers }) =>
      answers.some(({ type, data }) =>
        type === "TXT" && readTxt(data).room === code
      )
    );
  const waiting = Promise.withResolvers<null>();
  let moved = "";
  const opening = open(stack, {
    relay: relay.url,
    watch: new InterfaceWatch(() => [LOOPBACK], "127.0.0.1"),
    preferred: waiting.promise,
    onRoom: ({ roomCode, isNew }) => moved = isNew ? roomCode : moved,
  });
  await announced(codes[0]!);
  relay.cut();
  await announced(codes[1]!);
  await waitUntil(() => moved === codes[1]);
  waiting.resolve(null);
  assertEquals((await opening).room!.roomCode, codes[1]);
});

Deno.test("followAddresses() tells of a change that came before it was called", async () => {
  await using stack = new AsyncDisposableStack();
  let interfaces = [LOOPBACK];
  const watch = new InterfaceWatch(() => interfaces, "127.0.0.1");
  const { followAddresses } = await open(stack, { watch });
  interfaces = [];
  watch.look();
  const told: string[][] = [];
  using _following = followAddresses(
    (addresses) => told.push(addresses),
    new AbortController(),
  );
  await waitUntil(() => told.length > 0);
  assertEquals(told, [[]]);
});

Deno.test("followAddresses() stops the share with the error, when a change cannot be told", async () => {
  await using stack = new AsyncDisposableStack();
  let interfaces = [LOOPBACK];
  const watch = new InterfaceWatch(() => interfaces, "127.0.0.1");
  const { followAddresses } = await open(stack, { watch });
  const stopping = new AbortController();
  const reason = new SpreadError("CANNOT_STORE", "Nobody reads it");
  using _following = followAddresses(() => {
    throw reason;
  }, stopping);
  interfaces = [];
  watch.look();
  await waitUntil(() => stopping.signal.aborted);
  assertEquals(stopping.signal.reason, reason);
});
