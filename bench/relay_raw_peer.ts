/**
 * Clients by hand at the servers under measurement.
 *
 * A server is named `relay:PORT` or `bare:PORT`, always on 127.0.0.1: the first is ours, the
 * second one of `relay_bare.ts`, where two that ask for the same path are a pair.
 *
 * @module
 */

import type { RelayMessage } from "../lib/relay_messages.ts";
import { OPCODES, RawClient } from "../relay/testing/raw_client.ts";

/** Path whose clients a bare server holds alone, without a partner. */
export const IDLE_PATH = "/idle";

/** How much of a payload is looked at: all of a control message. */
const WANTED_BYTES = 1024;

/**
 * Connects to a server.
 *
 * @param bufferBytes How much is read at once; at least 2 KiB.
 */
export function openPeer(
  server: string,
  path = "/",
  bufferBytes = 256 * 1024,
): Promise<RawClient> {
  const port = server.split(":")[1];
  return RawClient.open(`ws://127.0.0.1:${port}${path}`, {}, {
    bufferBytes,
    wantedBytes: WANTED_BYTES,
    isPatient: true,
  });
}

/** The next control message of this type. */
export async function hear<T extends RelayMessage["type"]>(
  peer: RawClient,
  type: T,
): Promise<Extract<RelayMessage, { type: T }>> {
  for (;;) {
    const next = await peer.unpinged();
    if (next === null) throw new Error(`Closed before ${type}`);
    if (next.opcode !== OPCODES.text) continue;
    const message = JSON.parse(new TextDecoder().decode(next.payload));
    if (message.type === type) return message;
    if (message.type === "ERROR") throw new Error(message.reason);
  }
}

/** Makes a room and waits in it; at a bare server, `name` is the path. */
export async function openRoom(
  server: string,
  name: string,
): Promise<{ peer: RawClient; room: string }> {
  if (server.startsWith("bare:")) {
    return { peer: await openPeer(server, `/${name}`), room: name };
  }
  const peer = await openPeer(server);
  await peer.say({ type: "CREATE_ROOM", protocol: 2 });
  return { peer, room: (await hear(peer, "ROOM_CREATED")).room_id };
}

/** Comes to who waits in a room. */
export async function joinRoom(
  server: string,
  room: string,
): Promise<RawClient> {
  if (server.startsWith("bare:")) return await openPeer(server, `/${room}`);
  const peer = await openPeer(server);
  await peer.say({ type: "JOIN_ROOM", room_id: room, protocol: 2 });
  await hear(peer, "ROOM_JOINED");
  return peer;
}
