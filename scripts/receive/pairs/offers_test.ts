import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../../lib/errors.ts";
import { offerOf, payloadOf } from "../../../lib/testing/payloads.ts";
import { connectMemory } from "../../../lib/testing/memory_channel.ts";
import { pause, secure } from "../../../lib/testing/protocol.ts";
import { encodeOffer } from "../../../lib/protocol/transfer/offer.ts";
import { RECORD } from "../../../lib/protocol/transfer/record_types.ts";
import type { Sender } from "../find/sender.ts";
import { OfferSearch, type SearchOutcome } from "./offers.ts";

const { signal } = new AbortController();

/** A search in which these shares are found at the same time. */
async function search(
  needed: number,
  looks: (search: OfferSearch) => Promise<unknown>[],
  timeoutMs = 30_000,
): Promise<SearchOutcome> {
  const isWanted = ({ kind }: { kind: string }) => kind === "distillation";
  using search = new OfferSearch({ isWanted, needed, timeoutMs, signal });
  const way = search.on(
    new Promise((end) => search.signal.addEventListener("abort", () => end())),
  );
  const looking = looks(search);
  const outcome = await search.outcome();
  await Promise.all([way, ...looking]);
  for (const one of outcome.offers) search.leave(one);
  await search.left();
  return outcome;
}

/** A sender that offers something, and hears at last that nothing is wanted. */
async function sender(fields: Record<string, unknown>): Promise<Sender> {
  const { sender, receiver } = await secure(connectMemory());
  const offer = { ...await offerOf(payloadOf(10)), ...fields };
  void (async () => {
    await using channel = sender;
    await channel.send(RECORD.offer, encodeOffer(offer));
    assertEquals((await channel.receive()).type, RECORD.leave);
  })();
  const again = () => Promise.reject(new Error("Not here"));
  return { protocol: 2, channel: receiver, again };
}

/** Never connects. */
const stuck = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason))
  );

const gone = () =>
  Promise.reject(new SpreadError("UNREACHABLE", "It is gone", "Look there"));

const namesOf = ({ offers }: SearchOutcome) =>
  offers.map(({ pair, offer }) => `${pair} ${offer.name}`);

Deno.test("OfferSearch has all that were found by the time the first was confirmed, oldest first", async () => {
  const outcome = await search(1, (search) => [
    search.look("b", () => sender({ name: "x", sha256: "1".repeat(64) })),
    search.look("a", () =>
      sender({
        name: "late",
        created: "2026-03-03T00:00:00.000Z",
        sha256: "2".repeat(64),
      })),
    search.look("a", () => sender({ name: "early" })),
  ]);
  assertEquals(namesOf(outcome), ["a early", "a late", "b x"]);
});

Deno.test("OfferSearch takes what is found on two ways for one share, and does not wait for the second", async () => {
  const room = "k7m2xq";
  const outcome = await search(1, (search) => [
    search.look("a", () => sender({ name: "x", room })),
    search.look("a", stuck, room),
  ]);
  assertEquals(namesOf(outcome), ["a x"]);
  const both = await search(1, (search) => [
    search.look("a", () => sender({ name: "x" })),
    search.look("a", () => sender({ name: "x" })),
  ]);
  assertEquals(namesOf(both), ["a x"]);
});

Deno.test("OfferSearch finds a share beside any number of a relay's and of another pair's that never answer, and does not wait long for those", async () => {
  const start = performance.now();
  const room = "k7m2xq";
  const many = (look: () => Promise<unknown>) =>
    Array.from({ length: 64 }, look);
  const outcome = await search(1, (search) => [
    ...many(() => search.look("a", stuck, room)),
    ...many(() => search.look("b", stuck)),
    ...many(() => search.lookAtDrop("a", stuck)),
    search.look("a", () => sender({ name: "x" })),
    search.look("c", () => sender({ name: "y" }), room),
  ]);
  assertEquals(namesOf(outcome), ["a x", "c y"]);
  assertEquals(performance.now() - start < 20_000, true);
});

Deno.test("OfferSearch lets a share that has our proof connect, and leaves it in order", async () => {
  let isConnected = false;
  const { offers } = await search(1, (search) => [
    search.look("a", () => sender({ room: "k7m2xq" })),
    search.look("a", async (signal, onProof) => {
      onProof();
      await pause(200);
      signal.throwIfAborted();
      isConnected = true;
      return await sender({ room: "k7m2xq" });
    }, "k7m2xq"),
  ]);
  assertEquals([offers.length, isConnected], [1, true]);
});

Deno.test("OfferSearch ends soon when nothing that was found is of use, and says why", async () => {
  const outcome = await search(1, (search) => [
    search.look("a", () => sender({ kind: "memory" })),
    search.look("b", gone),
  ]);
  assertEquals(outcome.offers, []);
  assertEquals(outcome.unwanted.map(({ pair }) => pair), ["a"]);
  assertEquals(outcome.failures.map(({ message, hint }) => [message, hint]), [
    ["b: It is gone", "Look there"],
  ]);
});

Deno.test("OfferSearch waits for as many as are needed, and for the time it was given", async () => {
  const start = performance.now();
  const outcome = await search(
    2,
    (search) => [search.look("a", () => sender({ name: "x" }))],
    1_000,
  );
  assertEquals(namesOf(outcome), ["a x"]);
  assertEquals(performance.now() - start >= 900, true);
});

Deno.test("OfferSearch ends with our own mistakes, and with the signal", async () => {
  const mistake = new TypeError("Ours");
  const failing = () => Promise.reject(mistake);
  const error = await assertRejects(() =>
    search(1, (search) => [search.look("a", failing)])
  );
  assertEquals(error, mistake);
  const stopping = AbortSignal.abort(new SpreadError("INTERRUPTED", "Stop"));
  const how = { isWanted: () => true, needed: 1, timeoutMs: 30_000 };
  using stopped = new OfferSearch({ ...how, signal: stopping });
  await assertRejects(() => stopped.outcome(), SpreadError, "Stop");
});

Deno.test("OfferSearch closes the connection to a sender that makes no offer", async () => {
  const { sender, receiver } = await secure(connectMemory());
  const again = () => Promise.reject(new Error("Not here"));
  const end = Promise.withResolvers<void>();
  const { failures } = await search(1, (search) => [
    search.look("a", async () => {
      await sender.send(RECORD.data, new Uint8Array(1));
      sender.waitForClose().then(end.resolve);
      return { protocol: 2, channel: receiver, again };
    }),
  ]);
  assertEquals(failures.map(({ code }) => code), ["BAD_MESSAGE"]);
  await end.promise;
  await sender[Symbol.asyncDispose]();
});
