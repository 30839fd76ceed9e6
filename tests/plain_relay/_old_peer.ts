/**
 * Peers as the Python version is one: they know plain relays and protocol 1, and send text.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../lib/bytes.ts";
import { GuessLedger } from "../../lib/protocol/handshake/guesses.ts";
import { receiveLegacy, serveLegacy } from "../../lib/protocol/legacy.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { Channel } from "../../lib/transports/channel.ts";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

/** A WebSocket whose text messages are frames: what the other side says, and what it is told. */
export class TextChannel implements Channel {
  readonly peer = "the other side";
  maxFrameBytes = Infinity;
  readonly traffic = { received: 0, sent: 0 };
  readonly #socket: WebSocket;
  readonly #messages: (Bytes | null)[] = [];
  readonly #closed: Promise<void>;
  #arrived = Promise.withResolvers<void>();

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => {
      // The original reads JSON from bytes as well.
      this.#push(typeof data === "string" ? utf8(data) : new Uint8Array(data));
    };
    this.#closed = new Promise((resolve) => {
      this.#socket.onclose = () => resolve(this.#push(null));
    });
    this.#socket.onerror = () => {};
  }

  static async open(url: string): Promise<TextChannel> {
    const channel = new TextChannel(url);
    await new Promise((resolve) => channel.#socket.onopen = resolve);
    return channel;
  }

  #push(message: Bytes | null): void {
    this.#messages.push(message);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }

  send(...parts: Uint8Array[]): Promise<void> {
    const text = parts.map((part) => new TextDecoder().decode(part)).join("");
    this.#socket.send(text);
    return Promise.resolve();
  }

  async receive(): Promise<Bytes | null> {
    while (this.#messages.length === 0) await this.#arrived.promise;
    return this.#messages.shift()!;
  }

  /** The next message, as the JSON that it is; `null` at the end. */
  async said(): Promise<Record<string, unknown> | null> {
    const message = await this.receive();
    return message && JSON.parse(new TextDecoder().decode(message));
  }

  say(word: Record<string, unknown>): Promise<void> {
    return this.send(utf8(JSON.stringify(word)));
  }

  abort(): void {
    this.#socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#closed;
  }
}

/** A sender of protocol 1 in a room; it serves until it is disposed of. */
export class OldSender implements AsyncDisposable {
  /** Guesses that were made, right or wrong. */
  attempts = 0;
  readonly #serving: Promise<void>;

  private constructor(
    readonly roomCode: string,
    private readonly channel: TextChannel,
    document: string,
    passphrase: string,
  ) {
    this.#serving = this.#serve(utf8(document), passphrase);
  }

  static async open(
    url: string,
    document: string,
    passphrase: string,
  ): Promise<OldSender> {
    const channel = await TextChannel.open(url);
    await channel.say({ type: "CREATE_ROOM" });
    const code = String((await channel.said())?.room_id);
    return new OldSender(code, channel, document, passphrase);
  }

  async #serve(document: Bytes, passphrase: string): Promise<void> {
    for (;;) {
      const word = await this.channel.said();
      if (word === null) return;
      if (word.type !== "PEER_JOINED") continue;
      // The original goes on after a receiver that did not keep to protocol 1.
      await this.#meet(document, passphrase).catch(() => {});
    }
  }

  async #meet(document: Bytes, passphrase: string): Promise<void> {
    const hello = await this.channel.receive();
    if (hello === null) return;
    const guesses = new GuessLedger();
    const attempt = guesses.attempt.bind(guesses);
    guesses.attempt = (address, check) => {
      this.attempts++;
      return attempt(address, check);
    };
    const offer = { size: document.length } as Offer;
    const read = async function* () {
      yield document;
    };
    await serveLegacy(this.channel, hello, offer, { read }, {
      passphrase,
      guesses,
      fillRandom,
      confirmed: () => Promise.resolve({ [Symbol.dispose]() {} }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.channel.abort();
    await this.#serving;
  }
}

/**
 * Receives as a receiver of protocol 1 does.
 *
 * @throws {SpreadError} What `receiveLegacy()` throws.
 */
export async function receiveAsOld(
  url: string,
  room: string,
  passphrase: string,
): Promise<string> {
  await using channel = await TextChannel.open(url);
  await channel.say({ type: "JOIN_ROOM", room_id: room });
  await channel.said();
  let text = "";
  const sink = {
    offset: 0,
    write: (piece: Bytes) => void (text += new TextDecoder().decode(piece)),
    finish: () => Promise.resolve(),
  };
  const accept = () => Promise.resolve(sink);
  await receiveLegacy(channel, passphrase, accept, new Date());
  return text;
}
