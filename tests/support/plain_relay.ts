/**
 * A plain relay: one that keeps to the original's specification and knows nothing else, and
 * variants of it that bend or break that specification. Written from the specification alone.
 *
 *     CREATE_ROOM → ROOM_CREATED {room_id}     JOIN_ROOM {room_id} → ROOM_JOINED {room_id}
 *     PEER_JOINED {peer_id}, PEER_DISCONNECTED {peer_id}, ERROR {reason}
 *
 * What comes from one of a pair is forwarded to the other as it came, text or binary.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ServerWebSocket, WebSocketServer } from "ws/typed";

const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

/** How a relay departs from the plainest one. */
export interface Variant {
  /** Codes of rooms, in order; the last one goes on. */
  codes: string[];
  /** Refuses a second receiver instead of letting it wait. */
  isBusy?: boolean;
  /** Tells the sender of a receiver so much later, in milliseconds. */
  joinedLateMs?: number;
  /** Hands on frames once more, after the receiver that they were from, or for, has left. */
  leavesFrames?: boolean;
  /** Hands on text as binary. */
  isBinary?: boolean;
  /** Sends what it forwards back to its sender as well. */
  echoes?: boolean;
  /** Says a word that nobody knows before each message that it forwards. */
  chatters?: boolean;
  /** Brings every receiver at once, and hands on to all of them. */
  isCrowded?: boolean;
  /** Its answer to CREATE_ROOM instead of a room; `null`: nothing. */
  answer?: string | null;
  /** Changes a message that it forwards; `null`: nothing. */
  forwards?: (message: Uint8Array) => Promise<Uint8Array | null>;
  /** The code of the room that it leads a receiver into who names this one. */
  leads?: (code: string) => string;
  /** Says nothing to receivers and lets none in. */
  isClosed?: boolean;
  /** Gives senders a token, as if it could take up rooms again. */
  givesToken?: boolean;
  /** Closes connections that send more than so many bytes in a message, without a word. */
  maxMessageBytes?: number;
}

/** The plainest one: a code with a character that ours never has. */
export const PLAIN: Variant = { codes: ["9vxmod"] };

interface Receiver {
  id: string;
  socket: ServerWebSocket;
}

interface Room {
  sender: ServerWebSocket;
  paired: Receiver[];
  queue: Receiver[];
}

/** A plain relay that listens on loopback. */
export class PlainRelay implements AsyncDisposable {
  readonly #rooms = new Map<string, Room>();
  readonly #sockets = new Set<ServerWebSocket>();
  readonly #http = createServer();
  readonly #webSockets: WebSocketServer;
  readonly #codes: string[];
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  /** The first message of each connection that was forwarded. */
  readonly #first = new Map<ServerWebSocket, Uint8Array>();
  #nextId = 1;
  /** The largest message that it has forwarded, in bytes. */
  largestBytes = 0;
  /** All that it has forwarded, in bytes. */
  forwardedBytes = 0;

  private constructor(private readonly variant: Variant) {
    this.#codes = [...variant.codes];
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: variant.maxMessageBytes ?? MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    this.#http.on("upgrade", (request, socket, head) => {
      this.#webSockets.handleUpgrade(
        request,
        socket,
        head,
        (client) => this.#greet(client),
      );
    });
  }

  static async start(variant: Variant = PLAIN, port = 0): Promise<PlainRelay> {
    const relay = new PlainRelay(variant);
    await new Promise<void>((resolve) =>
      relay.#http.listen(port, "127.0.0.1", resolve)
    );
    return relay;
  }

  /** Rooms that are open. */
  get roomCount(): number {
    return this.#rooms.size;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Cuts every connection, as a network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Cuts the connections of receivers, and leaves senders theirs. */
  cutReceivers(): void {
    for (const { paired } of this.#rooms.values()) {
      for (const { socket } of paired) socket.terminate();
    }
  }

  /** Hands on a message to whoever is paired in the room of this code, whoever it was meant for. */
  inject(code: string, message: Uint8Array | string): void {
    for (const { socket } of this.#rooms.get(code)?.paired ?? []) {
      this.#send(socket, message, typeof message === "string");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.cut();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  #greet(socket: ServerWebSocket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    let take = (data: Buffer, _isText: boolean): void => {
      const { type, room_id } = JSON.parse(data.toString());
      if (type === "CREATE_ROOM") take = this.#create(socket);
      else if (type === "JOIN_ROOM") take = this.#join(socket, room_id);
    };
    socket.on("message", (data, isBinary) => take(data, !isBinary));
  }

  #create(socket: ServerWebSocket): (data: Buffer, isText: boolean) => void {
    const { answer } = this.variant;
    if (answer !== undefined) {
      if (answer !== null) this.#send(socket, answer, true);
      return () => {};
    }
    const code = this.#codes.length > 1
      ? this.#codes.shift()!
      : this.#codes[0]!;
    const room: Room = { sender: socket, paired: [], queue: [] };
    this.#rooms.set(code, room);
    const token = this.variant.givesToken ? { resume_token: "1.a" } : {};
    this.#say(socket, { type: "ROOM_CREATED", room_id: code, ...token });
    socket.on("close", () => {
      if (this.#rooms.get(code) === room) this.#rooms.delete(code);
      for (const receiver of [...room.paired, ...room.queue]) {
        this.#say(receiver.socket, {
          type: "ERROR",
          reason: "sender_disconnected",
        });
        receiver.socket.close(1000);
      }
    });
    return (data, isText) => {
      for (const receiver of room.paired) {
        this.#forward(socket, receiver.socket, data, isText);
      }
    };
  }

  #join(
    socket: ServerWebSocket,
    code: string,
  ): (data: Buffer, isText: boolean) => void {
    const room = this.#rooms.get(this.variant.leads?.(code) ?? code);
    const isTaken = room !== undefined && room.paired.length > 0;
    if (this.variant.isClosed) return () => {};
    const refusal = room === undefined
      ? "room_not_found"
      : isTaken && this.variant.isBusy
      ? "room_busy"
      : null;
    if (room === undefined || refusal !== null) {
      this.#say(socket, { type: "ERROR", reason: refusal });
      socket.close(1000);
      return () => {};
    }
    const receiver = { id: `conn_${this.#nextId++}`, socket };
    room.queue.push(receiver);
    socket.on("close", () => this.#leave(room, code, receiver));
    this.#next(room, code);
    return (data, isText) => {
      if (!room.paired.includes(receiver)) return;
      this.#forward(socket, room.sender, data, isText);
    };
  }

  /** Pairs the sender with whoever is next, if it is free. */
  #next(room: Room, code: string): void {
    if (room.paired.length > 0 && !this.variant.isCrowded) return;
    const receiver = room.queue.shift();
    if (receiver === undefined) return;
    room.paired.push(receiver);
    this.#say(receiver.socket, { type: "ROOM_JOINED", room_id: code });
    const tell = () =>
      this.#say(room.sender, { type: "PEER_JOINED", peer_id: receiver.id });
    const { joinedLateMs } = this.variant;
    if (joinedLateMs === undefined) tell();
    else this.#timers.push(setTimeout(tell, joinedLateMs));
  }

  #leave(room: Room, code: string, receiver: Receiver): void {
    room.queue = room.queue.filter((other) => other !== receiver);
    if (!room.paired.includes(receiver)) return;
    room.paired = room.paired.filter((other) => other !== receiver);
    this.#say(room.sender, {
      type: "PEER_DISCONNECTED",
      peer_id: receiver.id,
    });
    if (this.variant.leavesFrames) {
      this.#send(room.sender, this.#first.get(receiver.socket)!, false);
      this.#next(room, code);
      const stale = this.#first.get(room.sender);
      if (stale !== undefined) this.inject(code, stale);
      return;
    }
    this.#next(room, code);
  }

  #forward(
    from: ServerWebSocket,
    to: ServerWebSocket,
    data: Buffer,
    isText: boolean,
  ): void {
    this.largestBytes = Math.max(this.largestBytes, data.length);
    this.forwardedBytes += data.length;
    if (!this.#first.has(from)) this.#first.set(from, data);
    if (this.variant.chatters) this.#say(to, { type: "STATS", rooms: 1 });
    const { forwards, isBinary } = this.variant;
    const hand = (message: Uint8Array | null) => {
      if (message !== null) this.#send(to, message, isText && !isBinary);
    };
    if (forwards === undefined) hand(data);
    else void forwards(data).then(hand);
    // Not to a receiver of protocol 1, which could not know.
    const isEchoed = this.variant.echoes && !isJson(data);
    if (isEchoed || this.variant.echoes && this.#isSender(from)) {
      this.#send(from, data, isText);
    }
  }

  #isSender(socket: ServerWebSocket): boolean {
    return [...this.#rooms.values()].some(({ sender }) => sender === socket);
  }

  #say(socket: ServerWebSocket, word: Record<string, unknown>): void {
    this.#send(socket, JSON.stringify(word), true);
  }

  #send(
    socket: ServerWebSocket,
    data: Uint8Array | string,
    isText: boolean,
  ): void {
    socket.send(data, { binary: !isText }, () => {});
  }
}

function isJson(data: Uint8Array): boolean {
  return data.toString().trimStart().startsWith("{");
}
