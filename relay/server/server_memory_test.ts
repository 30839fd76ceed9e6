/** Memory that `RelayServer` holds for peers, in many rooms, that send much and take nothing. */

import { assert, assertEquals } from "@std/assert";
import { sleep, type TestClient, until } from "../testing/clients.ts";
import { OPCODES, type RawClient } from "../testing/raw_client.ts";
import { KIB, MIB, refusal, Stage } from "../testing/stage.ts";

/** Settings that raise the limits which a test with many rooms would reach. */
const MANY = { maxRoomsPerAddress: 1000, createsPerMinute: 1000 };

/** Returns the most bytes that the relay holds while `work` runs. */
async function mostHeld(stage: Stage, work: () => Promise<void>) {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, stage.hub.bufferedBytes);
  }, 1);
  await work().finally(() => clearInterval(timer));
  return most;
}

/** A room whose two peers take nothing. */
async function deafPair(stage: Stage): Promise<RawClient[]> {
  const sender = await stage.raw();
  const created = await sender.ask({ type: "CREATE_ROOM", protocol: 2 });
  const receiver = await stage.rawReceiver({ code: created.room_id as string });
  return [sender, receiver];
}

/** Sends large messages, and the beginning of another one, without end. */
async function pour(client: RawClient): Promise<void> {
  const message = new Uint8Array(9 * MIB);
  try {
    for (let i = 0; i < 4; i++) {
      await client.send(OPCODES.binary, message);
    }
  } catch {
    // The relay has ended this client, as it should.
  }
}

Deno.test("RelayServer holds 16 MiB for a pair at most, whatever both of it do", async () => {
  await using stage = await Stage.open();
  const pair = await deafPair(stage);
  const most = await mostHeld(stage, async () => {
    const pouring = pair.map(pour);
    await until(() =>
      stage.hub.metrics.get("connections_ended", "overflow") > 0
    );
    for (const client of pair) client.close();
    await Promise.all(pouring);
  });
  assert(most > 8 * MIB && most <= 16 * MIB + 64 * KIB, `${most} bytes`);
  await until(() => stage.hub.bufferedBytes === 0, "all of it given back");
});

Deno.test("RelayServer holds no more than it may for all rooms, and the small ones go on", async () => {
  const maxTotalBytes = 32 * MIB;
  await using stage = await Stage.open({ ...MANY, maxTotalBytes });
  const honest = await stage.pair(2, 2);
  const deaf: RawClient[] = [];
  for (let i = 0; i < 8; i++) deaf.push(...await deafPair(stage));
  const most = await mostHeld(stage, async () => {
    const pouring = deaf.map(pour);
    await until(() => stage.hub.metrics.get("connections_ended", "memory") > 0);
    await talk(honest, 20);
    for (const client of deaf) client.close();
    await Promise.all(pouring);
  });
  assert(most > maxTotalBytes / 2, `only ${most} bytes`);
  assert(most <= maxTotalBytes + 64 * KIB, `${most} bytes`);
  await talk(honest, 1);
  await until(() => stage.hub.bufferedBytes === 0, "all of it given back");
});

Deno.test("RelayServer counts a message in pieces by the memory that it takes", async () => {
  await using stage = await Stage.open({ maxBufferedBytes: 2 * MIB });
  const [sender, receiver] = await deafPair(stage);
  await receiver!.send(OPCODES.binary, "x", { isFinal: false });
  const piece = new Uint8Array([0, 0x81, 0, 0, 0, 0, 0x78]);
  const pieces = new Uint8Array(10_000 * piece.length);
  for (let i = 0; i < 10_000; i++) pieces.set(piece, i * piece.length);
  await receiver!.write(pieces).catch(() => {});
  await until(() => stage.hub.metrics.get("connections_ended", "overflow") > 0);
  assertEquals((await sender!.said()).type, "PEER_JOINED");
  assertEquals((await sender!.said()).type, "PEER_DISCONNECTED");
});

Deno.test("RelayServer takes no long message of who has not said what it wants", async () => {
  await using stage = await Stage.open();
  const client = await stage.raw();
  const begun = new Uint8Array(20 * KIB);
  await client.send(OPCODES.text, begun, { announced: 5 * MIB });
  assertEquals(await client.said(), refusal("invalid_message"));
});

Deno.test("RelayServer counts what a client sends after it was refused", async () => {
  await using stage = await Stage.open({ maxTotalBytes: 4 * MIB });
  const client = await stage.raw();
  await client.send(OPCODES.text, "nonsense");
  assertEquals(await client.said(), refusal("invalid_message"));
  const begun = new Uint8Array(6 * MIB);
  await client.send(OPCODES.binary, begun, { announced: 9 * MIB })
    .catch(() => {});
  await until(() => stage.hub.metrics.get("connections_ended", "memory") > 0);
  await until(() => stage.hub.bufferedBytes === 0, "all of it given back");
});

async function talk(
  { sender, receiver }: { sender: TestClient; receiver: TestClient },
  times: number,
): Promise<void> {
  for (let i = 0; i < times; i++) {
    sender.send(new Uint8Array(256 * KIB));
    assertEquals((await receiver.next()).length, 256 * KIB);
    await sleep(5);
  }
}
