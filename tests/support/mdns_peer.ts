/**
 * A peer that sends what it likes and hears everything: on loopback only.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { multicastDns, type Packet } from "multicast-dns/typed";
import { isPlausible } from "../../lib/discovery/sockets.ts";

const GROUP = "224.0.0.251";

/** Longest wait for a message, in milliseconds. */
const DEADLINE_MS = 60_000;

/** A message in the making; what is left out is empty. */
export type Message = Partial<Packet> & { flags?: number };

/** The bytes of a message, by the codec of the code under test. */
export function encode(message: Message): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const { mdns } = disconnected(resolve);
  if (message.type === "query") mdns.query(message as never);
  else mdns.respond({ answers: [], ...message }, null);
  return promise;
}

/** Reads a datagram as a socket would; `null` when it would drop it. */
export function decode(datagram: Uint8Array): Packet | null {
  if (!isPlausible(datagram)) return null;
  let packet: Packet | null = null;
  const { mdns, socket } = disconnected(() => {});
  mdns.on("packet", (decoded) => packet = decoded);
  socket.emit("message", Buffer.from(datagram), {
    address: "127.0.0.1",
    port: 5353,
  });
  return packet;
}

/** An instance of the library whose socket leads nowhere. */
function disconnected(onSent: (bytes: Uint8Array) => void) {
  const socket = Object.assign(new EventEmitter(), {
    bind: (_port: number, _address: string, done: () => void) => done(),
    send: onSent,
  }) as unknown as Socket;
  const options = { type: "udp4", ip: GROUP, interface: "", bind: "" } as const;
  return { socket, mdns: multicastDns({ ...options, socket }) };
}

/** A socket on loopback; with port 5353 it is in the group. */
export class RawPeer implements Disposable {
  readonly #socket: Socket;
  readonly #heard: Packet[] = [];
  readonly #reactions: ((packet: Packet) => void)[] = [];
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (datagram) => {
      const packet = decode(datagram);
      if (packet === null) return;
      this.#heard.push(packet);
      for (const react of this.#reactions) react(packet);
    });
  }

  /**
   * @param port 5353, or 0 for a free one: that of a plain resolver.
   * @param address Where its messages come from, in 127.0.0.0/8.
   */
  static async open(port: 5353 | 0, address = "127.0.0.1"): Promise<RawPeer> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const bindTo = port === 0 ? address : "0.0.0.0";
    await new Promise<void>((done) => socket.bind(port, bindTo, done));
    socket.setMulticastInterface(address);
    if (port !== 0) socket.addMembership(GROUP, address);
    return new RawPeer(socket);
  }

  /** Sends bytes, or a message, to the group; nothing once it is closed. */
  async send(message: Uint8Array | Message): Promise<void> {
    const bytes = message instanceof Uint8Array
      ? message
      : await encode(message);
    if (this.#isClosed) return;
    await new Promise((sent) => this.#socket.send(bytes, 5353, GROUP, sent));
  }

  /** Calls `reaction` for every message that `isWanted` from now on. */
  on(
    isWanted: (packet: Packet) => boolean,
    reaction: (packet: Packet) => void,
  ): void {
    this.#reactions.push((packet) => {
      if (isWanted(packet)) reaction(packet);
    });
  }

  /** The first message heard since opening that `isWanted`, taken out. */
  async next(isWanted: (packet: Packet) => boolean): Promise<Packet> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    for (;;) {
      const index = this.#heard.findIndex(isWanted);
      if (index >= 0) return this.#heard.splice(index, 1)[0]!;
      await this.#change(deadline);
    }
  }

  #change(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reactions.push(() => resolve());
      deadline.throwIfAborted();
      deadline.onabort = () => reject(deadline.reason);
    });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#socket.close();
  }
}
